"""What counts finished units, here and elsewhere, each told in its own way of one unit more."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count, repeat
from pathlib import Path
from typing import Any

import httpx
from celery import Celery
from celery_progress.backend import Progress as CeleryProgress
from celery_progress.backend import ProgressRecorder
from docket import Docket
from docket._execution_progress import ExecutionProgress
from prefect.artifacts import update_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_SERVER_DATABASE_CONNECTION_URL,
    temporary_settings,
)
from redis import Redis
from rich.console import Console
from rich.progress import Progress as RichProgress
from tqdm import tqdm

from flows.server import prefect_server
from tracking.plan import DEFAULT
from tracking.reporter import Reporter

__all__ = ["COUNTERS", "Counter"]

_MANY = 1_000_000_000
_JOB = "benchmark"

Advance = Callable[[int], None]


@dataclass(frozen=True)
class Counter:
    """A counter that several threads may share.

    Parameters
    ----------
    updates
        Enough of them to measure, in one thread.
    hand
        What a thread enters to count; gives a call that tells of so many units, one by one.
    counted
        What readers see once all is told.
    """

    updates: int
    hand: Callable[[], AbstractContextManager[Advance]]
    counted: Callable[[], int]


@contextmanager
def horarium(redis_url: str) -> Iterator[Counter]:
    """A unit of a job that is being published."""
    reporter = Reporter(_JOB, DEFAULT, redis_url)
    reporter.start()
    reporter.start_stage("cpsat_solving")
    unit = reporter.unit("unit")
    unit.update_stage_progress(0, _MANY)

    def advance(updates: int) -> None:
        tell = unit.advance
        for _ in repeat(None, updates):
            tell()

    yield Counter(300_000, lambda: nullcontext(advance), lambda: unit.completed)
    reporter.mark_cancelled()


@contextmanager
def tqdm_bar(_: str) -> Iterator[Counter]:
    """A tqdm bar with its default settings."""
    with Path(os.devnull).open("w") as nowhere, tqdm(total=_MANY, file=nowhere) as bar:

        def advance(updates: int) -> None:
            tell = bar.update
            for _ in repeat(None, updates):
                tell()

        yield Counter(300_000, lambda: nullcontext(advance), lambda: int(bar.n))


@contextmanager
def rich_bar(_: str) -> Iterator[Counter]:
    """A bar of rich, drawn as on a terminal."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(file=nowhere, force_terminal=True, width=100)
        with RichProgress(console=console) as progress:
            task = progress.add_task("work", total=_MANY)

            def advance(updates: int) -> None:
                tell = progress.advance
                for _ in repeat(None, updates):
                    tell(task)

            yield Counter(
                10_000, lambda: nullcontext(advance), lambda: int(progress.tasks[0].completed)
            )


@contextmanager
def docket_increment(redis_url: str) -> Iterator[Counter]:
    """Progress of a docket execution. A thread has a loop and a docket of its own."""
    key = ""

    @contextmanager
    def hand() -> Iterator[Advance]:
        nonlocal key
        with asyncio.Runner() as runner:
            docket = Docket(name=_JOB, url=redis_url)
            runner.run(docket.__aenter__())
            progress = ExecutionProgress(docket, _JOB)
            key = docket.key(f"progress:{_JOB}")

            async def advance(updates: int) -> None:
                tell = progress.increment
                for _ in repeat(None, updates):
                    await tell()

            try:
                yield lambda updates: runner.run(advance(updates))
            finally:
                runner.run(docket.__aexit__(None, None, None))

    def counted() -> int:
        with Redis.from_url(redis_url) as client:
            value: Any = client.hget(key, "current")
            return int(value)

    yield Counter(500, hand, counted)


@contextmanager
def celery_progress(redis_url: str) -> Iterator[Counter]:
    """celery-progress' recorder, with Redis as result backend.

    It has no counter to share: each update sets the next number.
    """
    app = Celery(_JOB, broker="memory://", backend=redis_url)

    def solve(_: object) -> None:
        """Tell what the thread that holds its request tells."""

    task: Any = app.task(bind=True)(solve)
    numbers = count(1)

    @contextmanager
    def hand() -> Iterator[Advance]:
        task.push_request(id=_JOB)  # as in a worker; each thread has its own requests
        recorder = ProgressRecorder(task)

        def advance(updates: int) -> None:
            tell = recorder.set_progress
            for _ in repeat(None, updates):
                tell(next(numbers), _MANY)

        try:
            yield advance
        finally:
            task.pop_request()

    def counted() -> int:
        return int(CeleryProgress(app.AsyncResult(_JOB)).get_info()["progress"]["current"])

    yield Counter(500, hand, counted)
    app.close()


@contextmanager
def prefect_artifact(_: str) -> Iterator[Counter]:
    """Prefect's progress artifact, on a server with a database of its own.

    It has no counter to share: each update sets the next percentage.
    """
    with tempfile.TemporaryDirectory(prefix="horarium-benchmark-") as folder:
        database = f"sqlite+aiosqlite:///{folder}/prefect.db"
        with (
            temporary_settings(
                {PREFECT_SERVER_DATABASE_CONNECTION_URL: database},
                restore_defaults={PREFECT_API_URL},
            ),
            prefect_server() as wait,
        ):
            wait()
            url = PREFECT_API_URL.value()
            with get_client(sync_client=True) as client:
                artifact = client.create_artifact(ArtifactCreate(type="progress", data=0.0)).id
            numbers = count(1)

            def advance(updates: int) -> None:
                for _ in repeat(None, updates):
                    update_progress_artifact(artifact, 100 * next(numbers) / _MANY)

            @contextmanager
            def hand() -> Iterator[Advance]:
                with temporary_settings({PREFECT_API_URL: url}):  # no thread inherits it
                    yield advance

            def counted() -> int:
                shown: float = httpx.get(f"{url}/artifacts/{artifact}").json()["data"]
                return round(shown * _MANY / 100)

            yield Counter(10, hand, counted)


COUNTERS: dict[str, Callable[[str], AbstractContextManager[Counter]]] = {
    "Horarium, Unit.advance": horarium,
    "tqdm, update": tqdm_bar,
    "rich, Progress.advance": rich_bar,
    "docket, increment": docket_increment,
    "celery-progress, set_progress": celery_progress,
    "Prefect, update_progress_artifact": prefect_artifact,
}
"""By name; each is given the URL of a Redis."""
