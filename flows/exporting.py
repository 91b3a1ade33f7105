"""A timetable into files for others; what a target's name ends in says which format."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from flows.calendar_folder import read_calendars, write_calendars
from flows.certifying import CERTIFICATE, complaints_about
from flows.curve import Point
from flows.picture import draw, worth_drawing
from timetabling.exports.calendars import calendar_files, whole_calendar
from timetabling.exports.certificate import Certificate
from timetabling.exports.grids import Week, week_of
from timetabling.exports.json_text import json_text
from timetabling.exports.page import page
from timetabling.exports.room_use import draw_room_use
from timetabling.exports.semester import Semester
from timetabling.exports.table import csv_text, rows_of
from timetabling.exports.workbook import workbook
from timetabling.formats.solution import solution_text
from timetabling.formats.text import InputError, read_lines, write_bytes
from timetabling.problem import Timetable
from timetabling.view import Document, document

__all__ = ["FOLDER", "Export", "kind_of", "put", "read_semester"]

COST_PICTURE, ROOM_PICTURE, FOLDER = "cost.svg", ".svg", "a folder of calendars"
KINDS = (CERTIFICATE, COST_PICTURE, ".sol", ".csv", ".xlsx", ".json", ".html", ".ics", ROOM_PICTURE)
"""What names end in; the first that fits counts."""


def kind_of(target: Path) -> str:
    """The format of a target: one of `KINDS`, or `FOLDER` for a name without a suffix.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if not target.suffix:
        return FOLDER
    for kind in KINDS:
        if target.name.lower().endswith(kind):
            return kind
    known = ", ".join(kind for kind in KINDS if kind.startswith("."))
    raise ValueError(
        f"{target}: expected a name that ends in one of {known}, {CERTIFICATE} or {COST_PICTURE}, "
        f"or has no ending (a folder of calendars), got {target.suffix!r}"
    )


def read_semester(path: Path) -> Semester:
    """Read a semester's file, in TOML.

    Raises
    ------
    InputError
        If it is none; it names all that is wrong.
    """
    try:
        return Semester.model_validate(tomllib.loads("\n".join(read_lines(path))))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: expected TOML: {error}") from None
    except ValidationError as error:
        raise InputError(complaints_about(path, error)) from None


@dataclass(frozen=True)
class Export:
    """What all targets are made from.

    Parameters
    ----------
    timetable, certificate
        What is exported.
    semester
        When it is held; calendars need one.
    points
        What was found when, for the picture of the cost.
    """

    timetable: Timetable
    certificate: Certificate
    semester: Semester | None = None
    points: Sequence[Point] = ()

    @cached_property
    def found(self) -> Document:
        """The timetable's document."""
        found = document(self.timetable, self.certificate.rules)
        # Where changes were certified that cannot be counted here, the bound is not of this cost.
        certified = self.certificate.cost, sum(self.certificate.violations.values())
        is_its = (found["cost"], found["violations"]) == certified
        return {**found, "bound": self.certificate.bound if is_its else None}

    @cached_property
    def week(self) -> Week:
        """How days and periods are called."""
        return week_of(self.found, self.semester)

    @cached_property
    def cost_picture(self) -> str | None:
        """What the best timetable cost over time, if that is known."""
        points = worth_drawing(self.points)
        return draw(points, points[-1].seconds) if points else None

    def make(self, target: Path) -> bytes | dict[str, bytes]:
        """Make what a target is to hold; of a folder, its files by their names.

        Raises
        ------
        ValueError
            If something is missing for it, such as the semester for a calendar.
        OSError
            If the calendars that it takes the place of cannot be read.
        """
        kind = kind_of(target)
        try:
            if kind == FOLDER:
                return calendar_files(
                    self.timetable,
                    self._semester,
                    certificate=self.certificate,
                    before=read_calendars(target),
                    now=self.certificate.made_at,
                )
            if kind == ".ics":
                return whole_calendar(
                    self.timetable,
                    self._semester,
                    certificate=self.certificate,
                    before=target.read_bytes() if target.exists() else None,
                    now=self.certificate.made_at,
                )
            if kind == ".xlsx":
                return workbook(self.found, self.certificate, self.week)
            return self._text(kind).encode()
        except ValueError as error:
            raise ValueError(f"{target}: {error}") from None

    def _text(self, kind: str) -> str:
        match kind:
            case ".sol":
                return solution_text(self.timetable)
            case ".csv":
                return csv_text(rows_of(self.found))
            case ".json":
                return json_text(self.found, self.certificate)
            case ".html":
                return page(self.found, self.certificate, self.week, cost_picture=self.cost_picture)
            case "cost.svg":
                if self.cost_picture is None:
                    raise ValueError("expected the run's curve (--curve), got none")
                return self.cost_picture
            case ".svg":
                return draw_room_use(self.found, self.week)
            case _:
                return self.certificate.text

    @property
    def _semester(self) -> Semester:
        if self.semester is None:
            raise ValueError("expected a semester for calendars (--semester), got none")
        return self.semester


def put(target: Path, made: bytes | dict[str, bytes]) -> None:
    """Write a target in one step.

    Raises
    ------
    OSError
        If it cannot be written; what was there stays.
    """
    if isinstance(made, dict):
        write_calendars(target, made)
    else:
        write_bytes(target, made)
