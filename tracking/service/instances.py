"""Instances: which there are, and what is in one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from tracking.service.access import CREDENTIALS, Caller, known_caller
from tracking.service.instance_files import instances_in
from tracking.service.orders import CHECK_FORM, ordered
from tracking.service.problems import problem_responses
from tracking.service.service import service_of

__all__ = ["InstanceCheck", "check", "router"]

router = APIRouter(tags=["instances"], dependencies=CREDENTIALS)


class Instance(BaseModel):
    """An instance in the data folder."""

    name: str
    size_bytes: int


class InstanceList(BaseModel):
    """All of them."""

    instances: list[Instance]


class InstanceCheck(BaseModel):
    """What is in an instance, and all that is wrong with it."""

    name: str
    summary: dict[str, int] = Field(description="Courses, lectures, rooms, curricula, periods")
    errors: list[str]
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
        return await check(request, what.path)


async def check(request: Request, path: Path) -> InstanceCheck:
    """Read an instance, by the reader that the application was made with."""
    read = service_of(request).check
    if read is None:
        return InstanceCheck(name=path.name, summary={}, errors=[])
    found = await to_thread.run_sync(read, path)
    # Where the data folder is concerns nobody outside.
    errors = [str(error).replace(str(path), path.name) for error in found["errors"]]
    summary = found["summary"] or {}
    return InstanceCheck(
        name=path.name, summary=summary, errors=errors, notes=found.get("notes", [])
    )
