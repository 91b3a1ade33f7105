"""Problems for the tests of CP-SAT, from those that can be tried out to those too large to end."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import combinations, product
from typing import Any

import pytest

from timetabling.penalties import FORMULATIONS, Formulation, evaluate, formulation
from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable
from timetabling.search import Result, SilentObserver, WorkLimit
from timetabling.solvers import cpsat

__all__ = [
    "EVERY_FORMULATION",
    "UD2",
    "best_of_all",
    "big_problem",
    "course",
    "small_problem",
    "solve",
    "two_worlds",
]

UD2 = formulation("UD2")
EVERY_FORMULATION = pytest.mark.parametrize("rules", FORMULATIONS.values(), ids=FORMULATIONS)


def course(
    name: str, lectures: int = 1, *, teacher: str = "", days: int = 1, students: int = 10
) -> Course:
    return Course(
        id=name,
        teacher=teacher or name,
        num_lectures=lectures,
        min_working_days=days,
        num_students=students,
    )


def small_problem(seed: int, *, num_rooms: int) -> Problem:
    """Four lectures of three courses at most four periods; often too many of them."""
    rng = random.Random(seed)
    courses = tuple(
        Course(
            id=f"c{c}",
            teacher=rng.choice("xyz"),
            num_lectures=lectures,
            min_working_days=rng.randint(1, 2),
            num_students=rng.randint(1, 40),
            wants_double_lectures=rng.random() < 0.7,
        )
        for c, lectures in enumerate(rng.choice([(2, 1, 1), (1, 2, 1), (2, 2, 0), (3, 1, 0)]))
        if lectures
    )
    num_days, per_day = rng.choice([(1, 4), (2, 2), (1, 5), (2, 3)])
    indices = range(len(courses))
    return Problem(
        name="small",
        num_days=num_days,
        periods_per_day=per_day,
        courses=courses,
        rooms=tuple(
            Room(id=f"r{r}", capacity=rng.randint(1, 40), building=rng.choice("ab"))
            for r in range(num_rooms)
        ),
        curricula=tuple(
            Curriculum(id=f"q{q}", courses=tuple(rng.sample(indices, rng.randint(1, 2))))
            for q in range(rng.randint(0, 3))
        ),
        unavailable=frozenset(
            (c, p) for c in indices for p in range(num_days * per_day) if rng.random() < 0.2
        ),
        unsuitable=frozenset(
            (c, r) for c in indices for r in range(num_rooms) if rng.random() < 0.2
        ),
        daily_lectures=(rng.randint(0, 2), rng.randint(2, 3)),
    )


def best_of_all(
    problem: Problem, rules: Formulation, courses: Iterable[int], fixed: tuple[Lecture, ...]
) -> tuple[int, int]:
    """Try every timetable that breaks no hard rule but that lectures are missing."""
    places = list(product(range(problem.num_periods), range(len(problem.rooms))))
    choices = [
        [
            tuple(Lecture(c, *place) for place in chosen)
            for number in range(problem.courses[c].num_lectures + 1)
            for chosen in combinations(places, number)
        ]
        for c in courses
    ]
    best = (10**9, 0)
    for parts in product(*choices):
        lectures = (*fixed, *(lecture for part in parts for lecture in part))
        if len({x[:2] for x in lectures}) < len(lectures):
            continue
        missing = problem.num_lectures - len(lectures)
        if missing <= best[0]:
            score = evaluate(Timetable(problem, lectures), rules)
            if score.num_violations == missing:
                best = min(best, score.order)
    return best


def big_problem(num_courses: int = 60, seed: int = 5) -> Problem:
    """Too large to be solved to the end by any test."""
    rng = random.Random(seed)
    indices = range(num_courses)
    return Problem(
        name="big",
        num_days=5,
        periods_per_day=5,
        courses=tuple(
            course(
                f"c{c}",
                rng.randint(1, 4),
                teacher=f"t{rng.randrange(num_courses // 2)}",
                days=rng.randint(1, 4),
                students=rng.randint(5, 120),
            )
            for c in indices
        ),
        rooms=tuple(Room(id=f"r{r}", capacity=rng.randint(10, 120)) for r in range(9)),
        curricula=tuple(
            Curriculum(id=f"q{q}", courses=tuple(rng.sample(indices, 5)))
            for q in range(num_courses // 2)
        ),
        unavailable=frozenset((c, p) for c in indices for p in range(25) if rng.random() < 0.1),
    )


def two_worlds(num_rooms: int) -> Problem:
    """Courses 0 to 19 and 20 to 39 share rooms and nothing else."""
    rng = random.Random(3)
    return Problem(
        name="two",
        num_days=2,
        periods_per_day=5,
        courses=tuple(
            course(f"c{c}", 2, teacher=f"t{c // 2}", days=2, students=rng.randint(5, 50))
            for c in range(40)
        ),
        rooms=tuple(Room(id=f"r{r}", capacity=10 + 5 * r) for r in range(num_rooms)),
        curricula=tuple(
            Curriculum(id=f"q{q}", courses=tuple(range(q * 4, q * 4 + 4))) for q in range(10)
        ),
        unsuitable=frozenset((c, r) for c in range(40) for r in range(num_rooms) if c % 7 == r),
    )


def solve(problem: Problem, rules: Formulation = UD2, **options: Any) -> Result:
    options = {"start": None, "stop": WorkLimit(20_000_000), "seed": 1, **options}
    return cpsat.solve(problem, formulation=rules, observer=SilentObserver(), **options)
