"""What other places would cost a lecture: exact, rule by rule, and blocked where it says so."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling import tiny_problem
from tests.timetabling.random_problem import random_problem, random_timetable
from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS
from timetabling.penalties import FORMULATIONS, Formulation, Score, evaluate, formulation
from timetabling.places import Place, cheapest, other_places, reasons
from timetabling.problem import Curriculum, Lecture, Pin, Problem, Timetable


def moved(timetable: Timetable, lecture: Lecture, period: int, room: int) -> Timetable:
    lectures = list(timetable.lectures)
    lectures[lectures.index(lecture)] = Lecture(lecture.course, period, room)
    return Timetable(timetable.problem, tuple(lectures))


def difference(after: Score, before: Score) -> dict[str, int]:
    was = {**before.violations, **before.penalties}
    return {rule: n - was[rule] for rule, n in {**after.violations, **after.penalties}.items()}


def told(change: Score) -> dict[str, int]:
    return {**change.violations, **change.penalties}


@pytest.mark.parametrize("name", FORMULATIONS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_change_is_what_all_the_rules_say_counted_anew(name: str, seed: int) -> None:
    rng, rules = random.Random(seed), formulation(name)
    timetable = random_timetable(random_problem(rng), rng)
    if not timetable.lectures:
        return
    lecture, before = rng.choice(timetable.lectures), evaluate(timetable, rules)
    places = other_places(timetable, lecture, rules)
    problem = timetable.problem
    assert len(places) == problem.num_periods * len(problem.rooms) - 1
    for place in places:
        after = moved(timetable, lecture, place.period, place.room)
        assert told(place.change) == difference(evaluate(after, rules), before)
        if place.swap is not None:
            swapped = moved(after, place.swap.other, lecture.period, lecture.room)
            assert told(place.swap.change) == difference(evaluate(swapped, rules), before)


@pytest.mark.parametrize("name", FORMULATIONS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_place_is_blocked_where_the_lecture_would_break_a_hard_rule(name: str, seed: int) -> None:
    rng, rules = random.Random(seed), formulation(name)
    timetable = random_timetable(random_problem(rng), rng)
    if not timetable.lectures:
        return
    lecture = rng.choice(timetable.lectures)
    rest = list(timetable.lectures)
    rest.remove(lecture)
    without = evaluate(Timetable(timetable.problem, tuple(rest)), rules).violations
    for place in other_places(timetable, lecture, rules):
        after = evaluate(moved(timetable, lecture, place.period, place.room), rules).violations
        broken = {rule for rule, n in after.items() if n > without[rule] and rule != "lectures"}
        # What a second lecture of the course at one time breaks depends on which one counts.
        if any(each.course == lecture.course and each.period == place.period for each in rest):
            assert any(blocker.rule == "lectures" for blocker in place.blockers)
        else:
            assert {blocker.rule for blocker in place.blockers} == broken
