"""A job as the service tells it: put together from Prefect's run, Redis' snapshot and its files."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect.client.schemas.objects import FlowRun
from pydantic import BaseModel, Field, ValidationError

from tracking.job_files import DOCUMENT, files_of
from tracking.service.documents import JobStatus, SnapshotDocument
from tracking.service.prefect_runs import instance_of, owner_of, snapshot_of, status_of, unix
from tracking.snapshot import ENDS, Snapshot, Status

__all__ = ["Job", "JobList", "JobResult", "Links", "job_document", "status_now"]

_FIGURES = ("cost", "violations", "bound")


class Links(BaseModel):
    """Where to go on from a job; paths of this service."""

    self: str
    progress: str
    stream: str
    ws: str
    cancel: str
    finish: str
    timetable: str
    files: str
    page: str

    @classmethod
    def of(cls, job_id: str) -> Links:
        """Those of one job."""
        job, stream = f"/api/generation-jobs/{job_id}/", "/api/generation"
        return cls(
            self=job,
            progress=f"{stream}/progress/{job_id}/",
            stream=f"{stream}/stream/{job_id}/",
            ws=f"{stream}/ws/{job_id}/",
            cancel=f"{job}cancel/",
            finish=f"{job}finish/",
            timetable=f"{job}timetable/",
            files=f"{job}files/",
            page=f"/jobs/{job_id}",
        )


class Parameters(BaseModel):
    """What a job was told to do; null is what nobody said, or nobody knows any more."""

    formulation: str | None = None
    weights: dict[str, int] | None = None
    time_limit_seconds: float | None = None
    plan: str | None = None
    seed: int | None = None


class JobResult(BaseModel):
    """How good a timetable is."""

    cost: float | None = None
    violations: float | None = None
    bound: float | None = Field(default=None, description="No timetable costs less")


class Job(BaseModel):
    """A job; times are Unix seconds."""

    job_id: str
    instance: str | None
    owner: str | None
    status: JobStatus
    created_at: int | None
    started_at: int | None
    ended_at: int | None
    parameters: Parameters
    progress: SnapshotDocument | None  # type: ignore[valid-type]
    result: JobResult | None
    links: Links


class JobList(BaseModel):
    """Some jobs, newest first, and how many there are in all."""

    jobs: list[Job]
    total: int


def status_now(run: FlowRun | None, seen: Snapshot | None) -> Status:
    """The status of a job: what its process said last, unless Prefect knows that it has ended.

    A process that was killed says nothing any more.
    """
    told = None if run is None else status_of(run.state)
    if seen is not None and (told not in ENDS or seen["status"] in ENDS):
        return seen["status"]
    return told or "queued"


def job_document(job_id: str, run: FlowRun | None, seen: Snapshot | None, data_folder: Path) -> Job:
    """Put a job together; one of the first two is there."""
    status = status_now(run, seen)
    given = {} if run is None else run.parameters
    started = (run and unix(run.start_time)) or (seen["started_at"] if seen else None)
    ended = (run and unix(run.end_time)) or (seen["last_updated"] if seen else None)
    return Job(
        job_id=job_id,
        instance=None if run is None else instance_of(run),
        owner=None if run is None else owner_of(run),
        status=status,
        created_at=None if run is None else unix(run.created),
        started_at=started,
        ended_at=ended if status in ENDS else None,
        parameters=_parameters(given),
        progress=seen or (snapshot_of(run, time.time()) if run else None),
        result=_result(job_id, seen, data_folder) if status in ENDS else None,
        links=Links.of(job_id),
    )


def _parameters(given: Mapping[str, Any]) -> Parameters:
    """What a run was told, as far as it is that: another flow's parameters may have these names."""
    try:
        return Parameters(**{name: given.get(name) for name in Parameters.model_fields})
    except ValidationError:
        return Parameters()


def _result(job_id: str, seen: Snapshot | None, data_folder: Path) -> JobResult | None:
    """How good the timetable is, by the file that was written, else by what was said last."""
    file = files_of(data_folder, job_id).get(DOCUMENT)
    if file is not None:
        return _of_file(file, file.stat().st_mtime_ns)
    figures = seen["metadata"] if seen else {}
    found = {name: figures[name] for name in _FIGURES if name in figures}
    return JobResult(**found) if found else None


@functools.lru_cache(maxsize=1000)
def _of_file(file: Path, _changed: int) -> JobResult | None:
    """The same; a list of jobs reads no file twice."""
    try:
        found = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    return JobResult(**{name: found.get(name) for name in _FIGURES})
