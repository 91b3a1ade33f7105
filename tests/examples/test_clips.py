"""A video that is made, served, fetched and cut by a real flow, listened to from outside."""

# ruff: noqa: E402 - without the packages of the extra, this file is skipped before it needs them

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prefect.testing.utilities import prefect_test_harness

from tracking.embedded import embedded_redis
from tracking.testing import Recorder

for package in ("av", "espeakng_loader", "pocketsphinx", "scenedetect"):
    pytest.importorskip(package, reason=f"no {package}: pip install 'horarium[clips]'")

import av

from examples.clips.__main__ import main
from examples.clips.clip import Clip
from examples.clips.flow import clips
from examples.clips.plan import PLAN, SWITCHED_OFF
from examples.clips.progress_info import ProgressInfo
from examples.clips.server import QuietHandler, served
from examples.clips.storyboard import STORY, generate

pytestmark = pytest.mark.slow


class Interrupting(QuietHandler):
    """Breaks off the first download half-way, and none after it."""

    downloads = 0

    def do_GET(self) -> None:  # noqa: N802 - the server calls it by this name
        """Serve a file; the flow's own client is told from the one that reads the header."""
        if "httpx" not in self.headers["User-Agent"]:
            super().do_GET()
            return
        type(self).downloads += 1
        if type(self).downloads > 1:
            super().do_GET()
            return
        content = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.close_connection = True


@dataclass(frozen=True)
class Run:
    """A finished run, and everything it said."""

    made: list[Clip]
    folder: Path
    video_seconds: float
    downloads: int
    events: list[dict[str, Any]]
    broken_rules: list[str]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """A Redis that the flows of this module publish to, with a Prefect server beside it."""
    with (
        embedded_redis() as url,
        pytest.MonkeyPatch.context() as environment,
        prefect_test_harness(server_startup_timeout=240),
    ):
        environment.setenv("HORARIUM_REDIS_URL", url)
        yield url


@pytest.fixture(scope="module")
def run(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run, whose first download breaks off."""
    served_folder, output = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("clips")
    seconds = generate(served_folder / "talk.mp4")
    with served(served_folder, Interrupting) as address, Recorder(redis_url, "clips") as recorder:
        made = clips(f"{address}/talk.mp4", output, "clips")
        recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
        events = [snapshot for _, snapshot in recorder.events]
        broken_rules = recorder.broken_rules(PLAN)
    return Run(made, output, seconds, Interrupting.downloads, events, broken_rules)


def test_its_progress_keeps_every_rule(run: Run) -> None:
    assert run.broken_rules == []


def test_every_stage_is_seen_in_order(run: Run) -> None:
    seen = list(dict.fromkeys(snapshot["stage"] for snapshot in run.events))
    assert seen == [stage.id for stage in PLAN.stages]


def test_what_is_switched_off_is_shown_as_done(run: Run) -> None:
    for stage in SWITCHED_OFF:
        shown = [snapshot for snapshot in run.events if snapshot["stage"] == stage]
        assert max(snapshot["stage_progress"] for snapshot in shown) == 100
        assert all("left out" in snapshot["stage_label"] for snapshot in shown)


def test_the_bar_moves_on_while_a_unit_is_in_work(run: Run) -> None:
    transcribing = [snapshot for snapshot in run.events if snapshot["stage"] == "transcribing"]
    assert any(s["overall_progress"] > s["work_progress"] for s in transcribing)


def test_every_snapshot_is_a_valid_record(run: Run) -> None:
    records = [ProgressInfo.of(snapshot) for snapshot in run.events]
    assert (records[-1].stage, records[-1].percent) == ("completed", 100)


def test_a_download_that_breaks_off_is_tried_again_within_the_same_attempt(run: Run) -> None:
    assert run.downloads == 2
    assert {snapshot["attempt"] for snapshot in run.events} == {1}
    original = (run.folder / "original.mp4").stat().st_size
    counted = [s["metadata"]["completed_items"] for s in run.events if s["stage"] == "downloading"]
    assert max(counted) <= original


def test_there_is_a_clip_for_every_scene(run: Run) -> None:
    assert len(run.made) == len(STORY)
    assert sorted(path.name for path in run.folder.glob("clip-*.mp4")) == [
        clip.name for clip in run.made
    ]
    assert sum(clip.span.seconds for clip in run.made) == pytest.approx(run.video_seconds, abs=0.1)


def test_every_clip_plays_for_as_long_as_its_scene(run: Run) -> None:
    for clip in run.made:
        with av.open(run.folder / clip.name) as container:
            num_pictures = sum(1 for _ in container.decode(video=0))
        with av.open(run.folder / clip.name) as container:
            num_samples = sum(frame.samples for frame in container.decode(audio=0))
            sound_seconds = num_samples / container.streams.audio[0].rate
        assert num_pictures == round(25 * clip.span.seconds)
        assert sound_seconds == pytest.approx(clip.span.seconds, abs=0.2)


def test_most_words_are_heard_in_the_scene_they_are_said_in(run: Run) -> None:
    spoken = heard = 0
    for scene, clip in zip(STORY, run.made, strict=True):
        spoken += len(scene.sentence.split())
        heard += (Counter(scene.sentence.split()) & Counter(clip.text.split())).total()
    assert heard > 0.7 * spoken


def test_the_clips_are_listed_beside_them(run: Run) -> None:
    listed = json.loads((run.folder / "clips.json").read_text(encoding="utf-8"))
    assert [(item["file"], item["text"]) for item in listed] == [
        (clip.name, clip.text) for clip in run.made
    ]


def test_what_is_no_video_fails_the_job_with_a_reason_and_leaves_nothing(
    redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "talk.mp4").write_text("no video at all")
    output = tmp_path / "clips"
    with served(tmp_path) as address, Recorder(redis_url, "no-video") as recorder:
        state: Any = clips(f"{address}/talk.mp4", output, "no-video", return_state=True)
        last = recorder.wait_for(lambda snapshot: snapshot["status"] == "failed")
        assert recorder.broken_rules(PLAN) == []
    assert state.is_failed()
    assert "expected a video, got something else" in last["metadata"]["error"]
    assert not output.exists()


@pytest.mark.usefixtures("redis_url")
def test_the_command_prints_progress_and_what_was_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--output", str(tmp_path / "clips")])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("100.00 %  completed") for line in lines)
    assert any("transcribing" in line for line in lines)
    made = lines.index(f"made 5 clips in {tmp_path}/clips, listed in {tmp_path}/clips/clips.json:")
    assert [line.split()[0] for line in lines[made + 1 :]] == [
        path.name for path in sorted((tmp_path / "clips").glob("clip-*.mp4"))
    ]
