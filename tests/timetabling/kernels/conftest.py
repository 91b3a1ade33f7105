"""Small problems of every kind, for the property tests of the kernels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest

from tests.timetabling.random_problem import with_preferences
from timetabling.problem import Course, Curriculum, Lecture, Pin, Problem, Room


def _random_problem(seed: int) -> Problem:
    """Invent a problem that is tight, odd, and as likely as not impossible."""
    random = Random(seed)
    days, per_day = random.randint(1, 4), random.randint(1, 6)
    periods = days * per_day
    courses = tuple(
        Course(
            id=f"c{i}",
            teacher=f"t{random.randrange(6)}",
            num_lectures=random.randint(1, min(5, periods)),
            min_working_days=random.randint(0, days),
            num_students=random.randint(0, 60),
            wants_double_lectures=random.random() < 0.5,
        )
        for i in range(random.randint(1, 8))
    )
    rooms = tuple(
        Room(id=f"r{i}", capacity=random.randint(10, 60), building=f"b{random.randrange(3)}")
        for i in range(random.randint(1, 4))
    )
    curricula = tuple(
        Curriculum(
            id=f"q{i}",
            courses=tuple(random.sample(range(len(courses)), random.randint(1, len(courses)))),
        )
        for i in range(random.randint(0, 5))
    )
    fewest = random.randint(0, 3)
    return Problem(
        name=f"random {seed}",
        num_days=days,
        periods_per_day=per_day,
        courses=courses,
        rooms=rooms,
        curricula=curricula,
        unavailable=frozenset(
            (c, p) for c in range(len(courses)) for p in range(periods) if random.random() < 0.1
        ),
        unsuitable=frozenset(
            (c, r) for c in range(len(courses)) for r in range(len(rooms)) if random.random() < 0.2
        ),
        daily_lectures=(fewest, fewest + random.randint(0, 3)) if random.random() < 0.8 else None,
    )


def _invent(seed: int) -> Problem:
    problem = _random_problem(seed)
    first, *others = problem.courses
    if others and seed % 5 == 4:
        problem = replace(problem, courses=(replace(first, num_lectures=0), *others))
    return with_preferences(problem, Random(seed)) if seed % 2 else problem


def _with_history(problem: Problem, seed: int) -> Problem:
    """Pin some lectures, as likely as not against other rules, and say what was before."""
    random = Random(seed)
    rooms, pins, before = range(len(problem.rooms)), set(), []
    for c, course in enumerate(problem.courses):
        periods = random.sample(range(problem.num_periods), course.num_lectures)
        pinned = random.randint(0, course.num_lectures) if random.random() < 0.5 else 0
        pins |= {Pin(c, p, random.choice([None, *rooms])) for p in periods[:pinned]}
        if random.random() < 0.3:
            pins.add(Pin(c, None, random.choice(rooms)))
        before += [Lecture(c, p, random.choice(rooms)) for p in periods if random.random() < 0.8]
    most = random.choice([None, 0, 2, len(before) // 2])
    return replace(problem, pins=frozenset(pins), before=tuple(before), max_changes=most)


@pytest.fixture(scope="session")
def pinned_problem() -> Callable[[int], Problem]:
    """Invent a small problem with pins and a timetable before, from a seed."""
    return lambda seed: _with_history(_invent(seed), seed)


@pytest.fixture(scope="session")
def random_problem() -> Callable[[int], Problem]:
    """Invent a small problem from a seed; with preferences, or a course without lectures."""
    return _invent
