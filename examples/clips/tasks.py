"""The stages as Prefect tasks: call what does the work, and count its units."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypedDict

import httpx
from prefect import Task, task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun

from examples.clips import hearing, movie, scenes
from examples.clips.clip import Clip, Span, Utterance
from tracking.hooks import current_reporter

__all__ = [
    "check",
    "cut",
    "deliver",
    "download",
    "extract_sound",
    "find_scenes",
    "find_speech",
    "look_up",
    "store",
    "transcribe",
]

_CHUNK_BYTES = 32 * 1024


class _TaskOptions(TypedDict):
    retries: int
    retry_delay_seconds: list[float]
    retry_condition_fn: Callable[[Task[..., Any], TaskRun, State[Any]], bool]
    cache_policy: CachePolicy


def _worth_retrying(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001
    """A network or a disk may work the next time; a file that is no video will not become one."""
    return isinstance(state.data, (OSError, httpx.TransportError)) and not isinstance(
        state.data, (FileNotFoundError, PermissionError)
    )


_RETRYING = _TaskOptions(
    retries=2,
    retry_delay_seconds=[0.2, 2.0],
    retry_condition_fn=_worth_retrying,
    cache_policy=NO_CACHE,
)


@task(task_run_name="look at {url}", **_RETRYING)
def look_up(url: str) -> float:
    """How long the video at an address is, in seconds."""
    return movie.probe(url).seconds


@task(task_run_name="fetch {url}", **_RETRYING)
def download(url: str, target: Path) -> None:
    """Fetch the video into a file; one byte is one unit of work."""
    reporter = current_reporter()
    with httpx.stream("GET", url) as response, target.open("wb") as file:
        response.raise_for_status()
        num_bytes = int(response.headers.get("Content-Length", 0))
        for chunk in response.iter_bytes(_CHUNK_BYTES):
            file.write(chunk)
            reporter.update_stage_progress(file.tell(), num_bytes)


@task(task_run_name="check {video.name}", **_RETRYING)
def check(video: Path) -> movie.Movie:
    """Refuse what has no pictures or no sound."""
    found = movie.probe(video)
    if not found.has_sound:
        raise ValueError(f"{video.name}: expected a video with sound, got one without")
    return found


@task(task_run_name="store {video.name}", **_RETRYING)
def store(video: Path, folder: Path) -> None:
    """Keep the original beside the clips."""
    shutil.copyfile(video, folder / video.name)


@task(task_run_name="take out the sound", **_RETRYING)
def extract_sound(video: Path, target: Path) -> None:
    """Write the sound to a file."""
    movie.extract_sound(video, target)


@task(task_run_name="find who speaks when", **_RETRYING)
def find_speech(sound: Path) -> list[Span]:
    """Find the times at which somebody speaks."""
    return hearing.find_speech(movie.read_sound(sound))


@task(task_run_name="write down what is said", **_RETRYING)
def transcribe(sound: Path, spans: list[Span]) -> list[Utterance]:
    """Turn speech into text; one utterance is one unit of work."""
    reporter = current_reporter()
    return hearing.transcribe(
        movie.read_sound(sound),
        spans,
        lambda done: reporter.update_stage_progress(done, len(spans)),
    )


@task(task_run_name="find the scenes", **_RETRYING)
def find_scenes(video: Path) -> list[Span]:
    """Find the scenes; one frame is one unit of work."""
    return scenes.find_scenes(video, current_reporter().update_stage_progress)


@task(task_run_name="cut {clip.name}", **_RETRYING)
def cut(clip: Clip, video: Path, folder: Path) -> None:
    """Cut one clip, which is one unit of work; several run side by side."""
    movie.cut(video, folder / clip.name, clip.span)
    # Once however often it was tried: this line is reached a single time.
    current_reporter().advance()


@task(task_run_name="deliver {folder.name}", **_RETRYING)
def deliver(clips: list[Clip], work: Path, folder: Path) -> None:
    """Put the clips where they are wanted, one a unit of work, then the list of them."""
    reporter = current_reporter()
    for done, clip in enumerate(clips, start=1):
        shutil.copyfile(work / clip.name, folder / clip.name)
        reporter.update_stage_progress(done, len(clips))
    listed = [{"file": clip.name, **asdict(clip.span), "text": clip.text} for clip in clips]
    (folder / "clips.json").write_text(json.dumps(listed, indent=2) + "\n", encoding="utf-8")
