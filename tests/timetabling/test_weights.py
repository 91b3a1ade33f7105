"""Weights of soft rules may be changed, added and taken out; what is wrong is told."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.random_problem import random_problem, random_timetable
from tests.timetabling.test_view import _costs
from tests.timetabling.weighings import SOFT_RULES, random_rules
from timetabling.penalties import FORMULATIONS, RULES, evaluate, formulation
from timetabling.problem import MAX_WEIGHT
from timetabling.view import document


def test_a_changed_formulation_says_what_is_changed_and_keeps_the_rest() -> None:
    rules = formulation("UD2", {"windows": 3, "isolated_lectures": 0, "travel_distance": 1})
    assert rules.name == "UD2 with isolated_lectures 0, windows 3, travel_distance 1"
    assert rules.hard == FORMULATIONS["UD2"].hard
    assert rules.weights == {
        "room_capacity": 1, "min_working_days": 5, "room_stability": 1, "windows": 3,
        "undesired_times": 2, "travel_distance": 1,
    }  # fmt: skip


def test_weights_that_change_nothing_leave_the_formulation_as_it_is() -> None:
    for weights in (None, {}, {"room_stability": 1, "windows": 0}):
        assert formulation("UD2", weights) is FORMULATIONS["UD2"]


def test_the_order_in_which_weights_are_given_makes_no_difference() -> None:
    one, other = ({"windows": 3, "student_load": 2}, {"student_load": 2, "windows": 3})
    assert repr(formulation("UD2", one)) == repr(formulation("UD2", other))


def test_every_soft_rule_may_be_left_out() -> None:
    for name, base in FORMULATIONS.items():
        assert formulation(name, dict.fromkeys(base.weights, 0)).weights == {}


@pytest.mark.parametrize(
    ("name", "weights", "told"),
    [
        ("UD2", {"window": 3}, "got 'window'; did you mean 'windows'?"),
        ("UD2", {"comfort": 3}, "weights: expected one of room_capacity, .*, got 'comfort'$"),
        ("UD2", {"windows": -1}, "weight of windows: expected 0 to 100, got -1"),
        ("UD2", {"windows": MAX_WEIGHT + 1}, "weight of windows: expected 0 to 100, got 101"),
        ("UD2", {"conflicts": 1}, "weight of conflicts: expected a soft rule, got a hard one"),
        ("UD4", {"room_suitability": 1}, "expected a soft rule, got a hard one of UD4"),
    ],
)
def test_a_weight_that_cannot_be_is_refused(name: str, weights: dict[str, int], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        formulation(name, weights)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_a_unit_costs_its_weight_and_the_reasons_add_up_to_the_cost(seed: int) -> None:
    rng, rules = random.Random(seed), random_rules(seed)
    timetable = random_timetable(random_problem(rng), rng)
    score, found = evaluate(timetable, rules), document(timetable, rules)
    assert set(score.penalties) <= set(SOFT_RULES)
    for rule, cost in score.penalties.items():
        alone = {other: int(other == rule) for other in RULES if other not in rules.hard}
        units = evaluate(timetable, formulation(rules.name[:3], alone)).cost
        assert cost == rules.weights[rule] * units
    assert +_costs(found) == +Counter(score.penalties)
    assert found["cost"] == score.cost
    assert found["formulation"] == rules.name
