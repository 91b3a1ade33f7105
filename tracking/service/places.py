"""Why a lecture is where it is: what each other place of the week would cost it.

How that is reckoned, the application is told when it is made: this side knows no timetables.
"""

from __future__ import annotations

from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from tracking.job_files import DOCUMENT, files_of
from tracking.service.access import CREDENTIALS, Caller, owner_of
from tracking.service.problems import Problem, problem_responses
from tracking.service.service import service_of

__all__ = ["router"]

_AT_ONCE = 2  # it computes: more of it at once would only keep streams waiting

router = APIRouter(tags=["results"], dependencies=CREDENTIALS)


class RuleChange(BaseModel):
    """How much more a rule costs, or less."""

    rule: str
    cost: int


class Obstacle(BaseModel):
    """A hard rule that would be broken, or `pins`, in words."""

    rule: str
    text: str


class Exchange(BaseModel):
    """Changing places with a lecture of another course: what both together cost more, or less."""

    course: str
    cost: int
    violations: int
    rules: list[RuleChange]


class RoomPlace(BaseModel):
    """A room at a period: what the lecture would cost more there, or less; free without blockers"""

    room: int
    cost: int
    violations: int
    rules: list[RuleChange]
    blockers: list[Obstacle]
    swap: Exchange | None


class PeriodPlaces(BaseModel):
    """A period of the week: what blocks it in every room; else its rooms, the cheapest first."""

    day: int
    period: int = Field(description="Of the day")
    blockers: list[Obstacle]
    places: list[RoomPlace]


class OtherPlaces(BaseModel):
    """A lecture where it is, and all other places; rooms are told by their place in the list."""

    course: str
    day: int
    period: int = Field(description="Of the day")
    room: int
    formulation: str
    verdict: str
    periods: list[PeriodPlaces]


@router.get(
    "/api/generation-jobs/{job_id}/places/",
    responses=problem_responses(401, 403, 404, 409, 422, 429, 503),
)
async def read_places(
    request: Request,
    job_id: str,
    _owner: Annotated[Caller, Depends(owner_of)],
    course: Annotated[str, Query(min_length=1, max_length=1000, description="Its name")],
    day: Annotated[int, Query(ge=0, le=1000, description="From 0")],
    period: Annotated[int, Query(ge=0, le=1000, description="Of the day, from 0")],
) -> OtherPlaces:
    """Say what each other place would cost a lecture of the timetable, and what blocks it."""
    weigh = service_of(request).weigh
    file = files_of(service_of(request).settings.data_folder, job_id).get(DOCUMENT)
    if file is None or weigh is None:
        raise Problem(404, "no-timetable", "the job has made no timetable yet")
    try:
        found = await to_thread.run_sync(
            weigh, file, course, day, period, limiter=_limiter_of(request)
        )
    except LookupError as error:
        raise Problem(404, "no-such-lecture", str(error.args[0])) from None
    except ValueError:
        raise Problem(
            409, "too-old", "the timetable was written by an earlier version, which kept too little"
        ) from None
    return OtherPlaces.model_validate(found)


def _limiter_of(request: Request) -> CapacityLimiter:
    """One of each application: it belongs to the loop that the application runs in."""
    state = request.app.state
    if not hasattr(state, "weighing"):
        state.weighing = CapacityLimiter(_AT_ONCE)
    limiter: CapacityLimiter = state.weighing
    return limiter
