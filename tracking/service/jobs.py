"""Jobs: started, listed, looked at, finished and cancelled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from prefect.client.schemas.objects import FlowRun
from pydantic import BaseModel

from tracking.service.access import CREDENTIALS, Caller, known_caller, owner_of
from tracking.service.documents import JobStatus
from tracking.service.instance_files import keep_uploads
from tracking.service.instances import check
from tracking.service.job_documents import Job, JobList, Links, job_document, status_now
from tracking.service.orders import FILES, ORDER_FORM, ordered
from tracking.service.prefect_runs import known_as
from tracking.service.problems import Problem, problem_responses
from tracking.service.redis_jobs import redis_unavailable
from tracking.service.service import service_of
from tracking.snapshot import ENDS, Snapshot, Status

__all__ = ["router"]

router = APIRouter(prefix="/api/generation-jobs", tags=["jobs"], dependencies=CREDENTIALS)

Owner = Annotated[Caller, Depends(owner_of)]

_OF_ONE_JOB = problem_responses(401, 403, 404, 429, 503)


class Started(BaseModel):
    """A job that was started."""

    job_id: str
    status: Literal["queued"] = "queued"
    links: Links


class Asked(BaseModel):
    """A job that was asked to end, and how it stands."""

    job_id: str
    status: JobStatus


@router.post(
    "/generate/",
    status_code=202,
    openapi_extra=ORDER_FORM,
    responses=problem_responses(400, 401, 403, 408, 413, 415, 422, 429, 502, 503, 507),
)
async def generate(
    request: Request,
    response: Response,
    caller: Annotated[Caller, Depends(known_caller)],
    idempotency_key: Annotated[str, Header(max_length=255)] = "",
) -> Started:
    """Start a job; one and the same where the ``Idempotency-Key`` is one that was sent before."""
    async with ordered(request, caller) as what:
        errors = (await check(request, what)).errors
        if errors:
            raise Problem(422, "invalid-instance", "; ".join(errors[:3]), errors=errors)
        parameters = what.parameters()
        run = await service_of(request).prefect.start(
            caller.name, parameters, idempotency_key=idempotency_key
        )
        job_id = str(run.id)
        # The run's own: with a key that was sent before, it has the files that were sent then.
        given = (run.parameters.get(name) for name in FILES)
        files = [Path(str(file)) for file in given if file]
        folder = service_of(request).settings.data_folder
        await to_thread.run_sync(keep_uploads, files, folder, job_id)
    started = Started(job_id=job_id, links=Links.of(job_id))
    response.headers["Location"] = started.links.self
    return started


@router.get("/", responses=problem_responses(401, 422, 429, 503))
async def list_jobs(
    request: Request,
    caller: Annotated[Caller, Depends(known_caller)],
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JobList:
    """List one's own jobs, newest first; administrators see everybody's.

    A job that was given an id of its own has that for as long as Redis knows it, then its run's.
    """
    owner = None if caller.is_admin else caller.name
    runs, total = await service_of(request).prefect.runs(owner, limit=limit, offset=offset)
    known = await service_of(request).redis.snapshots([known_as(run) for run in runs]) or {}
    # Of runs with one id, it is the job of the last.
    seen = {told["run_id"] or told["job_id"]: told for told in known.values()}
    folder = service_of(request).settings.data_folder

    def put_together() -> list[Job]:
        told = [(run, seen.get(str(run.id))) for run in runs]
        return [
            job_document(known_as(run) if snapshot else str(run.id), run, snapshot, folder)
            for run, snapshot in told
        ]

    return JobList(jobs=await to_thread.run_sync(put_together), total=total)


@router.get("/{job_id}/", responses=_OF_ONE_JOB)
async def read_job(request: Request, job_id: str, _owner: Owner) -> Job:
    """Say how a job stands."""
    run, seen = await _find(request, job_id)
    folder = service_of(request).settings.data_folder
    return await to_thread.run_sync(job_document, job_id, run, seen, folder)


@router.delete(
    "/{job_id}/cancel/",
    status_code=202,
    responses=_OF_ONE_JOB | problem_responses(409),
)
async def cancel_job(request: Request, job_id: str, _owner: Owner) -> Asked:
    """Cancel a job. It ends as cancelled, and leaves the best timetable that it has found."""
    run, seen = await _find(request, job_id)
    status = _not_ended(run, seen)
    asked = seen is not None and await service_of(request).redis.request(job_id, "cancel")
    try:
        run_id = job_id if run is None else str(run.id)
        status = await service_of(request).prefect.cancel(run_id) or status
    except Problem:
        if not asked:
            raise
    return Asked(job_id=job_id, status=status)


@router.post(
    "/{job_id}/finish/",
    status_code=202,
    responses=_OF_ONE_JOB | problem_responses(409),
)
async def finish_job(request: Request, job_id: str, _owner: Owner) -> Asked:
    """Have a job stop searching, and publish the best timetable that it has found."""
    status = _not_ended(*await _find(request, job_id))
    if status == "queued":
        raise Problem(409, "not-started", "the job has not begun: it can be cancelled")
    if not await service_of(request).redis.request(job_id, "finish"):
        raise redis_unavailable()  # the job is asked there
    return Asked(job_id=job_id, status=status)


async def _find(request: Request, job_id: str) -> tuple[FlowRun | None, Snapshot | None]:
    """What Prefect and Redis know of a job: one of them does.

    Raises
    ------
    Problem
        404, if neither does; 503, if one does not answer and the other knows nothing.
    """
    found = await service_of(request).redis.snapshots([job_id])
    seen = (found or {}).get(job_id)
    try:
        run = await service_of(request).prefect.run((seen and seen["run_id"]) or job_id)
    except Problem:
        if seen is None:
            raise
        run = None
    if run is None and found is None:
        raise redis_unavailable()
    if run is None and seen is None:
        raise Problem(404, "no-such-job", "there is no job of this id, or not any more")
    return run, seen


def _not_ended(run: FlowRun | None, seen: Snapshot | None) -> Status:
    status = status_now(run, seen)
    if status in ENDS:
        raise Problem(409, "ended", f"the job has ended: it is {status}", job_status=status)
    return status
