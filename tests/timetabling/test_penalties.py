"""The penalties: each rule by hand on a tiny problem, and all of them against another program."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS, PROBLEM
from timetabling.formats import read_problem, read_solution, write_solution
from timetabling.penalties import (
    FORMULATIONS,
    RULES,
    Score,
    evaluate,
    formulation,
    price_changes,
)
from timetabling.problem import Curriculum, Lecture, Pin, Problem, Timetable

Judge = Callable[[Path, Path, str], dict[str, Any]]
Find = Callable[[str], Path]

# Nothing is wrong with it under any formulation.
GOOD = {
    ALGEBRA: {0: HALL, 4: HALL},
    PHYSICS: {1: HALL, 5: HALL},
    MUSIC: {7: HALL},
}


# Some of it is pinned, and people have all of it already.
KNOWN = replace(
    PROBLEM,
    undesired=frozenset({(PHYSICS, 3), (MUSIC, 3)}),
    pins=frozenset({Pin(ALGEBRA, 0, HALL), Pin(PHYSICS, 1, None), Pin(MUSIC, None, HALL)}),
    before=tuple(Lecture(c, p, room) for c, at in GOOD.items() for p, room in at.items()),
    max_changes=1,
)


def _timetable(places: dict[int, dict[int, int]]) -> Timetable:
    return Timetable(
        PROBLEM,
        tuple(Lecture(course, p, room) for course, at in places.items() for p, room in at.items()),
    )


def _count(rule: str, places: dict[int, dict[int, int]], problem: Problem = KNOWN) -> int:
    """Count one rule, whatever its weight, through the formulation that has it."""
    known = [*FORMULATIONS.values(), price_changes(formulation("UD2"), 3)]
    rules = next(f for f in known if rule in (*f.hard, *f.weights))
    score = evaluate(replace(_timetable(places), problem=problem), rules)
    return (
        score.violations[rule]
        if rule in rules.hard
        else score.penalties[rule] // rules.weights[rule]
    )


@pytest.mark.parametrize("name", FORMULATIONS)
def test_a_good_timetable_costs_nothing(name: str) -> None:
    score = evaluate(_timetable(GOOD), formulation(name))
    assert score.is_feasible
    assert score.cost == 0
    assert score.order == (0, 0)


# A rule, what is changed in the good timetable, and how often the rule is then broken.
CASES: dict[str, tuple[str, dict[int, dict[int, int]], int]] = {
    "a missing lecture": ("lectures", {MUSIC: {}}, 1),
    "a surplus lecture": ("lectures", {MUSIC: {6: HALL, 7: HALL}}, 1),
    "one missing and one surplus do not cancel": (
        "lectures",
        {MUSIC: {}, PHYSICS: {1: HALL, 2: HALL, 5: HALL}},
        2,
    ),
    "two courses of a curriculum at once": ("conflicts", {PHYSICS: {0: LAB, 5: HALL}}, 1),
    "two courses of a teacher at once": ("conflicts", {MUSIC: {5: LAB}}, 1),
    "courses of nobody in common at once": ("conflicts", {MUSIC: {4: LAB}}, 0),
    "an unavailable period": ("availability", {MUSIC: {0: LAB}}, 1),
    "two lectures in a room": ("room_occupancy", {MUSIC: {5: HALL}}, 1),
    "three lectures in a room": (
        "room_occupancy",
        {MUSIC: {5: HALL}, ALGEBRA: {0: HALL, 5: HALL}},
        2,
    ),
    "seats missing in each lecture": ("room_capacity", {ALGEBRA: {0: LAB, 4: LAB}}, 24),
    "a working day missing": ("min_working_days", {ALGEBRA: {0: HALL, 1: HALL}}, 1),
    "both working days missing": ("min_working_days", {ALGEBRA: {}}, 2),
    "a second room": ("room_stability", {PHYSICS: {1: HALL, 5: LAB}}, 1),
    "an unsuitable room": ("room_suitability", {MUSIC: {7: LAB}}, 1),
    "two lectures of a day apart": ("double_lectures", {ALGEBRA: {0: HALL, 2: HALL}}, 2),
    "two lectures of a day in two rooms": ("double_lectures", {ALGEBRA: {0: HALL, 1: LAB}}, 2),
    "two lectures of a day in a row": ("double_lectures", {ALGEBRA: {0: HALL, 1: HALL}}, 0),
    "a third lecture apart": ("double_lectures", {ALGEBRA: {0: HALL, 1: HALL, 3: HALL}}, 1),
    "two lectures apart that may be": ("double_lectures", {PHYSICS: {0: HALL, 2: HALL}}, 0),
    "last and first period are not in a row": ("double_lectures", {ALGEBRA: {3: HALL, 4: HALL}}, 0),
    "a lecture at an undesired time": ("undesired_times", {PHYSICS: {1: HALL, 3: HALL}}, 1),
    "a time that is undesired for others": ("undesired_times", {ALGEBRA: {3: HALL, 4: HALL}}, 0),
    "a lecture alone and the one it left": ("isolated_lectures", {PHYSICS: {3: HALL, 5: HALL}}, 2),
    "a night between is no neighbour": (
        "isolated_lectures",
        {ALGEBRA: {3: HALL, 4: HALL}, PHYSICS: {}},
        2,
    ),
    "two isolated lectures at once": (
        "isolated_lectures",
        {ALGEBRA: {1: LAB, 4: HALL}, PHYSICS: {1: HALL, 5: HALL}},
        2,
    ),
    "a course of no curriculum is never isolated": ("isolated_lectures", {MUSIC: {2: LAB}}, 0),
    "two free periods between": ("windows", {PHYSICS: {3: HALL, 5: HALL}}, 2),
    "two windows of a day": ("windows", {ALGEBRA: {0: HALL}, PHYSICS: {2: HALL, 7: HALL}}, 1),
    "too few lectures a day": ("student_load", {PHYSICS: {5: HALL}}, 1),
    "too many lectures a day": ("student_load", {ALGEBRA: {0: HALL, 2: HALL, 3: HALL}}, 2),
    "no lecture on a day is fine": ("student_load", {ALGEBRA: {4: HALL}, PHYSICS: {5: HALL}}, 0),
    "a walk between two periods": ("travel_distance", {PHYSICS: {1: LAB, 5: HALL}}, 1),
    "a walk with a period to spare": ("travel_distance", {PHYSICS: {2: LAB, 5: HALL}}, 0),
    "a walk over night": ("travel_distance", {ALGEBRA: {3: HALL}, PHYSICS: {4: LAB}}, 0),
    "a pinned lecture elsewhere": ("pins", {ALGEBRA: {1: HALL, 4: HALL}}, 1),
    "a pinned lecture in another room": ("pins", {ALGEBRA: {0: LAB, 4: HALL}}, 1),
    "a lecture pinned to a period alone in another room": ("pins", {PHYSICS: {1: LAB}}, 0),
    "a course out of its pinned room": ("pins", {MUSIC: {6: LAB, 7: LAB}}, 2),
    "a lecture at another time": ("changes", {MUSIC: {6: HALL}}, 1),
    "a lecture in another room": ("changes", {MUSIC: {7: LAB}}, 1),
    "two lectures that change places": ("changes", {MUSIC: {5: HALL}, PHYSICS: {7: HALL}}, 3),
    "as many changes as allowed": ("max_changes", {MUSIC: {6: HALL}}, 0),
    "more changes than allowed": ("max_changes", {MUSIC: {}, ALGEBRA: {1: LAB}}, 2),
    "two walks from one lecture": ("travel_distance", {PHYSICS: {1: LAB, 5: LAB}}, 2),
}


@pytest.mark.parametrize(("rule", "change", "expected"), CASES.values(), ids=CASES)
def test_a_rule_counts_by_hand(rule: str, change: dict[int, dict[int, int]], expected: int) -> None:
    assert _count(rule, GOOD | change) == expected


def test_every_rule_is_counted_by_hand() -> None:
    assert {rule for rule, _, _ in CASES.values()} == set(RULES)


def test_a_conflict_for_two_reasons_counts_once() -> None:
    courses = (PROBLEM.courses[ALGEBRA], replace(PROBLEM.courses[PHYSICS], teacher="Noether"))
    both = replace(
        PROBLEM,
        courses=(*courses, PROBLEM.courses[MUSIC]),
        curricula=(*PROBLEM.curricula, Curriculum(id="second", courses=(PHYSICS, ALGEBRA))),
    )
    assert _count("conflicts", GOOD | {PHYSICS: {0: LAB, 5: HALL}}, both) == 1


def test_each_curriculum_of_a_lecture_pays_for_its_isolation() -> None:
    twice = replace(
        PROBLEM,
        curricula=(*PROBLEM.curricula, Curriculum(id="second", courses=(ALGEBRA,))),
    )
    assert _count("isolated_lectures", GOOD, twice) == 2


def test_without_limits_no_daily_load_is_wrong() -> None:
    boundless = replace(PROBLEM, daily_lectures=None)
    assert _count("student_load", GOOD | {PHYSICS: {5: HALL}}, boundless) == 0


def test_weights_multiply_the_counts() -> None:
    places = GOOD | {PHYSICS: {3: LAB, 5: HALL}}
    score = evaluate(_timetable(places), formulation("UD2"))
    assert score.penalties == {
        "room_capacity": 2,
        "min_working_days": 0,
        "isolated_lectures": 4,
        "room_stability": 1,
    }
    assert score.cost == 7


def test_an_unsuitable_room_is_a_violation_in_ud4_and_a_penalty_in_ud3() -> None:
    timetable = _timetable(GOOD | {MUSIC: {7: LAB}})
    assert evaluate(timetable, formulation("UD4")).num_violations == 1
    assert evaluate(timetable, formulation("UD3")).cost == 3
    assert evaluate(timetable, formulation("UD2")).order == (0, 0)


def test_pins_and_most_changes_are_told_where_there_are_any_and_changes_where_they_cost() -> None:
    plain = evaluate(_timetable(GOOD), formulation("UD2"))
    known = Timetable(KNOWN, _timetable(GOOD | {MUSIC: {6: HALL}}).lectures)
    assert {"pins", "max_changes", "changes"}.isdisjoint({*plain.violations, *plain.penalties})
    score = evaluate(known, price_changes(formulation("UD2"), 3))
    assert {"pins", "max_changes"} <= set(score.violations)
    assert score.penalties["changes"] == 3
    assert price_changes(price_changes(formulation("UD2"), 3), 0) == formulation("UD2")


def test_fewer_violations_are_better_than_any_cost() -> None:
    costly = Score(violations={"lectures": 0}, penalties={"windows": 999})
    broken = Score(violations={"lectures": 1}, penalties={"windows": 0})
    assert costly.order < broken.order


def test_an_unknown_formulation_is_told_the_known_ones() -> None:
    with pytest.raises(ValueError, match="expected one of UD1, UD2, UD3, UD4, UD5, got 'UD6'"):
        formulation("UD6")


def _random_timetable(problem: Problem, rng: random.Random, *, doubled: float = 0.1) -> Timetable:
    """Place lectures anywhere: some missing, some surplus, some twice at one time, many at odds."""
    lectures = []
    for course, wanted in enumerate(problem.courses):
        # A window of few periods makes days full, and neighbours and clashes common.
        start = rng.randrange(problem.num_periods)
        width = rng.choice([2, problem.periods_per_day, problem.num_periods])
        for _ in range(max(0, wanted.num_lectures + rng.choice([-1, 0, 0, 0, 1]))):
            period = (start + rng.randrange(width)) % problem.num_periods
            lectures.append(Lecture(course, period, rng.randrange(len(problem.rooms))))
            if rng.random() < doubled:
                lectures.append(lectures[-1]._replace(room=rng.randrange(len(problem.rooms))))
    rng.shuffle(lectures)
    return Timetable(problem, tuple(lectures))


@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(FORMULATIONS)))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_the_order_of_lectures_that_are_not_doubled_does_not_matter(seed: int, name: str) -> None:
    rng = random.Random(seed)
    lectures = list({x[:2]: x for x in _random_timetable(PROBLEM, rng).lectures}.values())
    expected = evaluate(Timetable(PROBLEM, tuple(lectures)), formulation(name))
    rng.shuffle(lectures)
    assert evaluate(Timetable(PROBLEM, tuple(lectures)), formulation(name)) == expected


@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(FORMULATIONS)))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_of_a_doubled_lecture_only_the_first_counts(seed: int, name: str) -> None:
    timetable = _random_timetable(PROBLEM, random.Random(seed), doubled=0.5)
    first: dict[tuple[int, ...], Lecture] = {}
    for lecture in timetable.lectures:
        first.setdefault(lecture[:2], lecture)
    single = Timetable(PROBLEM, tuple(first.values()))
    assert evaluate(timetable, formulation(name)) == evaluate(single, formulation(name))


def _check_agreement(instance: Path, folder: Path, judge: Judge, *, seed: int) -> None:
    problem = read_problem(instance)
    timetable = _random_timetable(problem, random.Random(seed))
    solution = folder / "random.sol"
    write_solution(timetable, solution)
    for name, rules in FORMULATIONS.items():
        ours, theirs = evaluate(timetable, rules), judge(instance, solution, name)
        assert ours.violations == theirs["hard"], (instance.name, name)
        assert ours.penalties == theirs["soft"], (instance.name, name)
        assert (ours.num_violations, ours.cost) == (theirs["violations"], theirs["cost"])
        assert evaluate(read_solution(solution, problem), rules) == ours


@pytest.mark.parametrize(
    "name", ["itc2007/comp01.ctt", "itc2007/comp05.ectt", "dds/DDS3.ectt", "test/toy.ectt"]
)
@pytest.mark.parametrize("seed", range(3))
def test_random_timetables_cost_what_an_independent_judge_says(
    instance_path: Find, judge: Judge, tmp_path: Path, name: str, seed: int
) -> None:
    _check_agreement(instance_path(name), tmp_path, judge, seed=seed)


@pytest.mark.slow
def test_on_every_real_instance_an_independent_judge_agrees(
    shared_instances: Path, judge: Judge, tmp_path: Path
) -> None:
    instances = sorted(shared_instances.glob("*/*.*tt"))
    assert instances
    for seed, instance in enumerate(instances):
        _check_agreement(instance, tmp_path, judge, seed=seed)
