"""Stages of a plan, and a job's progress in short."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from tracking.plan import DEFAULT, plan
from tracking.service.access import CREDENTIALS, Caller, known_caller, viewer_of
from tracking.service.documents import CompactStatus, PipelineStage
from tracking.service.problems import Problem, problem_responses
from tracking.service.streams import look

__all__ = ["router"]

router = APIRouter(tags=["progress"], dependencies=CREDENTIALS)


class StageDefinitions(BaseModel):
    """The stages of a plan, in the order they run."""

    plan: str
    stages: list[PipelineStage]


@router.get("/api/stages", responses=problem_responses(401, 422, 429))
async def list_stages(
    _caller: Annotated[Caller, Depends(known_caller)],
    name: Annotated[str, Query(alias="plan", max_length=100)] = DEFAULT.name,
) -> StageDefinitions:
    """List the stages of a plan with their percentages.

    A job's snapshots list its own, whatever its flow, and where learned weights place them.
    """
    try:
        found = plan(name)
    except ValueError as error:
        raise Problem(422, "unknown-plan", str(error)) from None
    return StageDefinitions(
        plan=found.name,
        stages=[PipelineStage(**place) for place in found.places],
    )


@router.get("/api/status/{job_id}", responses=problem_responses(401, 403, 404, 429, 503))
@router.get("/status/{job_id}", include_in_schema=False)
async def show_status(
    request: Request,
    response: Response,
    job_id: str,
    _caller: Annotated[Caller, Depends(viewer_of)],
) -> CompactStatus:
    """How far a job is, in short."""
    snapshot = await look(request, job_id)
    response.headers["cache-control"] = "no-store"
    return CompactStatus(**{k: snapshot[k] for k in CompactStatus.model_fields if k in snapshot})
