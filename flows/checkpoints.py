"""What a job has found so far: known again when it goes on, removed when nobody needs it."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.filesystems import LocalFileSystem
from prefect.results import get_result_store

from tasks.checkpoints import Checkpoints, folder_of
from tasks.resuming import KEPT_FOR
from timetabling.problem import Problem, Timetable
from tracking.hooks import job_id_of

__all__ = ["checkpoints_of", "clean", "digest", "forget"]

RESULTS_VERSION = 7
"""To be raised when a solver comes to give another timetable for the same seed."""


def checkpoints_of(job_id: str, begun: Timetable, **parameters: object) -> Checkpoints:
    """Say where a job's results are kept, and which of those that lie there are still its own.

    Parameters
    ----------
    begun
        What the search starts from; its problem counts as well.
    parameters
        All else that the results depend on.
    """
    content = (
        version("horarium"),
        RESULTS_VERSION,
        _content(begun.problem),
        begun.lectures,
        sorted(parameters.items()),
    )
    return Checkpoints(job_id, digest(content))


def digest(content: object) -> str:
    """Know the same content again, in every process; sets in it have to be put in order before."""
    return hashlib.sha256(repr(content).encode()).hexdigest()[:32]


def forget(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
    """Remove what was kept of a job: a hook for the completion of its flow.

    Prefect deletes nothing in a storage that is not a folder of this machine: there the storage
    has to.
    """
    store: Any = get_result_store()  # or a coroutine, for Prefect's types
    storage = store.update_for_flow(flow, _sync=True).result_storage
    if isinstance(storage, LocalFileSystem):
        clean(Path(storage.basepath or ".").expanduser(), job_id_of(flow_run))


def clean(storage: Path, job_id: str) -> None:
    """Remove what was kept of a job, and of others that have not gone on in time."""
    shutil.rmtree(storage / folder_of(job_id), ignore_errors=True)
    oldest = time.time() - KEPT_FOR.total_seconds()
    for folder in storage.glob(folder_of("*")):
        if max(part.stat().st_mtime for part in (folder, *folder.iterdir())) < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def _content(problem: Problem) -> list[tuple[str, object]]:
    """All of a problem, the same for the same one in every process: sets have no order."""
    values = ((field.name, getattr(problem, field.name)) for field in fields(problem))
    return [
        # By their text: a pin without a period has no order among those with one.
        (name, sorted(value, key=repr) if isinstance(value, frozenset) else value)
        for name, value in values
    ]
