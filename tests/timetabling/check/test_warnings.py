"""Each warning on a small instance that has it: the numbers, the names, the least it costs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.timetabling.check.instances import course, least_cost_of_all, problem
from timetabling.check import RULES, Finding, check
from timetabling.penalties import FORMULATIONS
from timetabling.problem import CourseWeight, Curriculum, Problem


def warnings(of: Problem, rule: str, rules: str = "UD2") -> list[Finding]:
    findings = check(of, FORMULATIONS[rules])
    assert not any(finding.is_impossible for finding in findings)
    return [finding for finding in findings if finding.rule == rule]


def one(of: Problem, rule: str, rules: str = "UD2") -> Finding:
    found = warnings(of, rule, rules)
    assert len(found) == 1, [finding.message for finding in check(of, FORMULATIONS[rules])]
    return found[0]


def test_a_sound_instance_has_nothing_to_tell() -> None:
    of = problem(
        course("a", 2, min_working_days=2), course("b", 2),
        curricula=(Curriculum(id="first", courses=(0, 1)),), daily_lectures=(1, 3),
    )  # fmt: skip
    for rules in FORMULATIONS.values():
        assert check(of, rules) == ()


def test_a_course_for_which_no_room_is_large_enough() -> None:
    found = one(problem(course("a", 3, num_students=140)), "fitting_room")
    assert found.message == (
        "course a: 140 students, but the largest room it may be in, hall, has 100 seats"
    )
    assert (found.needed, found.available, found.least_cost) == (140, 100, 120)
    assert (found.courses, found.rooms) == (("a",), ("hall",))


def test_the_largest_room_is_one_that_the_course_may_be_in() -> None:
    of = problem(course("a", 2, num_students=70), unsuitable=frozenset({(0, 0)}))
    assert warnings(of, "fitting_room", "UD2") == []
    found = one(of, "fitting_room", "UD4")
    assert (
        found.message == "course a: 70 students, but the only room it may be in, lab, has 50 seats"
    )
    assert found.least_cost == 40
    # Where suitability is a penalty of 3, that is cheaper than 20 seats missing.
    found = one(of, "fitting_room", "UD3")
    assert found.message == "course a: no room is both suitable and large enough"
    assert found.least_cost == 6


def test_more_large_courses_than_large_rooms_hold_in_a_week() -> None:
    found = one(problem(*(course(name, 3, num_students=80) for name in "abc")), "seats")
    assert found.message == (
        "9 lectures (a, b, c) need a room of 80 seats or more, of which there are 1 (hall), free "
        "for 8 lectures a week"
    )
    assert (found.needed, found.available, found.least_cost) == (9, 8, 30)


def test_working_days_for_which_there_are_too_few_lectures_or_days() -> None:
    of = problem(
        course("a", 1, min_working_days=2), course("b", 3, min_working_days=2),
        unavailable=frozenset((1, period) for period in range(4)),
    )  # fmt: skip
    few, closed = warnings(of, "working_days")
    assert few.message == "course a: at least 2 working days wanted, but only 1 lecture"
    assert closed.message == (
        "course b: at least 2 working days wanted, but it is available on only 1 day"
    )
    assert closed.repair == "lower the minimum, or free another day"
    assert (closed.needed, closed.available, closed.least_cost) == (2, 1, 5)
    assert warnings(of, "working_days", "UD3") == [], "where they do not count"


def test_more_lectures_than_times_that_are_not_undesired() -> None:
    of = problem(
        course("a", 3), course("b", 1),
        unavailable=frozenset((0, period) for period in range(4)),
        undesired=frozenset({(0, 4), (0, 5)} | {(1, period) for period in range(7)}),
    )  # fmt: skip
    found = one(of, "undesired_times")
    assert found.message == (
        "course a: 3 lectures, but 2 periods at which it is available and not undesired"
    )
    assert (found.needed, found.available, found.least_cost) == (3, 2, 2)
    dear = replace(of, course_weights=frozenset({CourseWeight(0, "undesired_times", 30)}))
    assert one(dear, "undesired_times").least_cost == 30
    free = replace(of, course_weights=frozenset({CourseWeight(0, "undesired_times", 0)}))
    assert warnings(free, "undesired_times") == [], "where they do not count"


@pytest.mark.parametrize(
    ("lectures", "limits", "words", "cost"),
    [
        (1, (2, 3), "its 1 lecture a week is fewer than the 2 wanted on a day", 2),
        (7, (2, 3), "its 7 lectures a week are more than 3 on each of 2 days", 2),
        (5, (4, 4), "its 5 lectures a week cannot be spread over 2 days of 4 periods with "
                    "4 to 4 on each that is used", 6),
    ],
)  # fmt: skip
def test_daily_limits_that_cannot_hold(
    lectures: int, limits: tuple[int, int], words: str, cost: int
) -> None:
    of = problem(
        course("a", lectures), curricula=(Curriculum(id="first", courses=(0,)),),
        daily_lectures=limits,
    )  # fmt: skip
    found = one(of, "daily_load", "UD3")
    assert found.message == f"curriculum first: {words}"
    assert found.least_cost == cost
    assert found.curricula == ("first",)
    assert warnings(of, "daily_load", "UD2") == [], "where they do not count"


def test_a_curriculum_of_one_lecture_is_always_isolated() -> None:
    found = one(
        problem(course("a"), curricula=(Curriculum(id="first", courses=(0,)),)), "isolated_lecture"
    )
    assert found.message == (
        "curriculum first has 1 lecture a week, which is isolated wherever it is"
    )
    assert found.least_cost == 2


def test_a_day_of_one_period_isolates_every_lecture() -> None:
    of = problem(
        course("a", 2), num_days=3, periods_per_day=1,
        curricula=(Curriculum(id="first", courses=(0,)),),
    )  # fmt: skip
    found = one(of, "daily_load")
    assert found.message == (
        "curriculum first: its 2 lectures a week cannot be spread over 3 days of 1 period without "
        "an isolated one"
    )
    assert found.least_cost == 4 == least_cost_of_all(of, FORMULATIONS["UD2"])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Smith", "smith "), ("Smith, John", "John Smith"), ("Müller", "MULLER"),
        ("de_la_Cruz", "De La Cruz"), ("Katzenbach", "Katzenbch"), ("Andersen", "Anderson"),
    ],
)  # fmt: skip
def test_a_teacher_whose_name_is_written_in_two_ways(a: str, b: str) -> None:
    found = one(problem(course("x", teacher=a), course("y", teacher=b)), "similar_names")
    assert sorted(found.teachers) == sorted((a, b))
    assert repr(a) in found.message
    assert repr(b) in found.message
    assert sorted(found.courses) == ["x", "y"]


@pytest.mark.parametrize(
    ("a", "b"),
    [("t001", "t002"), ("Lecturer1", "Lecturer11"), ("Rossi", "Rosso"), ("J Smith", "JK Smyth")],
)
def test_teachers_whose_names_differ_enough(a: str, b: str) -> None:
    of = problem(course("x", teacher=a), course("y", teacher=b))
    assert warnings(of, "similar_names") == []


def test_a_teacher_and_a_curriculum_with_hardly_a_period_to_spare() -> None:
    of = problem(
        course("a", 3, teacher="Ada"), course("b", 3, teacher="Ada"), course("c", 1),
        curricula=(Curriculum(id="first", courses=(0, 1, 2)),),
    )  # fmt: skip
    assert one(of, "tight_teacher").message == (
        "teacher Ada: 6 lectures in 8 periods (Mon-Tue 1-4), 2 periods to spare"
    )
    assert one(of, "tight_curriculum").message == (
        "curriculum first: 7 lectures in 8 periods (Mon-Tue 1-4), 1 period to spare"
    )


def test_periods_at_which_more_is_to_be_expected_than_rooms_hold() -> None:
    # Each course may be held on Monday 1 and at one other period, which no other may.
    of = problem(
        *(course(name) for name in "abcdef"),
        unavailable=frozenset((c, p) for c in range(6) for p in range(1, 8) if p != c + 1),
    )
    found = one(of, "crowded_periods")
    assert found.message == (
        "Mon 1: up to 3 lectures a period are to be expected from when courses are available, "
        "for 2 rooms"
    )
    assert (found.needed, found.available, found.periods) == (3, 2, ((0, 0),))
    roomy = problem(*of.courses, unavailable=of.unavailable - {(0, 7), (1, 7), (2, 7), (3, 7)})
    assert warnings(roomy, "crowded_periods") == []


def test_what_is_there_for_nothing() -> None:
    of = problem(
        course("a", 2), course("none", 0), course("b", 2),
        curricula=(
            Curriculum(id="x", courses=(0, 2)), Curriculum(id="y", courses=(2, 0, 1)),
            Curriculum(id="z", courses=(1,)),
        ),
        unsuitable=frozenset({(0, 1), (2, 1)}),
    )  # fmt: skip
    assert one(of, "same_curriculum").message == (
        "curricula x, y have the same courses: what one costs is counted for each"
    )
    assert one(of, "empty_curriculum").message == "curriculum z has no lectures"
    assert one(of, "course_without_lectures").message == "course none has no lectures"
    assert warnings(of, "unused_room") == []
    assert one(of, "unused_room", "UD4").message == "room lab is open to no course"


def test_what_to_mend_first_comes_first_and_what_costs_most_of_its_kind() -> None:
    of = problem(
        course("a", 9), course("b", 1, num_students=101, teacher="Smith"),
        course("c", 1, num_students=150, teacher="smith"),
    )  # fmt: skip
    findings = check(of, FORMULATIONS["UD2"])
    assert [finding.rule for finding in findings] == [
        "course_periods", "similar_names", "fitting_room", "fitting_room",
    ]  # fmt: skip
    assert [finding.least_cost for finding in findings] == [0, 0, 50, 1]
    order = list(RULES)
    assert order == sorted(order, key=lambda rule: RULES[rule] != "impossible")
