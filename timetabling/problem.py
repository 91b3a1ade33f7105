"""The problem and its answer: frozen, validated values; an invalid one cannot be built.

Curriculum-based course timetabling as defined for track 3 of ITC-2007 and extended by
Bonutti, De Cesco, Di Gaspero and Schaerf, "Benchmarking curriculum-based course
timetabling", Annals of Operations Research 194 (2012), section 2.

Everything refers to everything else by index: a course is its place in
`Problem.courses`, a period is ``day * periods_per_day + slot``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

__all__ = [
    "Course",
    "CourseWeight",
    "Curriculum",
    "Lecture",
    "Pin",
    "Problem",
    "Room",
    "Timetable",
]

MAX_DAYS = 60
MAX_PERIODS_PER_DAY = 60  # a day fits the bits of one 64-bit word in the kernels
MAX_LECTURES = 1_000
MAX_SEATS = 1_000_000
MAX_WEIGHT = 100
"""The most that a unit of a soft rule may cost.

A million seats missing at that price, and a move's effect on 10,000 curricula of 60 periods a day,
still fit the 32 bits that kernels keep a price of one move in.
"""

COURSE_RULES = (
    "room_capacity",
    "min_working_days",
    "room_stability",
    "room_suitability",
    "double_lectures",
    "undesired_times",
)
"""The rules that may cost more or less for single courses; other rules are about several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A course: some lectures a week, held by one teacher.

    Parameters
    ----------
    id
        Unique name.
    teacher
        Name of the teacher; courses of one teacher are never held at once.
    num_lectures
        Lectures a week, 0 to 1,000.
    min_working_days
        Days over which the lectures should spread.
    num_students
        Seats the course needs in a room.
    wants_double_lectures
        Whether lectures on one day should be held back to back in one room (UD4).

    Raises
    ------
    ValueError
        If a value is out of its range.
    """

    id: str
    teacher: str
    num_lectures: int
    min_working_days: int
    num_students: int
    wants_double_lectures: bool = False

    def __post_init__(self) -> None:
        who = f"course {self.id!r}"
        _check_name("course", self.id)
        _check_name(f"{who}: teacher", self.teacher)
        _check_range(f"{who}: lectures", self.num_lectures, 0, MAX_LECTURES)
        _check_range(f"{who}: minimum working days", self.min_working_days, 0, MAX_DAYS)
        _check_range(f"{who}: students", self.num_students, 0, MAX_SEATS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room, its number of seats (0 to 1,000,000) and the building it is in.

    Raises
    ------
    ValueError
        If the capacity is out of its range.
    """

    id: str
    capacity: int
    building: str = ""

    def __post_init__(self) -> None:
        _check_name("room", self.id)
        _check_range(f"room {self.id!r}: capacity", self.capacity, 0, MAX_SEATS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curriculum:
    """A group of courses with students in common; `courses` are indices of courses.

    Raises
    ------
    ValueError
        If it has one course twice.
    """

    id: str
    courses: tuple[int, ...]

    def __post_init__(self) -> None:
        _check_name("curriculum", self.id)
        if len(set(self.courses)) < len(self.courses):
            raise ValueError(f"curriculum {self.id!r}: expected each course once")


class Pin(NamedTuple):
    """A place that lectures of a course must keep; indices of the course, the period, the room.

    With a period, one lecture of the course is held then, in the room if one is named. Without a
    period, all of its lectures are held in the room.
    """

    course: int
    period: int | None
    room: int | None


class CourseWeight(NamedTuple):
    """What a unit of a soft rule costs for one course, in place of what it costs for all.

    The course's index; one of `COURSE_RULES`; 0 to `MAX_WEIGHT`. Where a rule is hard, it stays so.
    """

    course: int
    rule: str
    weight: int


@dataclass(frozen=True, kw_only=True)
class Problem:
    """A whole instance.

    Parameters
    ----------
    name
        Shown to people.
    num_days, periods_per_day
        The week: 1 to 60 days of 1 to 60 periods.
    courses, rooms, curricula
        At least one room and one lecture; names are unique within each.
    unavailable
        Pairs (course, period) at which the course cannot be held.
    unsuitable
        Pairs (course, room) that do not fit together (a penalty in UD3, a hard rule in UD4).
    undesired
        Pairs (course, period) at which the course should rather not be held.
    daily_lectures
        Fewest and most lectures a day of a curriculum (UD3 to UD5), or None.
    course_weights
        What rules cost otherwise for single courses: at most one of a course and rule.
    pins
        Places that lectures must keep: at most one for a course and period, one for a course
        without a period, and no more periods of a course than it has lectures.
    before
        The timetable that people have already, a course at most once a period. What is not kept
        of it, at its period and in its room, is a change.
    max_changes
        Most changes allowed, or None.

    Raises
    ------
    ValueError
        If a value is out of its range or refers to nothing.
    """

    name: str
    num_days: int
    periods_per_day: int
    courses: tuple[Course, ...]
    rooms: tuple[Room, ...]
    curricula: tuple[Curriculum, ...] = ()
    unavailable: frozenset[tuple[int, int]] = frozenset()
    unsuitable: frozenset[tuple[int, int]] = frozenset()
    undesired: frozenset[tuple[int, int]] = frozenset()
    daily_lectures: tuple[int, int] | None = None
    course_weights: frozenset[CourseWeight] = frozenset()
    pins: frozenset[Pin] = frozenset()
    before: tuple[Lecture, ...] = ()
    max_changes: int | None = None

    def __post_init__(self) -> None:
        _check_range("days", self.num_days, 1, MAX_DAYS)
        _check_range("periods a day", self.periods_per_day, 1, MAX_PERIODS_PER_DAY)
        for kind, things in (
            ("course", self.courses),
            ("room", self.rooms),
            ("curriculum", self.curricula),
        ):
            _check_unique(kind, [thing.id for thing in things])
        if not self.rooms or not self.num_lectures:
            raise ValueError("expected at least one room and one lecture")
        _check_indices("curriculum", (c for q in self.curricula for c in q.courses), self.courses)
        for what, times in (
            ("unavailability", self.unavailable),
            ("undesired time", self.undesired),
        ):
            _check_indices(what, (c for c, _ in times), self.courses)
            _check_indices(what, (p for _, p in times), range(self.num_periods))
        _check_indices("room constraint", (c for c, _ in self.unsuitable), self.courses)
        _check_indices("room constraint", (r for _, r in self.unsuitable), self.rooms)
        if self.daily_lectures is not None:
            low, high = self.daily_lectures
            _check_range("most daily lectures", high, 0, MAX_LECTURES)
            _check_range("fewest daily lectures", low, 0, high)
        self._check_weights()
        self._check_pins()
        _check_lectures("timetable before", self.before, self)
        if len(self.room_before) < len(self.before):
            raise ValueError("timetable before: expected a course at most once a period, got twice")
        if self.max_changes is not None and self.max_changes < 0:
            raise ValueError(f"most changes: expected at least 0, got {self.max_changes}")

    def _check_weights(self) -> None:
        _check_indices("weight", (x.course for x in self.course_weights), self.courses)
        for x in self.course_weights:
            what = f"weight of course {self.courses[x.course].id!r}"
            if x.rule not in COURSE_RULES:
                raise ValueError(
                    f"{what}: expected one of {', '.join(COURSE_RULES)}, got {x.rule!r}"
                )
            _check_range(f"{what}: {x.rule}", x.weight, 0, MAX_WEIGHT)
        if len({(x.course, x.rule) for x in self.course_weights}) < len(self.course_weights):
            raise ValueError("weights: expected one for a course and rule, got two")

    def _check_pins(self) -> None:
        _check_indices("pin", (pin.course for pin in self.pins), self.courses)
        periods = (pin.period for pin in self.pins if pin.period is not None)
        _check_indices("pin", periods, range(self.num_periods))
        _check_indices("pin", (pin.room for pin in self.pins if pin.room is not None), self.rooms)
        held = Counter(pin.course for pin in self.pins if pin.period is not None)
        if len({(pin.course, pin.period) for pin in self.pins}) < len(self.pins):
            raise ValueError("pins: expected one for a course and period, got two with two rooms")
        for c, number in held.items():
            course = self.courses[c]
            if number > course.num_lectures:
                raise ValueError(
                    f"pins: expected at most the {course.num_lectures} lectures of course "
                    f"{course.id!r}, got {number}"
                )
        for pin in self.pins:
            if pin.period is None and pin.room is None:
                raise ValueError(
                    f"pin of course {self.courses[pin.course].id!r}: "
                    "expected a period or a room, got neither"
                )

    @property
    def num_periods(self) -> int:
        """Periods in the week."""
        return self.num_days * self.periods_per_day

    @cached_property
    def num_lectures(self) -> int:
        """Lectures in the week, of all courses together."""
        return sum(course.num_lectures for course in self.courses)

    @cached_property
    def weights_by_course(self) -> Mapping[int, Mapping[str, int]]:
        """What rules cost otherwise for a course, of those courses for which some do."""
        by_course: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for course, rule, weight in sorted(self.course_weights):
            by_course[course][rule] = weight
        return dict(by_course)

    @cached_property
    def pinned(self) -> Mapping[tuple[int, int], int | None]:
        """Each course and period that a lecture is pinned to, with its room if that is pinned."""
        held = {(x.course, x.period): x.room for x in self.pins if x.period is not None}
        return {
            at: self.room_pins.get(at[0]) if (room := held[at]) is None else room
            for at in sorted(held)
        }

    @cached_property
    def room_pins(self) -> Mapping[int, int]:
        """The room of each course that is pinned to one with all its lectures."""
        return {x.course: x.room for x in self.pins if x.period is None and x.room is not None}

    @cached_property
    def room_before(self) -> Mapping[tuple[int, int], int]:
        """The room of each course and period of the timetable before."""
        return {(x.course, x.period): x.room for x in self.before}

    @cached_property
    def lecture_courses(self) -> tuple[int, ...]:
        """The course of each lecture; lectures are numbered course by course."""
        return tuple(c for c, course in enumerate(self.courses) for _ in range(course.num_lectures))

    @cached_property
    def conflicts(self) -> tuple[frozenset[int], ...]:
        """For each course, the others it must never meet (same teacher or curriculum)."""
        of_teacher: dict[str, list[int]] = {}
        for c, course in enumerate(self.courses):
            of_teacher.setdefault(course.teacher, []).append(c)
        meets: list[set[int]] = [set() for _ in self.courses]
        for group in (*of_teacher.values(), *(q.courses for q in self.curricula)):
            for a, b in combinations(group, 2):
                meets[a].add(b)
                meets[b].add(a)
        return tuple(map(frozenset, meets))


class Lecture(NamedTuple):
    """A lecture in its place: indices of the course, the period and the room."""

    course: int
    period: int
    room: int


@dataclass(frozen=True)
class Timetable:
    """Placed lectures, in any order; lectures of the problem may be missing.

    It says where lectures are, not whether that is any good: see `penalties`.

    Raises
    ------
    ValueError
        If a lecture names a course, period or room that the problem does not have.
    """

    problem: Problem
    lectures: tuple[Lecture, ...] = ()

    def __post_init__(self) -> None:
        _check_lectures("timetable", self.lectures, self.problem)


def _check_name(what: str, name: str) -> None:
    if not name.strip():
        raise ValueError(f"{what}: expected a name, got {name!r}")


def _check_range(what: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ValueError(f"{what}: expected {low} to {high}, got {value}")


def _check_unique(kind: str, names: list[str]) -> None:
    if len(set(names)) < len(names):
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f"{kind} {twice!r}: defined twice")


def _check_lectures(what: str, lectures: tuple[Lecture, ...], problem: Problem) -> None:
    _check_indices(f"{what}: course", (x.course for x in lectures), problem.courses)
    _check_indices(f"{what}: period", (x.period for x in lectures), range(problem.num_periods))
    _check_indices(f"{what}: room", (x.room for x in lectures), problem.rooms)


def _check_indices(what: str, indices: Iterable[int], sized: tuple[object, ...] | range) -> None:
    size = len(sized)
    for index in indices:
        if not 0 <= index < size:
            raise ValueError(f"{what}: expected an index below {size}, got {index}")
