"""Whatever the data check claims is so: against every timetable there is, and real instances."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.timetabling.check.instances import least_cost_of_all, tiny_problems
from tests.timetabling.random_problem import with_preferences
from timetabling.check import Finding, check
from timetabling.check.assignment import Assignment
from timetabling.formats import read_problem
from timetabling.generator import generate
from timetabling.penalties import FORMULATIONS, Formulation, evaluate
from timetabling.problem import Pin, Problem
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers.bound import lower_bound

RULES = st.sampled_from(list(FORMULATIONS.values()))
UNHURRIED = settings(
    max_examples=45, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip


def proofs(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.is_impossible]


@UNHURRIED
@given(tiny_problems(), RULES, st.integers(0, 9))
def test_what_is_claimed_holds_for_every_timetable_there_is(
    problem: Problem, rules: Formulation, wishes: int
) -> None:
    if wishes:
        problem = with_preferences(problem, Random(wishes))
    findings = check(problem, rules)
    least = least_cost_of_all(problem, rules)
    if proofs(findings):
        assert least is None, [finding.message for finding in proofs(findings)]
    if least is not None:
        assert sum(finding.least_cost for finding in findings) <= least
    for finding in proofs(findings):
        assert finding.needed > finding.available >= 0


def test_most_tiny_problems_without_a_timetable_are_seen_to_have_none() -> None:
    counted: Counter[tuple[bool, bool]] = Counter()

    @settings(UNHURRIED, max_examples=30, database=None)
    @given(tiny_problems(), RULES)
    def look(problem: Problem, rules: Formulation) -> None:
        is_possible = least_cost_of_all(problem, rules) is not None
        counted[is_possible, bool(proofs(check(problem, rules)))] += 1

    look()
    assert counted[True, True] == 0
    assert counted[True, False] > 10
    assert counted[False, True] > 10
    assert counted[False, True] > 4 * counted[False, False]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_called_impossible_where_a_timetable_is_known_and_any_of_it_is_pinned(
    seed: int,
) -> None:
    problem, witness = generate(20 + 20 * seed, seed=seed)
    rng = Random(seed)
    room_of: dict[int, set[int]] = {}
    for lecture in witness.lectures:
        room_of.setdefault(lecture.course, set()).add(lecture.room)
    for share in (0.0, 0.2, 0.9):
        pins = {
            Pin(c, period, rng.choice([room, None]))
            for c, period, room in witness.lectures
            if rng.random() < share
        } | {Pin(c, None, *rooms) for c, rooms in room_of.items() if len(rooms) == 1 and share}
        pinned = replace(problem, pins=frozenset(pins))
        for rules in FORMULATIONS.values():
            if evaluate(witness, rules).is_feasible:
                findings = check(pinned, rules)
                assert proofs(findings) == []
                least = sum(finding.least_cost for finding in findings)
                assert least <= evaluate(witness, rules).cost


@pytest.mark.parametrize("rules", FORMULATIONS.values(), ids=FORMULATIONS)
def test_what_all_findings_cost_is_what_the_lower_bound_begins_with(rules: Formulation) -> None:
    for seed in range(3):
        problem, _ = generate(40, seed=seed)
        smaller = (replace(room, capacity=room.capacity * 2 // 3) for room in problem.rooms)
        crowded = replace(problem, rooms=tuple(smaller))
        bound = lower_bound(
            crowded, formulation=rules, stop=WorkLimit(0), seed=1, observer=SilentObserver()
        )
        assert sum(finding.least_cost for finding in check(crowded, rules)) == bound


@settings(deadline=None, derandomize=True)
@given(st.data())
def test_a_violator_is_one_and_without_any_of_its_members_it_is_none(data: st.DataObject) -> None:
    num_places = data.draw(st.integers(1, 6))
    places = data.draw(
        st.lists(st.lists(st.sampled_from(range(num_places)), unique=True), min_size=1, max_size=6)
    )
    once = data.draw(st.booleans())
    demand = Assignment(
        needs=[data.draw(st.integers(0, 4)) for _ in places],
        places=places,
        capacity=[data.draw(st.integers(0, 3)) for _ in range(num_places)],
        once=once,
    )
    everyone = range(len(places))
    subsets = [[d for d in everyone if chosen >> d & 1] for chosen in range(1, 1 << len(places))]

    def is_lacking(demands: list[int]) -> bool:
        return sum(demand.needs[d] for d in demands) > demand.supply(demands)

    found = list(demand.violator())
    assert bool(found) == any(map(is_lacking, subsets))
    if found:
        assert is_lacking(found)
        assert not any(is_lacking([d for d in found if d != left_out]) for left_out in found)


SOLVABLE = [
    *(f"itc2007/comp{number:02}.ectt" for number in (1, 3, 5, 11)),
    "dds/DDS1.ectt",
    "easyacademy/EA01.ectt",
    "erlangen/erlangen2012_1.ectt",
    "test/test1.ectt",
    "udine/Udine1.ectt",
]


@pytest.mark.parametrize("name", SOLVABLE)
def test_nothing_is_called_impossible_in_instances_that_were_solved(
    name: str, instance_path: Callable[[str], Path]
) -> None:
    problem = read_problem(instance_path(name))
    for rules in ("UD2", "UD5"):
        assert proofs(check(problem, FORMULATIONS[rules])) == []
