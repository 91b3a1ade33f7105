"""Realistic instances of any size, each with a timetable that proves it can be solved.

The timetable is made along with the instance: courses are placed one by one, and teachers,
curricula and unavailable periods are then chosen so that they fit what is already placed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from timetabling.generator.courses import invent_courses, invent_curricula, name_departments
from timetabling.generator.drafts import RoomDraft, Week, periods_of
from timetabling.generator.placement import hire, is_suitable, place, send_away
from timetabling.problem import Course, Lecture, Problem, Room, Timetable

__all__ = ["GeneratedInstance", "generate"]

MAX_COURSES = 10_000


class GeneratedInstance(NamedTuple):
    """A problem, and a timetable of it that breaks no hard rule of any formulation."""

    problem: Problem
    witness: Timetable


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
    unless said otherwise. They hold for 99 of 100 seeds, from 40 courses and in the default week:

    - 2.9 to 3.7 lectures a course, 1 to 6 each (2.5 to 5.4);
    - rooms in use for 54 to 75 % of the week (47 to 89 %, DDS1 57 %), each with about as many
      seats as its largest course has students, so that large rooms are few;
    - 48 to 90 curricula on 100 courses (43 to 99, more in comp05 and comp12) of 4.4 to 5.8
      courses on average (2.9 to 4.2, DDS 4 to 14), filling 44 to 61 % of the week on average
      (30 to 54 %) and never more than 75 % (up to 88 %);
    - 5 to 10 conflicting courses for each course on average (3 to 12, Erlangen 22);
    - 1.4 to 2.2 courses a teacher, 4 at most (1.1 to 1.3, Erlangen 2 to 2.7);
    - courses unavailable for 12 to 30 % of the week (6 to 43 %);
    - 5 to 25 % of pairs of course and room unsuitable (7 to 15 %, Erlangen 66 to 81 %);
    - the median course has 20 to 120 students, the largest 70 to 500 (14 to 93, 75 to 440).

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
    week = Week(num_days, periods_per_day)

    departments = name_departments(num_courses)
    cohorts, courses = invent_courses(num_courses, departments, week, rng)
    rooms = place(courses, week, rng)
    teachers = hire(courses, departments, rng)
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
        curricula=tuple(invent_curricula(cohorts, departments, week, rng)),
        unavailable=frozenset(send_away(teachers, week, rng)),
        unsuitable=frozenset(
            (course.index, r)
            for r, room in enumerate(rooms)
            for course in courses
            if not is_suitable(room, course)
        ),
        daily_lectures=(2, max(2, math.ceil(periods_per_day * 2 / 3))),
    )
    lectures = (Lecture(c.index, p, c.room) for c in courses for p in periods_of(c.periods))
    return GeneratedInstance(problem, Timetable(problem, tuple(lectures)))


def _name_rooms(rooms: Sequence[RoomDraft], num_buildings: int) -> Iterator[Room]:
    """Put each department's rooms into one building, and number them there."""
    numbers: Counter[str] = Counter()
    for room in rooms:
        building = chr(ord("A") + room.department % num_buildings)
        kind = f"{'Lab' if room.is_lab else 'Room'}-{building}"
        numbers[kind] += 1
        yield Room(id=f"{kind}-{numbers[kind]:02}", capacity=room.capacity, building=building)
