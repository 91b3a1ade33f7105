"""Realistic instances of any size, each with a timetable that proves it can be solved.

The timetable is made along with the instance: courses are placed one by one, and teachers,
curricula and unavailable periods are then chosen so that they fit what is already placed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from random import Random
from typing import NamedTuple

from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable

__all__ = ["GeneratedInstance", "generate"]

MAX_COURSES = 10_000

_SCIENCES = ("PHY", "BIO", "CHE", "INF", "GEO", "MED", "ELE", "MEC")
_HUMANITIES = ("MAT", "HIS", "LAW", "ECO", "PHI", "LIN", "ART", "SOC")
_CODES = [code for pair in zip(_SCIENCES, _HUMANITIES, strict=True) for code in pair]

_COURSES_PER_DEPARTMENT = 36
_COURSES_PER_COHORT = 6
_YEARS = 3

# Shares in percent.
_LECTURES_OF_COURSE = {1: 3, 2: 14, 3: 58, 4: 10, 5: 10, 6: 5}
_COURSES_OF_TEACHER = {1: 50, 2: 28, 3: 14, 4: 8}

# Fractions of the week.
_ROOM_USE = (0.58, 0.70)
_MOST_ROOM_USE = 0.75
_MOST_CORE_LECTURES = 0.55  # electives must still find a place beside them
_MOST_LECTURES_OF_CURRICULUM = 0.7
_TEACHER_AWAY = (0.0, 0.2, 0.3, 0.4, 0.4)

_MOST_STUDENTS = 500
_LAB_SEATS = 30


class GeneratedInstance(NamedTuple):
    """A problem, and a timetable of it that breaks no hard rule of any formulation."""

    problem: Problem
    witness: Timetable


@dataclass(slots=True, eq=False)
class _Cohort:
    """The students of one year of a programme; `busy` are the periods of its core courses."""

    department: int
    programme: int
    year: int
    size: float
    core: list[_Course] = field(default_factory=list)
    electives: list[_Course] = field(default_factory=list)
    busy: int = 0

    @property
    def core_lectures(self) -> int:
        return sum(course.num_lectures for course in self.core)


@dataclass(slots=True, eq=False, kw_only=True)
class _Course:
    """A course in the making. Sets of periods are bits of an integer, here and below."""

    index: int
    id: str
    department: int
    num_lectures: int
    min_working_days: int
    num_students: int
    wants_double_lectures: bool
    cohorts: list[_Cohort]
    is_core: bool
    needs_lab: bool
    periods: int = 0
    room: int = -1
    teacher: str = ""


@dataclass(slots=True, eq=False)
class _Room:
    capacity: int
    department: int
    is_lab: bool
    busy: int = 0


@dataclass(slots=True, eq=False)
class _Teacher:
    id: str
    most: int
    courses: list[_Course] = field(default_factory=list)
    busy: int = 0


class _Week:
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


def generate(
    num_courses: int,
    *,
    seed: int,
    name: str | None = None,
    num_days: int = 5,
    periods_per_day: int = 6,
) -> GeneratedInstance:
    """Make an instance and its witness; the same arguments make the same instance.

    Departments offer programmes of three years. A year of a programme has core courses, some of
    them shared with the other programmes of the department; a curriculum adds to them electives
    and, now and then, a core course of another department. A science department has laboratories:
    nobody else may use them, and some of its courses need one. The witness gives each course one
    room with a seat for each student.

    The figures resemble those of public instances: comp01 to comp14 of ITC-2007, in brackets,
    unless said otherwise. They hold from 40 courses on, at the default week:

    - 2.9 to 3.7 lectures a course, 1 to 6 each (2.5 to 5.4);
    - rooms in use for 50 to 75 % of the week (47 to 89 %, DDS1 57 %), each with about as many
      seats as its largest course has students, so that large rooms are few;
    - 45 to 80 curricula on 100 courses (43 to 95, and more in comp05 and comp12), of 4 to 5.5
      courses (2.9 to 4.2, DDS 4 to 14), filling 40 to 60 % of the week on average (40 to 54 %)
      and never more than 75 % (up to 88 %);
    - 5 to 8 conflicting courses for each course on average (3 to 12, Erlangen 22);
    - 1.4 to 2.2 courses a teacher, 4 at most (1.1 to 1.3, Erlangen 2 to 2.7);
    - courses unavailable for 10 to 28 % of the week (6 to 43 %);
    - 5 to 28 % of pairs of course and room unsuitable (7 to 15 %, Erlangen 66 to 81 %);
    - courses of 20 to 100 students in the middle, of some hundreds at most (14 to 93, 75 to 440).

    Parameters
    ----------
    num_courses
        1 to 10,000.
    seed
        Chooses among the instances of that size.
    name
        Of the problem; made from size and seed if None.
    num_days, periods_per_day
        The week: 2 to 7 days of 3 to 20 periods.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    for what, value, low, high in (
        ("courses", num_courses, 1, MAX_COURSES),
        ("days", num_days, 2, 7),
        ("periods a day", periods_per_day, 3, 20),
    ):
        if not low <= value <= high:
            raise ValueError(f"{what}: expected {low} to {high}, got {value}")
    rng = Random(seed)  # noqa: S311 - nothing here is a secret
    week = _Week(num_days, periods_per_day)

    departments = _name_departments(num_courses)
    cohorts, courses = _invent_courses(num_courses, departments, week, rng)
    rooms = _place(courses, week, rng)
    teachers = _hire(courses, departments, rng)
    problem = Problem(
        name=name or f"generated-{num_courses}-{seed}",
        num_days=num_days,
        periods_per_day=periods_per_day,
        courses=tuple(
            Course(
                id=course.id,
                teacher=course.teacher,
                num_lectures=course.num_lectures,
                min_working_days=course.min_working_days,
                num_students=course.num_students,
                wants_double_lectures=course.wants_double_lectures,
            )
            for course in courses
        ),
        rooms=tuple(_name_rooms(rooms, num_buildings=min(26, max(2, len(departments) // 3)))),
        curricula=tuple(_invent_curricula(cohorts, departments, week, rng)),
        unavailable=frozenset(_send_away(teachers, week, rng)),
        unsuitable=frozenset(
            (course.index, r)
            for r, room in enumerate(rooms)
            for course in courses
            if not _is_suitable(room, course)
        ),
        daily_lectures=(2, max(2, math.ceil(periods_per_day * 2 / 3))),
    )
    lectures = (Lecture(c.index, p, c.room) for c in courses for p in _periods(c.periods))
    return GeneratedInstance(problem, Timetable(problem, tuple(lectures)))


def _name_departments(num_courses: int) -> list[str]:
    """PHY, MAT, BIO ... and, when all codes are used up, PHYB, MATB ... PHYC ..."""
    count = max(min(2, num_courses), round(num_courses / _COURSES_PER_DEPARTMENT))
    rounds = ["", *"BCDEFGHIJKLMNOPQRSTUVWXYZ"]
    return [code + suffix for suffix in rounds for code in _CODES][:count]


def _invent_courses(
    num_courses: int, departments: Sequence[str], week: _Week, rng: Random
) -> tuple[list[_Cohort], list[_Course]]:
    """Share the courses out to departments, and in each to the years of its programmes."""
    fair_share = min(4, num_courses // len(departments))
    sizes = [fair_share] * len(departments)
    appeal = [rng.uniform(0.5, 1.5) for _ in departments]
    for d in rng.choices(range(len(sizes)), appeal, k=num_courses - sum(sizes)):
        sizes[d] += 1

    has_labs = _expected_rooms(num_courses, week) >= 3
    cohorts: list[_Cohort] = []
    courses: list[_Course] = []
    for d, size in enumerate(sizes):
        own = _invent_cohorts(d, max(1, round(size / _COURSES_PER_COHORT)), rng)
        cohorts += own
        has_lab = False
        of_year: Counter[int] = Counter()
        for i in range(size):
            rank, place = divmod(i, len(own))
            home = own[place]
            of_year[home.year] += 1
            name = f"{departments[d]}{home.year}{of_year[home.year]:02}"
            course = _invent_course(len(courses), name, rank, home, own, week, rng)
            if has_labs and departments[d][:3] in _SCIENCES and not course.is_core:
                course.needs_lab = not has_lab or rng.random() < 0.2
                has_lab = True
            if course.needs_lab:
                course.num_students = min(course.num_students, _LAB_SEATS)
            courses.append(course)
    return cohorts, courses


def _expected_rooms(num_courses: int, week: _Week) -> float:
    lectures = sum(n * share for n, share in _LECTURES_OF_COURSE.items()) / 100
    return num_courses * lectures / (week.num_periods * sum(_ROOM_USE) / 2)


def _invent_cohorts(department: int, count: int, rng: Random) -> list[_Cohort]:
    cohorts = []
    size = 0.0
    for i in range(count):
        programme, year = divmod(i, _YEARS)
        size = size * 0.8 if year else min(350.0, max(15.0, rng.lognormvariate(4.5, 0.6)))
        cohorts.append(_Cohort(department, programme, year + 1, size))
    return cohorts


def _invent_course(
    index: int,
    name: str,
    rank: int,
    home: _Cohort,
    cohorts: Sequence[_Cohort],
    week: _Week,
    rng: Random,
) -> _Course:
    """Invent the course of a rank (0: the first) of a cohort; the low ranks are its core."""
    shares = _LECTURES_OF_COURSE
    num_lectures = rng.choices(list(shares), list(shares.values()))[0]
    num_lectures = min(num_lectures, max(1, week.num_periods // 5))
    wants_doubles = rng.random() < (0.5 if num_lectures >= 4 else 0.04)
    days = math.ceil(num_lectures / 2) if wants_doubles else num_lectures - rng.choice((0, 0, 0, 1))

    takers = [home]
    if rank == 0 and rng.random() < 0.5:
        takers = [cohort for cohort in cohorts if cohort.year == home.year]
    room_for_core = _MOST_CORE_LECTURES * week.num_periods - num_lectures
    is_core = rank < 3 or (rank == 3 and rng.random() < 0.3)
    is_core = is_core and all(cohort.core_lectures <= room_for_core for cohort in takers)
    if is_core:
        num_students = sum(cohort.size for cohort in takers) * rng.uniform(0.85, 1.05)
    else:
        takers = [home]
        num_students = home.size * rng.uniform(0.15, 0.6)

    course = _Course(
        index=index,
        id=name,
        department=home.department,
        num_lectures=num_lectures,
        min_working_days=min(len(week.days), max(1, days)),
        num_students=min(_MOST_STUDENTS, round(num_students)),
        wants_double_lectures=wants_doubles,
        cohorts=takers,
        is_core=is_core,
        needs_lab=False,
    )
    for cohort in takers:
        (cohort.core if is_core else cohort.electives).append(course)
    return course


def _place(courses: Sequence[_Course], week: _Week, rng: Random) -> list[_Room]:
    """Give each course a room and periods, and build the rooms on the way.

    Courses come by size, the largest first, so that each room built so far has enough seats and
    the core courses of a cohort, which its electives must not meet, are already placed.
    """
    load = sum(course.num_lectures for course in courses) / week.num_periods
    num_rooms = max(math.ceil(load / _MOST_ROOM_USE), round(load / rng.uniform(*_ROOM_USE)))
    fair_share = math.ceil(load / num_rooms * week.num_periods) + 1
    rooms: list[_Room] = []
    for course in sorted(courses, key=lambda course: -course.num_students):
        taken = _union(cohort.busy for cohort in course.cohorts)
        possible = [
            r
            for r, room in enumerate(rooms)
            if _is_suitable(room, course)
            and (week.all & ~(room.busy | taken)).bit_count() >= course.num_lectures
        ]
        use = [room.busy.bit_count() for room in rooms]
        usual = [r for r in possible if use[r] + course.num_lectures <= fair_share]
        if usual:
            course.room = min(usual, key=lambda r: rooms[r].capacity)
        elif possible and len(rooms) >= num_rooms:
            course.room = min(possible, key=lambda r: use[r])
        else:
            course.room = len(rooms)
            seats = _round_seats(course.num_students)
            rooms.append(_Room(seats, course.department, course.needs_lab))
        room = rooms[course.room]
        course.periods = _choose_periods(course, week.all & ~(room.busy | taken), week, rng)
        room.busy |= course.periods
        if course.is_core:
            for cohort in course.cohorts:
                cohort.busy |= course.periods
    return rooms


def _is_suitable(room: _Room, course: _Course) -> bool:
    if room.is_lab:
        return room.department == course.department
    return not course.needs_lab


def _round_seats(num_students: int) -> int:
    step = 5 if num_students < 60 else 10 if num_students < 150 else 25
    return max(10, math.ceil(num_students / step) * step)


def _choose_periods(course: _Course, free: int, week: _Week, rng: Random) -> int:
    """Spread the course over its days, close to its cohorts' other courses."""
    near = week.beside(_union(cohort.busy for cohort in course.cohorts))
    chosen = days = 0
    for _ in range(course.num_lectures):
        spread = days.bit_count() < course.min_working_days
        wanted = ~days if spread else week.beside(chosen) if course.wants_double_lectures else 0

        def appeal(period: int, wanted: int = wanted) -> float:
            return 4 * (wanted >> period & 1) + (near >> period & 1) + rng.random()

        best = max(_periods(free & ~chosen), key=appeal)
        chosen |= 1 << best
        days |= week.days[best // week.periods_per_day]
    return chosen


def _hire(courses: Sequence[_Course], departments: Sequence[str], rng: Random) -> list[_Teacher]:
    """Give each course a teacher of its department who is free when it is held."""
    staff: list[list[_Teacher]] = [[] for _ in departments]
    for course in courses:
        own = staff[course.department]
        free = [t for t in own if len(t.courses) < t.most and not t.busy & course.periods]
        if free:
            teacher = rng.choice(free)
        else:
            shares = _COURSES_OF_TEACHER
            most = rng.choices(list(shares), list(shares.values()))[0]
            teacher = _Teacher(f"T-{departments[course.department]}-{len(own) + 1:02}", most)
            own.append(teacher)
        teacher.courses.append(course)
        teacher.busy |= course.periods
        course.teacher = teacher.id
    return [teacher for own in staff for teacher in own]


def _send_away(teachers: Sequence[_Teacher], week: _Week, rng: Random) -> Iterator[tuple[int, int]]:
    """Take whole days, or mornings and afternoons, out of the weeks of teachers."""
    halves = [part for d, m in zip(week.days, week.mornings, strict=True) for part in (m, d & ~m)]
    for teacher in teachers:
        most = rng.choice(_TEACHER_AWAY) * week.num_periods
        parts = list(week.days if rng.random() < 0.5 else halves)
        rng.shuffle(parts)
        away = 0
        for part in parts:
            if not part & teacher.busy and (away | part).bit_count() <= most:
                away |= part
        for course in teacher.courses:
            for period in _periods(away):
                yield course.index, period


def _invent_curricula(
    cohorts: Sequence[_Cohort], departments: Sequence[str], week: _Week, rng: Random
) -> Iterator[Curriculum]:
    """Add to the core of each cohort what the witness holds at other times."""
    electives: dict[tuple[int, int], list[_Course]] = {}
    core: dict[int, list[_Course]] = {}
    for cohort in cohorts:
        electives.setdefault((cohort.department, cohort.year), []).extend(cohort.electives)
        core.setdefault(cohort.department, []).extend(cohort.core)
    most = _MOST_LECTURES_OF_CURRICULUM * week.num_periods
    for cohort in cohorts:
        partner = (cohort.department + rng.choice((1, -1))) % len(departments)
        again = [course for course in cohort.electives if rng.random() < 0.9]
        bases = [[*cohort.core, course] for course in cohort.electives + again] or [cohort.core]
        found: dict[frozenset[int], None] = {}
        for courses in bases:
            busy = _union(course.periods for course in courses)
            for _ in range(rng.choice((0, 1, 1, 2))):
                from_partner = rng.random() < 0.4
                of_year = electives.get((cohort.department, cohort.year), [])
                extra = rng.choice(core[partner] if from_partner else of_year or cohort.core)
                if not extra.periods & busy and (extra.periods | busy).bit_count() <= most:
                    courses.append(extra)
                    busy |= extra.periods
            found[frozenset(course.index for course in courses)] = None
        prefix = f"{departments[cohort.department]}-{chr(ord('A') + cohort.programme)}{cohort.year}"
        for number, members in enumerate(found, start=1):
            yield Curriculum(id=f"{prefix}-{number}", courses=tuple(sorted(members)))


def _name_rooms(rooms: Sequence[_Room], num_buildings: int) -> Iterator[Room]:
    """Put each department's rooms into one building, and number them there."""
    numbers: Counter[str] = Counter()
    for room in rooms:
        building = chr(ord("A") + room.department % num_buildings)
        kind = f"{'Lab' if room.is_lab else 'Room'}-{building}"
        numbers[kind] += 1
        yield Room(id=f"{kind}-{numbers[kind]:02}", capacity=room.capacity, building=building)


def _periods(periods: int) -> list[int]:
    return [p for p in range(periods.bit_length()) if periods >> p & 1]


def _union(sets: Iterable[int]) -> int:
    return reduce(or_, sets, 0)
