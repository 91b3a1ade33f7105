"""The timetable that a job has made, as OpenAPI describes it; it is sent as the job has written it.

Courses, rooms and lectures refer to each other by their place in the lists.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

__all__ = ["Timetable"]


class Penalty(BaseModel):
    """What a rule costs in all; a hard one costs nothing, and counts as violations."""

    rule: str
    kind: Literal["hard", "soft"]
    weight: int
    amount: int
    cost: int


class Room(BaseModel):
    """A room."""

    id: str
    capacity: int
    building: str


class Curriculum(BaseModel):
    """Courses that the same students take."""

    id: str
    courses: list[int]


class Reason(BaseModel):
    """Why something costs what it costs; `cost` is 0 where a hard rule is broken."""

    rule: str
    cost: int
    text: str


class Course(BaseModel):
    """A course, and what it costs beside its lectures."""

    id: str
    teacher: str
    num_lectures: int
    min_working_days: int
    num_students: int
    wants_double_lectures: bool
    unavailable: list[int] = Field(description="Periods of the week")
    undesired: list[int] = Field(description="Periods of the week")
    unsuitable: list[int] = Field(description="Rooms")
    weights: dict[str, int] = Field(description="What rules cost otherwise for it")
    reasons: list[Reason]


class Lecture(BaseModel):
    """A lecture that has its place, and what it costs there."""

    course: int
    day: int
    period: int = Field(description="Of the day")
    room: int
    cost: int
    reasons: list[Reason]


class Timetable(BaseModel):
    """A timetable, its cost by rule, and its reasons, which add up to the cost."""

    instance: str
    formulation: str
    num_days: int
    periods_per_day: int
    cost: int
    violations: int
    bound: int | None = Field(description="What every timetable without violations costs at least")
    daily_lectures: list[int] | None = Field(
        description="Fewest and most lectures of a curriculum on a day"
    )
    pins: list[list[int | None]] = Field(
        description="Places that lectures keep: course, period of the week, room"
    )
    before: list[list[int]] = Field(
        description="Lectures of the timetable that people had: course, period of the week, room"
    )
    max_changes: int | None = Field(description="The most lectures of it that may be elsewhere")
    weights: dict[str, int] = Field(description="What a unit of each soft rule costs")
    penalties: list[Penalty]
    rooms: list[Room]
    teachers: list[str]
    curricula: list[Curriculum]
    courses: list[Course]
    lectures: list[Lecture]
    certificate: dict[str, Any] | None = Field(
        default=None, description="What it was made from, how, and what it costs: docs/output.md"
    )
