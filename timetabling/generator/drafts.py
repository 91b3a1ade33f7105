"""What an instance is made from; sets of periods are bits of an integer here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

__all__ = ["CohortDraft", "CourseDraft", "RoomDraft", "TeacherDraft", "Week", "periods_of", "union"]


@dataclass(slots=True, eq=False)
class CohortDraft:
    """The students of one year of a programme; `busy` are the periods of its core courses."""

    department: int
    programme: int
    year: int
    size: float
    core: list[CourseDraft] = field(default_factory=list)
    electives: list[CourseDraft] = field(default_factory=list)
    busy: int = 0

    @property
    def core_lectures(self) -> int:
        """Lectures a week of its core courses."""
        return sum(course.num_lectures for course in self.core)


@dataclass(slots=True, eq=False, kw_only=True)
class CourseDraft:
    """A course in the making. Sets of periods are bits of an integer, here and below."""

    id: str
    department: int
    num_lectures: int
    min_working_days: int
    num_students: int
    wants_double_lectures: bool
    cohorts: list[CohortDraft]
    is_core: bool
    needs_lab: bool
    index: int = -1
    periods: int = 0
    room: int = -1
    teacher: str = ""


@dataclass(slots=True, eq=False)
class RoomDraft:
    """A room of a department; others may use it as well, unless it is a laboratory."""

    capacity: int
    department: int
    is_lab: bool
    busy: int = 0


@dataclass(slots=True, eq=False)
class TeacherDraft:
    """A teacher, who holds at most `most` courses."""

    id: str
    most: int
    courses: list[CourseDraft] = field(default_factory=list)
    busy: int = 0


class Week:
    """Days and slots as sets of periods."""

    def __init__(self, num_days: int, periods_per_day: int) -> None:
        self.num_periods = num_days * periods_per_day
        self.periods_per_day = periods_per_day
        self.all = (1 << self.num_periods) - 1
        self.mornings = [self._span(d, 0, periods_per_day // 2) for d in range(num_days)]
        self.days = [self._span(d, 0, periods_per_day) for d in range(num_days)]
        self._first = sum(self._span(d, 0, 1) for d in range(num_days))
        self._last = self._first << (periods_per_day - 1)

    def _span(self, day: int, start: int, end: int) -> int:
        return ((1 << end) - (1 << start)) << (day * self.periods_per_day)

    def beside(self, periods: int) -> int:
        """Return the periods right before or after the given ones on the same day."""
        return ((periods & ~self._last) << 1) | ((periods & ~self._first) >> 1)


def periods_of(periods: int) -> list[int]:
    """List the members of a set of periods, in order."""
    return [p for p in range(periods.bit_length()) if periods >> p & 1]


def union(sets: Iterable[int]) -> int:
    """Unite sets of periods."""
    return reduce(or_, sets, 0)
