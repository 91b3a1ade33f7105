"""What other places would cost a lecture: exact, rule by rule, and blocked where it says so."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.random_problem import (
    random_problem,
    random_timetable,
    with_a_past,
    with_preferences,
)
from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS, PROBLEM
from timetabling.alternatives import alternatives, verdict
from timetabling.penalties import FORMULATIONS, Score, evaluate, formulation, price_changes
from timetabling.places import Place, cheapest, other_places, reasons
from timetabling.problem import Lecture, Pin, Problem, Timetable


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
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_change_is_what_all_the_rules_say_counted_anew(name: str, seed: int) -> None:
    rng, rules = random.Random(seed), price_changes(formulation(name), seed % 3)
    problem = with_preferences(random_problem(rng), rng)
    timetable = random_timetable(with_a_past(problem, rng) if seed % 2 else problem, rng)
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
@settings(max_examples=20, deadline=None, derandomize=True)
def test_a_place_is_blocked_where_the_lecture_would_break_a_hard_rule(name: str, seed: int) -> None:
    rng, rules = random.Random(seed), formulation(name)
    timetable = random_timetable(with_preferences(random_problem(rng), rng), rng)
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


@pytest.mark.parametrize("name", FORMULATIONS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=12, deadline=None, derandomize=True)
def test_the_reasons_of_a_change_add_up_to_it_rule_by_rule(name: str, seed: int) -> None:
    rng, rules = random.Random(seed), formulation(name)
    timetable = random_timetable(with_preferences(random_problem(rng), rng), rng)
    if not timetable.lectures:
        return
    lecture = rng.choice(timetable.lectures)
    for place in other_places(timetable, lecture, rules)[:5]:
        costs: Counter[str] = Counter()
        for rule, _, cost, _ in reasons(timetable, lecture, place.period, place.room, rules):
            costs[rule] += cost
        for rule, cost in place.change.penalties.items():
            assert costs[rule] == cost


# Nothing is wrong with it: algebra and physics are of one curriculum, physics and music of Curie.
GOOD = (
    Lecture(ALGEBRA, 0, HALL), Lecture(ALGEBRA, 4, HALL),
    Lecture(PHYSICS, 1, HALL), Lecture(PHYSICS, 5, HALL), Lecture(MUSIC, 7, HALL),
)  # fmt: skip
MUSIC_NOW = GOOD[-1]


def place_of(
    period: int, room: int, *, lecture: Lecture = MUSIC_NOW, problem: Problem = PROBLEM
) -> Place:
    found = other_places(Timetable(problem, GOOD), lecture, formulation("UD4"))
    return next(place for place in found if (place.period, place.room) == (period, room))


def words(place: Place) -> list[str]:
    return [blocker.text for blocker in place.blockers]


def test_what_blocks_a_place_is_said_by_name() -> None:
    assert words(place_of(0, HALL)) == ["not available", "room hall is taken by algebra"]
    assert words(place_of(2, LAB)) == ["room lab is not suitable"]
    assert "teacher Curie teaches physics then" in words(place_of(1, LAB))
    algebra, physics = GOOD[0], GOOD[2]
    assert words(place_of(1, LAB, lecture=algebra)) == ["curriculum first: physics"]
    assert words(place_of(4, LAB, lecture=algebra)) == ["algebra has another lecture then"]
    assert words(place_of(2, HALL, lecture=physics)) == []


@pytest.mark.parametrize(
    ("pin", "period", "room", "said"),
    [
        (Pin(MUSIC, 7, None), 6, HALL, ["pinned to day 2, period 4"]),
        (Pin(MUSIC, 7, None), 7, LAB, ["room lab is not suitable"]),
        (Pin(MUSIC, 7, HALL), 7, LAB, ["pinned to room hall", "room lab is not suitable"]),
        (Pin(MUSIC, None, HALL), 6, HALL, []),
        (Pin(MUSIC, None, HALL), 6, LAB, ["pinned to room hall", "room lab is not suitable"]),
        (Pin(MUSIC, 6, HALL), 5, LAB, None),
    ],
)
def test_a_pin_holds_its_lecture_and_no_other(
    pin: Pin, period: int, room: int, said: list[str] | None
) -> None:
    problem = replace(PROBLEM, pins=frozenset({pin}))
    here, free = place_of(period, room, problem=problem), place_of(period, room)
    assert words(here) == (words(free) if said is None else said)


def test_a_lecture_may_change_places_with_the_only_one_in_the_way() -> None:
    place = place_of(1, HALL, lecture=GOOD[0])
    assert {blocker.course for blocker in place.blockers} == {PHYSICS}
    assert place.swap is not None
    assert place.swap.other == GOOD[2]
    assert place_of(5, HALL, lecture=MUSIC_NOW).swap is not None
    pinned = replace(PROBLEM, pins=frozenset({Pin(PHYSICS, 1, None)}))
    assert place_of(1, HALL, lecture=GOOD[0], problem=pinned).swap is None


def test_free_places_are_sorted_and_the_verdict_says_whether_one_is_better() -> None:
    timetable, rules = Timetable(PROBLEM, GOOD), formulation("UD4")
    places = other_places(timetable, MUSIC_NOW, rules)
    free = cheapest(places)
    assert [(place.period, place.room) for place in free] == [(2, HALL), (3, HALL), (6, HALL)]
    assert verdict(places).startswith("No better place: each is blocked or costs no less; 3 cost")
    assert verdict([place for place in places if place.blockers]).startswith("No other place is")
    alone = Timetable(PROBLEM, (*GOOD[:-1], Lecture(MUSIC, 0, LAB)))
    moved_away = other_places(alone, alone.lectures[-1], rules)
    assert verdict(moved_away) == "There is a better place."
    assert cheapest(moved_away)[0].change.num_violations == -2


def test_a_lecture_of_another_timetable_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of the timetable"):
        other_places(Timetable(PROBLEM, GOOD), Lecture(MUSIC, 6, HALL), formulation("UD2"))


@pytest.mark.parametrize("name", FORMULATIONS)
def test_what_is_told_of_a_lecture_has_each_period_once_and_is_json(name: str) -> None:
    told = alternatives(Timetable(PROBLEM, GOOD), MUSIC_NOW, formulation(name))
    assert json.loads(json.dumps(told)) == told
    assert [(each["day"], each["period"]) for each in told["periods"]] == [
        divmod(period, PROBLEM.periods_per_day) for period in range(PROBLEM.num_periods)
    ]
    one_room = replace(PROBLEM, rooms=PROBLEM.rooms[:1], unsuitable=frozenset())
    told_of_one = alternatives(Timetable(one_room, GOOD), MUSIC_NOW, formulation(name))
    assert [len(each["places"]) <= 1 for each in told_of_one["periods"]] == [True] * 8
    assert told_of_one["periods"][7] == {"day": 1, "period": 3, "blockers": [], "places": []}
    for each in told["periods"]:
        order = [(bool(p["blockers"]), p["violations"], p["cost"]) for p in each["places"]]
        assert order == sorted(order)
        assert all(place["swap"] for place in each["places"] if each["blockers"])
