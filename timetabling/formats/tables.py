"""The tables that people fill in: one schema for reader, writer, notes and documentation.

A table is a sheet of a workbook or a file of a folder. Days and periods count from 1, as people
count; files for programs (.ctt, .ectt, the solution format) count from 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from timetabling.problem import (
    COURSE_RULES,
    MAX_DAYS,
    MAX_LECTURES,
    MAX_PERIODS_PER_DAY,
    MAX_SEATS,
    MAX_WEIGHT,
)

__all__ = ["FILE", "TABLES", "Column", "Kind", "Table"]

FILE = ".csv"


class Kind(Enum):
    """What a cell may hold, in words for people."""

    NAME = "a name"
    NUMBER = "a whole number"
    YES_NO = "yes or no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Parameters
    ----------
    name
        Its header.
    note
        What it means, for people.
    example
        What a cell may look like.
    is_required
        Whether the column must be there.
    may_be_empty
        Whether a cell of it may be empty all the same; one of a column that may be missing may.
    default
        What an empty cell means.
    low, high
        Of a number.
    refers_to
        The table in whose first column the name must be, or "teachers": those of the courses.
    choices
        The only names there are, if they are not the user's.
    """

    name: str
    note: str
    example: str
    kind: Kind = Kind.NAME
    is_required: bool = True
    may_be_empty: bool = False
    default: str | int | bool | None = None
    low: int = 0
    high: int = 0
    refers_to: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table: its name, what it is for, its columns; and how many rows it may not be without."""

    name: str
    note: str
    columns: tuple[Column, ...]
    is_required: bool = False
    has_one_row: bool = False
    names_things: bool = False
    """Whether each row is about a thing of its own, named in the first column."""


_COURSE = Column(
    name="course", note="Name of a course in the table courses.", example="Algebra",
    refers_to="courses",
)  # fmt: skip
_ROOM = Column(
    name="room", note="Name of a room in the table rooms.", example="R101", refers_to="rooms"
)
_DAY = Column(
    name="day", note="Day of the week, counted from 1.", example="1",
    kind=Kind.NUMBER, low=1, high=MAX_DAYS,
)  # fmt: skip
_PERIOD = Column(
    name="period", note="Period of the day, counted from 1.", example="2",
    kind=Kind.NUMBER, low=1, high=MAX_PERIODS_PER_DAY,
)  # fmt: skip


_TEACHER = Column(
    name="teacher", note="Or a teacher, for all of their courses.", example="E. Noether",
    is_required=False, refers_to="teachers",
)  # fmt: skip


def _optional(column: Column, note: str) -> Column:
    return replace(column, note=f"{column.note} {note}", is_required=False)


TABLES: tuple[Table, ...] = (
    Table(
        name="general",
        note="The week, in one row.",
        is_required=True,
        has_one_row=True,
        columns=(
            Column(
                name="name", note="What the timetable is called. Empty: the name of the file.",
                example="Autumn 2026", is_required=False,
            ),
            Column(
                name="days", note="Days of teaching a week.", example="5",
                kind=Kind.NUMBER, low=1, high=MAX_DAYS,
            ),
            Column(
                name="periods a day", note="Periods of each day.", example="4",
                kind=Kind.NUMBER, low=1, high=MAX_PERIODS_PER_DAY,
            ),
            Column(
                name="fewest lectures a day",
                note="Fewest lectures a curriculum should have on a day with any "
                "(rules UD3 to UD5). Empty, with the next one: no wish.",
                example="1", kind=Kind.NUMBER, high=MAX_LECTURES, is_required=False,
            ),
            Column(
                name="most lectures a day",
                note="Most lectures a curriculum should have on a day (rules UD3 to UD5).",
                example="3", kind=Kind.NUMBER, high=MAX_LECTURES, is_required=False,
            ),
        ),
    ),
    Table(
        name="courses",
        note="What is taught: a row for each course.",
        is_required=True,
        names_things=True,
        columns=(
            Column(name="course", note="Name of the course; no other has it.", example="Algebra"),
            Column(
                name="teacher",
                note="Who teaches it; courses of one teacher are never held at once.",
                example="E. Noether",
            ),
            Column(
                name="lectures", note="Lectures a week, of one period each.", example="3",
                kind=Kind.NUMBER, high=MAX_LECTURES,
            ),
            Column(
                name="minimum working days",
                note="Days over which its lectures should spread, at least. Empty: 1.",
                example="2", kind=Kind.NUMBER, high=MAX_DAYS, is_required=False, default=1,
            ),
            Column(
                name="students", note="Seats it needs.", example="60",
                kind=Kind.NUMBER, high=MAX_SEATS,
            ),
            Column(
                name="double lectures",
                note="Whether its lectures of one day should be held one after the other in one "
                "room (rule of UD4): yes or no. Empty: no.",
                example="no", kind=Kind.YES_NO, is_required=False, default=False,
            ),
        ),
    ),
    Table(
        name="rooms",
        note="Where it is taught: a row for each room.",
        is_required=True,
        names_things=True,
        columns=(
            Column(name="room", note="Name of the room; no other has it.", example="R101"),
            Column(
                name="capacity", note="Seats in it.", example="80",
                kind=Kind.NUMBER, high=MAX_SEATS,
            ),
            Column(
                name="building",
                note="The building it is in (rule of UD5: students should not have to change it "
                "between two lectures in a row). May be empty.",
                example="Main", is_required=False, default="",
            ),
        ),
    ),
    Table(
        name="curricula",
        note="Courses with students in common, which are never held at once: "
        "a row for each course of a curriculum.",
        columns=(
            Column(
                name="curriculum", note="Name of the curriculum, the same in each of its rows.",
                example="Mathematics 1",
            ),
            replace(
                _COURSE, may_be_empty=True,
                note=f"{_COURSE.note} Empty: a curriculum that has no courses yet.",
            ),
        ),
    ),
    Table(
        name="unavailable",
        note="When a course cannot be held: a row for each period.",
        columns=(_COURSE, _DAY, _PERIOD),
    ),
    Table(
        name="undesired",
        note="When a course should rather not be held (a wish; unavailable is a must): a row for "
        "each period.",
        columns=(_optional(_COURSE, "Empty: a teacher is named."), _TEACHER, _DAY, _PERIOD),
    ),
    Table(
        name="unsuitable",
        note="In which rooms a course should not be (a wish in UD3, a must in UD4): "
        "a row for each room.",
        columns=(_COURSE, _ROOM),
    ),
    Table(
        name="weights",
        note="What a wish costs for a course, or for a teacher's courses, where that is not what "
        "it costs for all: a row for each. What is said of a course counts before what is said of "
        "its teacher.",
        columns=(
            _optional(_COURSE, "Empty: a teacher is named."),
            _TEACHER,
            Column(
                name="rule", note=f"The wish: one of {', '.join(COURSE_RULES)}.",
                example="room_stability", choices=COURSE_RULES,
            ),
            Column(
                name="weight",
                note="What a unit of it costs; see the documentation for what it costs for all. "
                "0: it does not matter.",
                example="5", kind=Kind.NUMBER, high=MAX_WEIGHT,
            ),
        ),
    ),
    Table(
        name="pinned",
        note="Lectures that have their place: with a day and a period, one lecture of the course "
        "is held then, in that room if one is named; with a room alone, all of its lectures "
        "are held there.",
        columns=(
            _COURSE,
            _optional(_DAY, "Empty, with the period: any time."),
            _optional(_PERIOD, "Empty, with the day: any time."),
            _optional(_ROOM, "Empty: any room."),
        ),
    ),
)  # fmt: skip
