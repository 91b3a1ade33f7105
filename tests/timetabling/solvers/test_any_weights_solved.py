"""Every engine solves, and the bound holds, whatever the weights are."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.timetabling.random_problem import with_preferences
from tests.timetabling.solvers.cpsat_cases import best_of_all, small_problem, solve
from tests.timetabling.weighings import random_rules
from timetabling.generator import generate
from timetabling.penalties import evaluate
from timetabling.problem import Timetable
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers import bound, genetic, repair


def options(work: int) -> dict[str, Any]:
    return {"stop": WorkLimit(work), "seed": 1, "observer": SilentObserver()}


@pytest.mark.parametrize("seed", range(20))
def test_no_timetable_of_all_there_are_costs_less_than_the_bound(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, rules = small_problem(500 + seed, num_rooms=1 + seed % 2), random_rules(seed)
    if seed % 4 > 1:
        problem = with_preferences(problem, Random(seed))
    missing, best = best_of_all(problem, rules, range(len(problem.courses)), ())
    for whole_share in (bound.WHOLE_SHARE, 0.0):  # all curricula at once, and by groups alone
        monkeypatch.setattr(bound, "WHOLE_SHARE", whole_share)
        for work in (0, 1_000_000):
            found = bound.lower_bound(problem, formulation=rules, **options(work))
            assert missing or 0 <= found <= best


@pytest.mark.parametrize("seed", range(20))
def test_with_one_room_nothing_is_better_than_what_cp_sat_finds(seed: int) -> None:
    problem, rules = small_problem(700 + seed, num_rooms=1), random_rules(seed)
    if seed % 2:
        problem = with_preferences(problem, Random(seed))
    result = solve(problem, rules)
    best = best_of_all(problem, rules, range(len(problem.courses)), ())
    assert (result.violations, result.cost) == best


@pytest.mark.parametrize("seed", range(3))
def test_searches_give_what_they_say_and_the_bound_is_below_it(seed: int) -> None:
    (problem, witness), rules = generate(25, seed=seed), random_rules(seed)
    problem = with_preferences(problem, Random(seed))
    witness = Timetable(problem, witness.lectures)
    least = bound.lower_bound(problem, formulation=rules, **options(300_000))
    before = evaluate(witness, rules)
    for engine in (genetic, repair):
        result = engine.solve(problem, formulation=rules, start=witness, **options(300_000))
        score = evaluate(result.timetable, rules)
        assert (result.violations, result.cost) == score.order <= before.order
        assert score.num_violations or least <= score.cost
