"""Small problems and timetables, made at random, in which every rule has something to say."""

from __future__ import annotations

import random
from dataclasses import replace

from timetabling.problem import (
    COURSE_RULES,
    MAX_WEIGHT,
    Course,
    CourseWeight,
    Curriculum,
    Lecture,
    Pin,
    Problem,
    Room,
    Timetable,
)

__all__ = ["random_problem", "random_timetable", "with_a_past", "with_preferences"]


def random_problem(rng: random.Random) -> Problem:
    """A few courses that have much in common."""
    courses = tuple(
        Course(
            id=f"c{i}",
            teacher=f"t{rng.randrange(4)}",
            num_lectures=rng.randrange(1, 5),
            min_working_days=rng.randrange(4),
            num_students=rng.randrange(60),
            wants_double_lectures=rng.random() < 0.5,
        )
        for i in range(rng.randrange(1, 8))
    )
    days, per_day, rooms = rng.randrange(1, 4), rng.randrange(1, 6), rng.randrange(1, 4)
    return Problem(
        name="random",
        num_days=days,
        periods_per_day=per_day,
        courses=courses,
        rooms=tuple(
            Room(id=f"r{i}", capacity=rng.randrange(60), building=rng.choice("ab"))
            for i in range(rooms)
        ),
        curricula=tuple(
            Curriculum(
                id=f"q{i}",
                courses=tuple(rng.sample(range(len(courses)), rng.randint(0, len(courses)))),
            )
            for i in range(rng.randrange(4))
        ),
        unavailable=frozenset(
            (rng.randrange(len(courses)), rng.randrange(days * per_day)) for _ in range(5)
        ),
        unsuitable=frozenset((rng.randrange(len(courses)), rng.randrange(rooms)) for _ in range(3)),
        daily_lectures=rng.choice([None, (1, 2), (2, 3), (0, 0)]),
    )


def with_a_past(problem: Problem, rng: random.Random) -> Problem:
    """The same with pins, and with a timetable that people have."""

    def somewhere() -> tuple[int, int, int]:
        course = rng.randrange(len(problem.courses))
        return course, rng.randrange(problem.num_periods), rng.randrange(len(problem.rooms))

    course, period, room = somewhere()
    before = {each[:2]: Lecture(*each) for each in (somewhere() for _ in range(6))}
    return replace(
        problem,
        pins=frozenset({Pin(course, period, rng.choice([None, room])), Pin(course, None, room)}),
        before=tuple(before.values()),
        max_changes=rng.choice([None, 0, 2]),
    )


def with_preferences(problem: Problem, rng: random.Random) -> Problem:
    """The same with undesired times, and with rules that cost otherwise for some courses."""
    courses, periods = range(len(problem.courses)), range(problem.num_periods)
    return replace(
        problem,
        undesired=frozenset((c, p) for c in courses for p in periods if rng.random() < 0.2),
        course_weights=frozenset(
            CourseWeight(c, rule, rng.choice([0, 1, rng.randint(2, 10), MAX_WEIGHT]))
            for c in courses
            for rule in COURSE_RULES
            if rng.random() < 0.3
        ),
    )


def random_timetable(problem: Problem, rng: random.Random) -> Timetable:
    """Lectures anywhere: some missing, some too many, some twice at one time, many at odds."""
    lectures = [
        Lecture(c, rng.randrange(problem.num_periods), rng.randrange(len(problem.rooms)))
        for c, course in enumerate(problem.courses)
        for _ in range(max(0, course.num_lectures + rng.choice([-1, 0, 0, 1])))
    ]
    rng.shuffle(lectures)
    return Timetable(problem, tuple(lectures))
