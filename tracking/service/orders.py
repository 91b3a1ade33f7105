"""What somebody orders: an instance, and how to make a timetable for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import Request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from starlette.datastructures import FormData, UploadFile

from tracking.service.access import Caller
from tracking.service.forms import read_form
from tracking.service.instance_files import (
    SUFFIXES,
    clean_name,
    instances_in,
    remove_upload,
    save_upload,
)
from tracking.service.problems import FieldError, field_errors, invalid, shown
from tracking.service.service import service_of

__all__ = ["CHECK_FORM", "ORDER_FORM", "Order", "Ordered", "SoftRule", "ordered"]

_LONGEST_SECONDS = 7 * 86_400

SoftRule = Literal[
    "room_capacity",
    "min_working_days",
    "room_stability",
    "room_suitability",
    "double_lectures",
    "isolated_lectures",
    "windows",
    "student_load",
    "travel_distance",
    "undesired_times",
]
"""The rules that may have a weight, as `timetabling.penalties` calls them; a test compares."""

_HARD = {"UD4": "room_suitability"}


def _object(text: object) -> Any:
    """Read what a form, which has texts alone, says as JSON."""
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        expected = "a JSON object of rules and weights, such as {example}"
        raise PydanticCustomError("no_object", expected, {"example": '{"windows": 3}'})
    return found


class Order(BaseModel):
    """How to make a timetable."""

    model_config = ConfigDict(extra="forbid")

    time_limit_seconds: Annotated[float, Field(gt=0, le=_LONGEST_SECONDS, allow_inf_nan=False)] = (
        120.0
    )
    formulation: Literal["UD1", "UD2", "UD3", "UD4", "UD5"] = "UD2"
    weights: Annotated[
        dict[SoftRule, Annotated[int, Field(strict=True, ge=0, le=100)]],
        BeforeValidator(_object),
        Field(
            description="What a unit of a soft rule costs in place of what the formulation says; "
            "0 leaves the rule out"
        ),
    ] = {}
    plan: Literal["default", "search-heavy", "solve-heavy", "learned"] = "default"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @field_validator("weights")
    @classmethod
    def _are_soft(cls, weights: dict[SoftRule, int], seen: ValidationInfo) -> dict[SoftRule, int]:
        formulation = seen.data.get("formulation")
        hard = _HARD.get(str(formulation))
        if hard in weights:
            expected = "soft rules, and {hard} is a hard one of {formulation}"
            told = {"hard": hard, "formulation": formulation}
            raise PydanticCustomError("hard_rule", expected, told)
        return weights

    def parameters(self) -> dict[str, Any]:
        """Those of the flow run; weights only where somebody gave some."""
        return self.model_dump(exclude=set() if self.weights else {"weights"})


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order, and the file of the instance it is for."""

    order: Order
    path: Path
    is_upload: bool


def _form(properties: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI is told of a form that is read here, and not by FastAPI."""
    instance = {
        "instance": {
            "type": "string",
            "format": "binary",
            "description": f"The instance's file, {' or '.join(SUFFIXES)}",
        },
        "instance_name": {
            "type": "string",
            "description": "In place of the file: an instance that is there, by name",
        },
    }
    schema = {"type": "object", "properties": instance | properties}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


_ORDER = Order.model_json_schema()["properties"]
CHECK_FORM = _form({name: _ORDER[name] for name in ("formulation", "weights")})
ORDER_FORM = _form(_ORDER)


@asynccontextmanager
async def ordered(request: Request, caller: Caller) -> AsyncIterator[Ordered]:
    """Read an order; what was sent with it is removed after the block, unless it is a job's.

    Raises
    ------
    Problem
        If anything is wrong with it, before anything is kept of it.
    """
    service = service_of(request)
    settings = service.settings
    await service.rates.count("job", f"caller {caller.name}")
    form = await read_form(request, settings.max_upload_bytes)
    try:
        order, upload, name = _read(form)
        if upload is None:
            found = await to_thread.run_sync(instances_in, settings.data_folder)
            if name not in found:
                expected = "the name of an instance that is there"
                raise invalid([_error("instance_name", shown(name), expected)])
            what = Ordered(order, found[name], is_upload=False)
        else:
            save = partial(save_upload, upload.file, clean_name(name), settings.data_folder)
            what = Ordered(order, await to_thread.run_sync(save), is_upload=True)
    finally:
        await form.close()
    try:
        yield what
    finally:
        if what.is_upload:
            await to_thread.run_sync(remove_upload, what.path)


def _read(form: FormData) -> tuple[Order, UploadFile | None, str]:
    """An order, and the file sent with it, if there is one; the instance's name in any case."""
    given = {name: value for name, value in form.items() if value != ""}
    file, name = given.pop("instance", None), given.pop("instance_name", None)
    errors = []
    if len(form.multi_items()) > len(form):
        errors.append(_error("form", "a field twice", "each field once"))
    if (file is None) == (name is None):
        found = "neither" if file is None else "both"
        errors.append(_error("instance", found, "a file, or in its place an instance_name"))
    elif file is not None and not (isinstance(file, UploadFile) and file.filename):
        errors.append(_error("instance", "a text", "a file with a name"))
    elif name is not None and not isinstance(name, str):
        errors.append(_error("instance_name", "a file", "a name"))
    try:
        order = Order.model_validate(given)
    except ValidationError as error:
        errors += field_errors(error.errors())
    if errors:
        raise invalid(errors)
    if isinstance(file, UploadFile):
        return order, file, file.filename or ""
    return order, None, str(name)


def _error(where: str, found: str, expected: str) -> FieldError:
    return FieldError(where=where, found=found, expected=expected)
