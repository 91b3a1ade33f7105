"""The reasons of a timetable's cost: they add up, and they read well."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling import tiny_problem
from tests.timetabling.random_problem import random_problem, random_timetable, with_preferences
from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS
from timetabling.penalties import FORMULATIONS, RULES, evaluate, formulation, price_changes
from timetabling.problem import Curriculum, Lecture, Pin, Room, Timetable
from timetabling.view import Document, document

# Where more goes wrong at once: a lab for one, far away, and somebody who takes music with physics.
PROBLEM = replace(
    tiny_problem.PROBLEM,
    rooms=(
        Room(id="hall", capacity=30, building="north"),
        Room(id="lab", capacity=1, building="south"),
    ),
    curricula=(
        Curriculum(id="first", courses=(ALGEBRA, PHYSICS)),
        Curriculum(id="second", courses=(PHYSICS, MUSIC)),
    ),
    daily_lectures=(2, 2),
    undesired=frozenset({(PHYSICS, 2)}),
    pins=frozenset({Pin(MUSIC, None, HALL), Pin(PHYSICS, 6, LAB)}),
    before=(Lecture(MUSIC, 3, HALL), Lecture(MUSIC, 5, LAB)),
    max_changes=1,
)


def _costs(found: Document) -> Counter[str]:
    """What the reasons of a document say that each rule costs."""
    costs: Counter[str] = Counter()
    for thing in (*found["courses"], *found["lectures"]):
        for reason in thing["reasons"]:
            costs[reason["rule"]] += reason["cost"]
    return costs


def _told(found: Document) -> Counter[str]:
    """How often each rule is told."""
    return Counter(
        reason["rule"]
        for thing in (*found["courses"], *found["lectures"])
        for reason in thing["reasons"]
    )


@pytest.mark.parametrize("name", FORMULATIONS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_the_reasons_add_up_to_the_cost_rule_by_rule(name: str, seed: int) -> None:
    rng, rules = random.Random(seed), formulation(name)
    timetable = random_timetable(with_preferences(random_problem(rng), rng), rng)
    score, found = evaluate(timetable, rules), document(timetable, rules, bound=0)
    assert +_costs(found) == +Counter(score.penalties)
    assert found["cost"] == score.cost
    assert found["violations"] == score.num_violations
    for lecture in found["lectures"]:
        assert lecture["cost"] == sum(r["cost"] for r in lecture["reasons"])


@pytest.mark.parametrize("name", FORMULATIONS)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_every_broken_hard_rule_is_told_where_it_is_broken(name: str, seed: int) -> None:
    rng, rules = random.Random(seed), formulation(name)
    timetable = random_timetable(with_preferences(random_problem(rng), rng), rng)
    counts, told = evaluate(timetable, rules).violations, _told(document(timetable, rules))
    assert told["conflicts"] == 2 * counts["conflicts"], "at both lectures"
    assert told["availability"] == counts["availability"]
    if "room_suitability" in counts:
        assert told["room_suitability"] == counts["room_suitability"]
    assert (told["room_occupancy"] > 0) == (counts["room_occupancy"] > 0)
    assert told["lectures"] >= (counts["lectures"] > 0)


@given(seed=st.integers(0, 2**32))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_every_lecture_is_there_once_at_its_place_and_all_of_it_is_json(seed: int) -> None:
    rng = random.Random(seed)
    problem = random_problem(rng)
    timetable = random_timetable(problem, rng)
    found = json.loads(json.dumps(document(timetable, formulation("UD2")), allow_nan=False))
    placed = sorted(
        (x["course"], x["day"] * problem.periods_per_day + x["period"], x["room"])
        for x in found["lectures"]
    )
    assert placed == sorted(timetable.lectures)


# A rule, the places (course, period, room), and what is said of the first course.
CASES: dict[str, tuple[str, list[tuple[int, int, int]], str]] = {
    "a missing lecture": ("lectures", [(ALGEBRA, 0, HALL)], "1 of 2 lectures placed"),
    "two of a curriculum at once": (
        "conflicts",
        [(ALGEBRA, 0, HALL), (PHYSICS, 0, LAB)],
        "at the same time as physics: curriculum first",
    ),
    "two of a teacher and a curriculum at once": (
        "conflicts",
        [(PHYSICS, 0, LAB), (MUSIC, 0, HALL)],
        "at the same time as music: teacher Curie, curriculum second",
    ),
    "an unavailable period": (
        "availability",
        [(MUSIC, 0, HALL)],
        "music cannot be held at this time",
    ),
    "two in a room": (
        "room_occupancy",
        [(ALGEBRA, 0, HALL), (MUSIC, 0, HALL)],
        "hall is also used by music",
    ),
    "too small a room": ("room_capacity", [(ALGEBRA, 0, LAB)], "30 students, 1 seat"),
    "a day missing": (
        "min_working_days",
        [(ALGEBRA, 0, HALL)],
        "held on 1 day, at least 2 wanted",
    ),
    "two rooms": (
        "room_stability",
        [(ALGEBRA, 0, HALL), (ALGEBRA, 4, LAB)],
        "held in 2 rooms: hall, lab",
    ),
    "an unsuitable room": ("room_suitability", [(MUSIC, 1, LAB)], "lab is not suitable for music"),
    "two apart on a day": (
        "double_lectures",
        [(ALGEBRA, 0, HALL), (ALGEBRA, 2, HALL)],
        "apart from the other lectures of algebra on this day, or in another room",
    ),
    "alone": (
        "isolated_lectures",
        [(ALGEBRA, 0, HALL)],
        "nothing else of curriculum first right before or after",
    ),
    "a gap": (
        "windows",
        [(ALGEBRA, 3, HALL), (PHYSICS, 0, HALL)],
        "curriculum first has 2 free periods before it",
    ),
    "too few on a day": (
        "student_load",
        [(ALGEBRA, 0, HALL)],
        "curriculum first has 1 lecture on this day, at least 2 wanted",
    ),
    "too many on a day": (
        "student_load",
        [(ALGEBRA, 3, HALL), (ALGEBRA, 0, HALL), (PHYSICS, 1, HALL)],
        "curriculum first has 3 lectures on this day, at most 2 wanted",
    ),
    "a pinned lecture elsewhere": (
        "pins",
        [(PHYSICS, 0, LAB)],
        "not held on day 2, period 3 in lab, as pinned",
    ),
    "a course out of its pinned room": ("pins", [(MUSIC, 3, LAB)], "in lab, pinned to hall"),
    "a change of time": (
        "changes",
        [(MUSIC, 3, HALL)],
        "no longer held on day 2, period 2 in lab",
    ),
    "a change of room": ("changes", [(MUSIC, 5, HALL)], "in lab before"),
    "too many changes": (
        "max_changes",
        [(MUSIC, 5, HALL)],
        "in lab before, one of 2 changes, at most 1 allowed",
    ),
    "an undesired time": (
        "undesired_times",
        [(PHYSICS, 2, HALL)],
        "physics should rather not be held at this time",
    ),
    "a walk": (
        "travel_distance",
        [(ALGEBRA, 1, HALL), (PHYSICS, 0, LAB)],
        "curriculum first comes from building south to north",
    ),
}


@pytest.mark.parametrize(("rule", "places", "text"), CASES.values(), ids=CASES)
def test_a_reason_reads_well(rule: str, places: list[tuple[int, int, int]], text: str) -> None:
    known = [*FORMULATIONS.values(), price_changes(formulation("UD2"), 3)]
    rules = next(f for f in known if rule in (*f.hard, *f.weights))
    timetable = Timetable(PROBLEM, tuple(Lecture(*place) for place in places))
    found = document(timetable, rules)
    course = places[0][0]
    reasons = list(found["courses"][course]["reasons"])
    for lecture in found["lectures"]:
        if lecture["course"] == course:
            reasons += lecture["reasons"]
    assert text in [reason["text"] for reason in reasons if reason["rule"] == rule]


def test_every_rule_has_a_reason_that_was_read() -> None:
    assert {rule for rule, _, _ in CASES.values()} == set(RULES)


def test_of_a_course_twice_at_one_time_the_second_says_that_it_does_not_count() -> None:
    timetable = Timetable(PROBLEM, (Lecture(ALGEBRA, 0, LAB), Lecture(ALGEBRA, 0, HALL)))
    first, second = document(timetable, formulation("UD2"))["lectures"]
    assert (first["room"], second["room"]) == (LAB, HALL)
    assert first["cost"] == 29 + 2
    assert second["cost"] == 0
    assert "does not count" in second["reasons"][0]["text"]


def test_penalties_say_what_each_rule_weighs_and_counts() -> None:
    timetable = Timetable(PROBLEM, (Lecture(ALGEBRA, 0, LAB),))
    found = document(timetable, formulation("UD2"), bound=3)
    assert found["bound"] == 3
    assert {
        "rule": "room_capacity", "kind": "soft", "weight": 1, "amount": 29, "cost": 29,
    } in found["penalties"]  # fmt: skip
    assert {
        "rule": "lectures", "kind": "hard", "weight": 0, "amount": 4, "cost": 0,
    } in found["penalties"]  # fmt: skip
    assert found["teachers"] == ["Curie", "Noether"]
    assert found["curricula"][0] == {"id": "first", "courses": [ALGEBRA, PHYSICS]}
    assert found["rooms"][LAB] == {"id": "lab", "capacity": 1, "building": "south"}


def test_without_buildings_and_limits_nothing_is_said_of_them() -> None:
    rooms = (Room(id="hall", capacity=30), Room(id="lab", capacity=30))
    plain = replace(PROBLEM, daily_lectures=None, rooms=rooms)
    timetable = Timetable(plain, (Lecture(ALGEBRA, 0, HALL), Lecture(PHYSICS, 1, LAB)))
    told = _told(document(timetable, formulation("UD5")))
    assert told["travel_distance"] == told["student_load"] == 0
