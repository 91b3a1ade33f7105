"""What somebody orders: an instance, and how to make a timetable for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
    remove_uploads,
    save_uploads,
)
from tracking.service.prefect_jobs import Unanswered
from tracking.service.problems import FieldError, Problem, field_errors, invalid, shown
from tracking.service.service import service_of

__all__ = ["CHECK_FORM", "FILES", "ORDER_FORM", "Order", "Ordered", "SoftRule", "ordered"]

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
    change_price: Annotated[
        int | None,
        Field(
            ge=0, le=1_000_000, description="What each lecture costs that `before` has elsewhere"
        ),
    ] = None
    max_changes: Annotated[
        int | None,
        Field(ge=0, lt=2**31, description="Most lectures that `before` may have elsewhere"),
    ] = None

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
        """Those of the flow run; what nobody gave is left to the flow."""
        return {name: value for name, value in self if value not in (None, {})}


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order, and the files it is for."""

    order: Order
    instance: Path
    extras: Mapping[str, Path]
    """Pins and the timetable before, where they were sent."""
    sent: Path | None
    """The folder of what was sent; None if nothing was."""

    def parameters(self) -> dict[str, Any]:
        """Those of the flow run."""
        is_sent = self.instance.parent == self.sent
        instance = str(self.instance) if is_sent else self.instance.name
        extras = {name: str(path) for name, path in self.extras.items()}
        return {"instance": instance, **extras, **self.order.parameters()}


@dataclass(frozen=True, slots=True)
class _Form:
    """What a form holds: an instance's file or name, and which other files."""

    order: Order
    instance: UploadFile | str
    extras: Mapping[str, UploadFile]


_EXTRAS = {
    "pins": "Places that lectures must keep: `course room day period` a line, `-` for what is open",
    "before": "The timetable that people have, .csv, .xlsx, or `course room day period` a line: "
    "the search starts from it, and changes little of it",
}
FILES = ("instance", *_EXTRAS)
"""The parameters of a run that are files."""


def _form(properties: dict[str, Any]) -> dict[str, Any]:
    """What OpenAPI is told of a form that is read here, and not by FastAPI."""
    instance = {
        "instance": _file(f"The instance's file, {' or '.join(SUFFIXES)}"),
        "instance_name": {
            "type": "string",
            "description": "In place of the file: an instance that is there, by name",
        },
    }
    extras = {name: _file(description) for name, description in _EXTRAS.items()}
    schema = {"type": "object", "properties": instance | extras | properties}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


def _file(description: str) -> dict[str, Any]:
    return {"type": "string", "format": "binary", "description": description}


_ORDER = Order.model_json_schema()["properties"]
CHECK_FORM = _form({name: _ORDER[name] for name in ("formulation", "weights")})
ORDER_FORM = _form(_ORDER)


@asynccontextmanager
async def ordered(request: Request, caller: Caller) -> AsyncIterator[Ordered]:
    """Read an order; what was sent with it is removed after the block, unless it is a job's.

    Where nobody knows whether it became one's, it stays until it is a day old.

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
        what = await to_thread.run_sync(_save, _read(form), settings.data_folder)
    finally:
        await form.close()
    is_known = False
    try:
        yield what
        is_known = True
    except Problem as problem:
        is_known = not isinstance(problem, Unanswered)
        raise
    finally:
        if what.sent is not None and is_known:
            await to_thread.run_sync(remove_uploads, what.sent)


def _save(form: _Form, data_folder: Path) -> Ordered:
    """Find the instance, and save what was sent."""
    # Names that are clean do not begin with a dot: none is that of an instance.
    paths = {
        name: f".{name}/{clean_name(file.filename or '')}" for name, file in form.extras.items()
    }
    files = {paths[name]: file.file for name, file in form.extras.items()}
    instance = None
    if isinstance(form.instance, UploadFile):
        name = clean_name(form.instance.filename or "")
        files[name] = form.instance.file
    else:
        name, known = form.instance, instances_in(data_folder)
        if name not in known:
            expected = "the name of an instance that is there"
            raise invalid([_error("instance_name", shown(name), expected)])
        instance = known[name]
    sent = save_uploads(files, data_folder) if files else None
    folder = sent or data_folder
    extras = {name: folder / path for name, path in paths.items()}
    return Ordered(form.order, instance or folder / name, extras, sent)


def _read(form: FormData) -> _Form:
    """An order, and the files sent with it."""
    given = {name: value for name, value in form.items() if value != ""}
    file, name = given.pop("instance", None), given.pop("instance_name", None)
    extras = {each: given.pop(each) for each in _EXTRAS if each in given}
    errors = []
    if len(form.multi_items()) > len(form):
        errors.append(_error("form", "a field twice", "each field once"))
    if (file is None) == (name is None):
        found = "neither" if file is None else "both"
        errors.append(_error("instance", found, "a file, or in its place an instance_name"))
    elif name is not None and not isinstance(name, str):
        errors.append(_error("instance_name", "a file", "a name"))
    files = extras if file is None else extras | {"instance": file}
    errors += [
        _error(each, "a text", "a file with a name")
        for each, sent in files.items()
        if not (isinstance(sent, UploadFile) and sent.filename)
    ]
    try:
        order = Order.model_validate(given)
        if "before" not in extras:
            errors += [
                _error(each, shown(given[each]), "a timetable `before` with it")
                for each in ("change_price", "max_changes")
                if each in given
            ]
    except ValidationError as error:
        errors += field_errors(error.errors())
    if errors:
        raise invalid(errors)
    return _Form(order, file or name, extras)  # type: ignore[arg-type]  # as was checked above


def _error(where: str, found: str, expected: str) -> FieldError:
    return FieldError(where=where, found=found, expected=expected)
