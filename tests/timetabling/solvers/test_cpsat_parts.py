"""What CP-SAT solved in parts, put together: kept, merged, and what is missing placed."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from tests.timetabling.solvers.cpsat_cases import (
    EVERY_FORMULATION,
    UD2,
    course,
    small_problem,
    solve,
    two_worlds,
)
from timetabling.clustering import cluster
from timetabling.formats import read_problem, write_solution
from timetabling.penalties import Formulation, evaluate
from timetabling.problem import Curriculum, Lecture, Problem, Room, Timetable
from timetabling.search import SilentObserver, Stop, WorkLimit
from timetabling.solvers import cpsat
from timetabling.solvers.cpsat_board import Board


@EVERY_FORMULATION
@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_of_a_timetable_breaks_no_rule_and_what_breaks_none_is_kept(
    seed: int, rules: Formulation
) -> None:
    problem = small_problem(400 + seed, num_rooms=2)
    rng = random.Random(seed)
    for _ in range(50):
        lectures = tuple(
            Lecture(c, rng.randrange(problem.num_periods), rng.randrange(2))
            for c in problem.lecture_courses
            for _ in range(rng.randint(0, 2))
        )
        kept = cpsat.keep(Timetable(problem, lectures), rules)
        score = evaluate(kept, rules)
        missing = problem.num_lectures - len(kept.lectures)
        assert score.num_violations == missing
        assert cpsat.keep(kept, rules) == kept
        short = cpsat.lacking(kept, range(len(problem.courses)))
        assert bool(short) == bool(missing)
        assert not set(short) - set(problem.lecture_courses)


def halves(problem: Problem, rules: Formulation, stop: Callable[[], Stop]) -> list[Timetable]:
    """Two clusters without a conflict between them, each placed as if the other were not there."""
    return [
        solve(problem, rules, courses=courses, stop=stop()).timetable
        for courses in (range(20), range(20, 40))
    ]


@EVERY_FORMULATION
@pytest.mark.parametrize("num_rooms", [5, 9])
def test_merged_clusters_break_no_rule_in_any_order(num_rooms: int, rules: Formulation) -> None:
    problem = two_worlds(num_rooms)
    base = Timetable(problem)
    solved = halves(problem, rules, lambda: WorkLimit(5_000))
    merged = {cpsat.merge(problem, base, order, rules) for order in permutations(solved)}
    assert len(merged) == 1
    timetable = merged.pop()
    score = evaluate(timetable, rules)
    missing = problem.num_lectures - len(timetable.lectures)
    assert score.num_violations == missing
    board = Board(problem, rules, timetable.lectures)
    assert not any(board.lacking(c) and board.open_periods(c) for c in range(40))


def test_merging_keeps_what_does_not_collide_and_what_was_fixed() -> None:
    problem = two_worlds(9)
    fixed = Lecture(0, 0, 0)
    base = Timetable(problem, (fixed,))
    one = Timetable(problem, (fixed, Lecture(2, 1, 3), Lecture(4, 2, 5)))
    other = Timetable(problem, (fixed, Lecture(20, 1, 3), Lecture(22, 3, 8)))
    merged = set(cpsat.merge(problem, base, [one, other], UD2).lectures)
    assert {fixed, Lecture(4, 2, 5), Lecture(22, 3, 8)} <= merged
    assert len({lecture.room for lecture in merged if lecture.period == 1}) >= 2


def test_a_missing_lecture_is_placed_by_moving_others() -> None:
    """The third course has one period; the second must give way, and the first in its turn."""
    problem = Problem(
        name="chain",
        num_days=1,
        periods_per_day=3,
        courses=(course("a"), course("b"), course("c")),
        rooms=(Room(id="r", capacity=20),),
        curricula=(Curriculum(id="q", courses=(0, 1, 2)),),
        unavailable=frozenset({(1, 2), (2, 1), (2, 2)}),
    )
    start = Timetable(problem, (Lecture(1, 0, 0), Lecture(0, 1, 0)))
    result = cpsat.place_missing(
        problem,
        formulation=UD2,
        start=start,
        stop=WorkLimit(1_000_000),
        seed=1,
        observer=SilentObserver(),
    )
    assert result.violations == 0


def test_lectures_that_fit_nowhere_stay_missing() -> None:
    problem = Problem(
        name="full",
        num_days=1,
        periods_per_day=1,
        courses=(course("a"), course("b")),
        rooms=(Room(id="r", capacity=20),),
    )
    start = Timetable(problem, (Lecture(0, 0, 0),))
    result = cpsat.place_missing(
        problem,
        formulation=UD2,
        start=start,
        stop=WorkLimit(1_000_000),
        seed=1,
        observer=SilentObserver(),
    )
    assert result.timetable == start


@pytest.mark.slow
@pytest.mark.parametrize("name", ["itc2007/comp02.ectt", "erlangen/erlangen2012_1.ectt"])
def test_real_instances_are_placed_completely(
    name: str,
    instance_path: Callable[[str], Path],
    judge: Callable[[Path, Path, str], dict[str, Any]],
    tmp_path: Path,
) -> None:
    problem = read_problem(instance_path(name))
    clustering = cluster(problem, max_courses=50, seed=1, observer=SilentObserver())
    timetable = Timetable(problem)
    for wave in clustering.waves:
        solved = [
            solve(
                problem, start=timetable, courses=clustering.clusters[i], stop=WorkLimit(200_000)
            ).timetable
            for i in wave
        ]
        timetable = cpsat.merge(problem, timetable, solved, UD2)
    write_solution(timetable, tmp_path / "solution")
    said = judge(instance_path(name), tmp_path / "solution", "UD2")
    assert said["violations"] == 0
    assert said["cost"] == evaluate(timetable, UD2).cost
