"""The flow: a video at an address becomes clips in a folder, one a scene, with what is said."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, unmapped
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from pydantic import Field

from examples.clips import tasks
from examples.clips.clip import Clip, plan_clips
from examples.clips.plan import PLAN, ClipStage, expected_seconds
from examples.clips.updates import Updates
from tracking.hooks import current_reporter, tracked

__all__ = ["clips"]

_TWO_AT_A_TIME: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=2)


@flow(name="clips", task_runner=_TWO_AT_A_TIME, **tracked(PLAN))
def clips(
    url: Annotated[str, Field(description="Where the video is, http or https")],
    output: Annotated[Path, Field(description="Folder for the clips")],
    job_id: Annotated[  # read by the hooks; the flow run's id unless given  # noqa: ARG001
        str | None, Field(description="Name under which progress is published")
    ] = None,
) -> list[Clip]:
    """Cut a video into clips and write down what is said in each.

    Raises
    ------
    ValueError
        If what is at the address is no video with sound.
    """
    reporter = current_reporter()
    updates = Updates(reporter)

    updates.to_stage(ClipStage.QUEUED)
    reporter.expect(expected_seconds(tasks.look_up(url)))
    output.mkdir(parents=True, exist_ok=True)

    with tempfile.TemporaryDirectory(prefix="horarium-clips-") as folder:
        work = Path(folder)
        video, sound = work / "original.mp4", work / "sound.wav"

        updates.to_stage(ClipStage.DOWNLOADING)
        tasks.download(url, video)
        updates.to_status("DOWNLOADED")
        movie = tasks.check(video)
        reporter.expect(expected_seconds(movie.seconds))
        updates.to_stage(ClipStage.UPLOADING)
        tasks.store(video, output)

        updates.to_stage(ClipStage.PROCESSING_STARTED)
        tasks.extract_sound(video, sound)
        updates.to_percent(22.5, "the sound is out")
        spans = tasks.find_speech(sound)
        updates.to_stage(ClipStage.TRANSCRIBING, f"{len(spans)} times somebody speaks")
        said = tasks.transcribe(sound, spans)
        updates.to_stage(ClipStage.ANALYZING)
        found = plan_clips(tasks.find_scenes(video), said)

        updates.to_stage(ClipStage.PROCESSING)
        updates.within(0, len(found), f"{len(found)} scenes")
        tasks.cut.map(found, unmapped(video), unmapped(work)).result()
        # What is switched off is left out here: the next stage's start counts it as done.
        updates.to_stage(ClipStage.UPLOADING_CLIPS)
        tasks.deliver(found, work, output)
    return found
