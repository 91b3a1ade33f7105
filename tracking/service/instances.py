"""Instances: which there are, and what is in one."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from tracking.service.access import CREDENTIALS, Caller, known_caller
from tracking.service.instance_files import instances_in
from tracking.service.orders import CHECK_FORM, Ordered, ordered
from tracking.service.problems import problem_responses
from tracking.service.service import service_of

__all__ = ["Finding", "InstanceCheck", "check", "router"]

router = APIRouter(tags=["instances"], dependencies=CREDENTIALS)


class Instance(BaseModel):
    """An instance in the data folder."""

    name: str
    size_bytes: int


class InstanceList(BaseModel):
    """All of them."""

    instances: list[Instance]


class Finding(BaseModel):
    """Something that rules a timetable out, or will make it a bad one."""

    severity: Literal["impossible", "warning"]
    rule: str = Field(description="What kind of finding it is")
    message: str = Field(description="What is wrong, with the numbers that prove it")
    repair: str = Field(description="What would most likely mend it")
    needed: int
    available: int
    courses: list[str]
    teachers: list[str]
    curricula: list[str]
    rooms: list[str]
    periods: list[tuple[int, int]] = Field(description="Day and period, both counted from 0")
    least_cost: int = Field(description="What every timetable pays for it at least")


class InstanceCheck(BaseModel):
    """What is in an instance, and all that is wrong with it."""

    name: str
    summary: dict[str, int] = Field(description="Courses, lectures, rooms, curricula, periods")
    errors: list[str] = Field(description="Why it cannot be read")
    findings: list[Finding] = Field(description="What to mend first comes first")
    notes: list[str] = Field(default=[], description="What was left out of it, or changed")


@router.get(
    "/api/instances/",
    responses=problem_responses(401, 429, 503),
)
def list_instances(
    request: Request, _caller: Annotated[Caller, Depends(known_caller)]
) -> InstanceList:
    """List the instances that can be chosen by name."""
    found = instances_in(service_of(request).settings.data_folder)
    return InstanceList(
        instances=[
            Instance(name=name, size_bytes=path.stat().st_size) for name, path in found.items()
        ]
    )


@router.post(
    "/api/instances/check/",
    openapi_extra=CHECK_FORM,
    responses=problem_responses(400, 401, 403, 408, 413, 415, 422, 429, 503, 507),
)
async def check_instance(
    request: Request, caller: Annotated[Caller, Depends(known_caller)]
) -> InstanceCheck:
    """Say what is in an instance, and all that is wrong with it; nothing is kept of it."""
    async with ordered(request, caller) as what:
        return await check(request, what, find=True)


async def check(request: Request, what: Ordered, *, find: bool = False) -> InstanceCheck:
    """Read what was ordered, by the reader that the application was made with.

    Parameters
    ----------
    find
        Also what rules a timetable out, or will make it a bad one.
    """
    path, read = what.instance, service_of(request).check
    if read is None:
        return InstanceCheck(name=path.name, summary={}, errors=[], findings=[])
    rules = (what.order.formulation, what.order.weights) if find else (None, {})
    pins, before = what.extras.get("pins"), what.extras.get("before")
    found = await to_thread.run_sync(partial(read, path, *rules, pins=pins, before=before))
    # Where the data folder is concerns nobody outside.
    errors = [_without_folders(str(error), what) for error in found["errors"]]
    return InstanceCheck(
        name=path.name,
        summary=found["summary"] or {},
        errors=errors,
        notes=found["notes"],
        findings=found["findings"],
    )


def _without_folders(text: str, what: Ordered) -> str:
    for path in (what.instance, *what.extras.values()):
        text = text.replace(str(path), path.name)
    return text
