"""Pinned lectures are placed first, and the engines leave them there."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.timetabling.diary import Diary
from tests.timetabling.solvers.cpsat_cases import EVERY_FORMULATION, UD2, big_problem
from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS, PROBLEM
from timetabling.penalties import Formulation, evaluate, price_changes
from timetabling.pins import place_pinned
from timetabling.problem import Lecture, Pin, Problem, Timetable
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers import cpsat, genetic, repair

PINS = frozenset({Pin(ALGEBRA, 4, LAB), Pin(PHYSICS, 1, None), Pin(MUSIC, None, LAB)})
PINNED = replace(PROBLEM, pins=PINS)


def test_pinned_lectures_come_first_and_push_out_the_last_of_their_course() -> None:
    others = Lecture(ALGEBRA, 1, HALL), Lecture(ALGEBRA, 2, HALL), Lecture(MUSIC, 7, HALL)
    placed = place_pinned(Timetable(PINNED, others)).lectures
    assert placed == (
        Lecture(ALGEBRA, 4, LAB),
        Lecture(PHYSICS, 1, LAB),  # algebra is in the hall
        Lecture(ALGEBRA, 1, HALL),
        Lecture(MUSIC, 7, HALL),  # pinned to a room, and to no period
    )


def test_a_lecture_in_its_pinned_period_keeps_the_room_that_is_not_pinned() -> None:
    start = Timetable(PINNED, (Lecture(PHYSICS, 1, HALL), Lecture(ALGEBRA, 4, HALL)))
    assert place_pinned(start).lectures == (Lecture(ALGEBRA, 4, LAB), Lecture(PHYSICS, 1, HALL))


def test_without_pinned_periods_the_timetable_is_the_same_one() -> None:
    timetable = Timetable(replace(PROBLEM, pins=frozenset({Pin(MUSIC, None, LAB)})))
    assert place_pinned(timetable) is timetable


def _pinned(seed: int, share: float) -> tuple[Problem, Timetable]:
    """A whole timetable, and its problem with a share of it pinned in every way."""
    rng, problem = random.Random(seed), big_problem(40)
    start = cpsat.solve(
        problem,
        formulation=UD2,
        start=None,
        stop=WorkLimit(2_000_000),
        seed=seed,
        observer=SilentObserver(),
        improve=False,
    ).timetable
    pins = {
        Pin(x.course, x.period, rng.choice([None, x.room]))
        for x in start.lectures
        if rng.random() < share
    }
    of_course = Counter(x.course for x in start.lectures)
    pins |= {Pin(x.course, None, x.room) for x in start.lectures[:9] if of_course[x.course] == 1}
    return replace(problem, pins=frozenset(pins)), start


@EVERY_FORMULATION
def test_cpsat_keeps_pins_cluster_by_cluster_and_merged(rules: Formulation) -> None:
    problem, _ = _pinned(1, 0.3)
    base = cpsat.keep(Timetable(problem), rules)
    held = {(x.course, x.period) for x in base.lectures}
    assert held == set(problem.pinned)
    halves = [
        cpsat.solve(
            problem,
            formulation=rules,
            start=base,
            stop=WorkLimit(200_000),
            seed=1,
            observer=SilentObserver(),
            courses=courses,
        ).timetable
        for courses in (range(20), range(20, 40))
    ]
    for half in halves:
        assert evaluate(half, rules).violations["pins"] == 0
        assert set(base.lectures) <= set(half.lectures)
    # Halves conflict here, as clusters of a wave do not: only the pins are looked at.
    merged = cpsat.merge(problem, base, halves, rules)
    assert evaluate(merged, rules).violations["pins"] == 0
    assert set(base.lectures) <= set(merged.lectures)


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_every_engine_makes_a_feasible_timetable_around_the_pins(share: float) -> None:
    problem, start = _pinned(2, share)
    assert evaluate(Timetable(problem, start.lectures), UD2).is_feasible
    empty = Timetable(problem)
    placed = cpsat.solve(
        problem,
        formulation=UD2,
        start=empty,
        stop=WorkLimit(2_000_000),
        seed=1,
        observer=Diary(),
        improve=False,
    )
    moved = cpsat.place_missing(
        problem,
        formulation=UD2,
        start=cpsat.keep(empty, UD2),
        stop=WorkLimit(2_000_000),
        seed=1,
        observer=Diary(),
    )
    found = genetic.solve(
        problem,
        formulation=UD2,
        start=None,
        stop=WorkLimit(400_000),
        seed=1,
        observer=Diary(),
        num_generations=8,
    )
    mended = repair.solve(
        problem,
        formulation=UD2,
        start=found.timetable,
        stop=WorkLimit(50_000),
        seed=1,
        observer=Diary(),
    )
    for result in (placed, moved, found, mended):
        score = evaluate(result.timetable, UD2)
        assert score.violations["pins"] == 0
        assert score.order == (result.violations, result.cost)
    assert placed.violations == found.violations == mended.violations == 0


def test_pins_that_clash_are_all_kept_and_what_they_break_is_counted() -> None:
    clash = frozenset({Pin(ALGEBRA, 1, HALL), Pin(PHYSICS, 1, HALL), Pin(MUSIC, 0, LAB)})
    problem = replace(PROBLEM, pins=clash)
    result = genetic.solve(
        problem,
        formulation=UD2,
        start=cpsat.keep(Timetable(problem), UD2),
        stop=WorkLimit(50_000),
        seed=1,
        observer=Diary(),
        num_generations=4,
    )
    score = evaluate(result.timetable, UD2)
    assert {rule: count for rule, count in score.violations.items() if count} == {
        "conflicts": 1,
        "availability": 1,
        "room_occupancy": 1,
    }


def _disrupted() -> tuple[Problem, Timetable]:
    """A whole timetable, and its problem once a room is unsuitable for all that used it."""
    problem, start = _pinned(3, 0.0)
    closed = start.lectures[0].room
    gone = frozenset((x.course, x.period) for x in start.lectures if x.room == closed)
    return replace(problem, unavailable=problem.unavailable | gone, before=start.lectures), start


def test_a_disrupted_timetable_is_mended_with_few_changes() -> None:
    problem, start = _disrupted()
    rules = price_changes(UD2, 5)
    forced = sum((x.course, x.period) in problem.unavailable for x in start.lectures)
    assert forced > 2
    kept = cpsat.keep(Timetable(problem, problem.before), rules)
    assert len(kept.lectures) == len(start.lectures) - forced
    mended = cpsat.place_missing(
        problem,
        formulation=rules,
        start=kept,
        stop=WorkLimit(4_000_000),
        seed=1,
        observer=Diary(),
    )
    score = evaluate(mended.timetable, rules)
    assert score.is_feasible
    assert forced * 5 <= score.penalties["changes"] <= forced * 5 * 3


def test_a_search_keeps_below_the_most_changes_that_are_allowed() -> None:
    problem, start = _disrupted()
    capped = replace(problem, unavailable=big_problem(40).unavailable, max_changes=7)
    result = genetic.solve(
        capped,
        formulation=UD2,
        start=Timetable(capped, start.lectures),
        stop=WorkLimit(400_000),
        seed=1,
        observer=Diary(),
        num_generations=8,
    )
    before = evaluate(start, UD2)
    assert result.violations == 0
    assert result.cost < before.cost
    assert evaluate(result.timetable, price_changes(UD2, 1)).penalties["changes"] <= 7
