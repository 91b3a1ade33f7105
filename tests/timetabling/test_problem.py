"""The problem model: an invalid one cannot be built, and says what was expected and what came."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable

COURSE: dict[str, Any] = {
    "id": "PHY101",
    "teacher": "T-PHY-01",
    "num_lectures": 2,
    "min_working_days": 1,
    "num_students": 20,
}


def make_course(name: str, teacher: str, num_lectures: int = 1) -> Course:
    return Course(**{**COURSE, "id": name, "teacher": teacher, "num_lectures": num_lectures})


@pytest.fixture
def problem() -> Problem:
    """Five courses of four teachers on two days of three periods."""
    return Problem(
        name="small",
        num_days=2,
        periods_per_day=3,
        courses=(
            make_course("A", "T1", 2),
            make_course("B", "T2"),
            make_course("C", "T1", 3),
            make_course("D", "T3"),
            make_course("E", "T4"),
        ),
        rooms=(Room(id="R1", capacity=20), Room(id="R2", capacity=40, building="X")),
        curricula=(Curriculum(id="Q1", courses=(0, 1)), Curriculum(id="Q2", courses=(1, 3))),
        unavailable=frozenset({(0, 5)}),
        unsuitable=frozenset({(4, 1)}),
        daily_lectures=(1, 2),
    )


def refuses(message: str) -> Any:
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def test_periods_and_lectures_are_counted_and_numbered_course_by_course(problem: Problem) -> None:
    assert problem.num_periods == 6
    assert problem.num_lectures == 8
    assert problem.lecture_courses == (0, 0, 1, 2, 2, 2, 3, 4)


def test_courses_of_one_teacher_or_curriculum_conflict_and_no_others(problem: Problem) -> None:
    assert problem.conflicts == (
        frozenset({1, 2}),
        frozenset({0, 3}),
        frozenset({0}),
        frozenset({1}),
        frozenset(),
    )


def test_a_problem_cannot_be_changed(problem: Problem) -> None:
    with pytest.raises(FrozenInstanceError):
        problem.name = "other"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        problem.courses[0].num_lectures = 5  # type: ignore[misc]


def test_problems_with_the_same_values_are_equal(problem: Problem) -> None:
    assert problem.conflicts  # what is remembered in the one must not count
    assert replace(problem) == problem
    assert hash(replace(problem)) == hash(problem)
    assert replace(problem, num_days=3) != problem


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("id", " ", "course: expected a name, got ' '"),
        ("teacher", "", "course 'PHY101': teacher: expected a name, got ''"),
        ("num_lectures", -1, "course 'PHY101': lectures: expected 0 to 1000, got -1"),
        ("num_lectures", 1_001, "course 'PHY101': lectures: expected 0 to 1000, got 1001"),
        ("min_working_days", -1, "course 'PHY101': minimum working days: expected 0 to 60, got -1"),
        ("min_working_days", 61, "course 'PHY101': minimum working days: expected 0 to 60, got 61"),
        ("num_students", -1, "course 'PHY101': students: expected 0 to 1000000, got -1"),
    ],
)
def test_a_course_out_of_range_is_refused(field: str, value: object, message: str) -> None:
    with refuses(message):
        Course(**{**COURSE, field: value})


@pytest.mark.parametrize(
    "values", [{"num_lectures": 0}, {"num_lectures": 1_000, "num_students": 0}]
)
def test_a_course_at_the_limits_is_accepted(values: dict[str, int]) -> None:
    Course(**{**COURSE, **values})


def test_a_room_out_of_range_is_refused() -> None:
    with refuses("room 'R1': capacity: expected 0 to 1000000, got -1"):
        Room(id="R1", capacity=-1)
    with refuses("room: expected a name, got ''"):
        Room(id="", capacity=1)
    assert Room(id="R1", capacity=0).building == ""


def test_a_curriculum_names_each_course_once() -> None:
    Curriculum(id="Q", courses=())
    with refuses("curriculum 'Q': expected each course once"):
        Curriculum(id="Q", courses=(1, 2, 1))
    with refuses("curriculum: expected a name, got ''"):
        Curriculum(id="", courses=(1,))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_days": 0}, "days: expected 1 to 60, got 0"),
        ({"num_days": 61}, "days: expected 1 to 60, got 61"),
        ({"periods_per_day": 0}, "periods a day: expected 1 to 60, got 0"),
        ({"periods_per_day": 61}, "periods a day: expected 1 to 60, got 61"),
        (
            {"courses": (), "curricula": (), "unavailable": frozenset(), "unsuitable": frozenset()},
            "expected at least one room and one lecture",
        ),
        ({"rooms": (), "unsuitable": frozenset()}, "expected at least one room and one lecture"),
        ({"rooms": (Room(id="R", capacity=1),) * 2}, "room 'R': defined twice"),
        (
            {"curricula": (Curriculum(id="Q", courses=(0,)), Curriculum(id="Q", courses=(1,)))},
            "curriculum 'Q': defined twice",
        ),
        (
            {"curricula": (Curriculum(id="Q", courses=(5,)),)},
            "curriculum: expected an index below 5, got 5",
        ),
        (
            {"unavailable": frozenset({(5, 0)})},
            "unavailability: expected an index below 5, got 5",
        ),
        (
            {"unavailable": frozenset({(0, 6)})},
            "unavailability: expected an index below 6, got 6",
        ),
        (
            {"unsuitable": frozenset({(-1, 0)})},
            "room constraint: expected an index below 5, got -1",
        ),
        (
            {"unsuitable": frozenset({(0, 2)})},
            "room constraint: expected an index below 2, got 2",
        ),
        ({"daily_lectures": (3, 2)}, "fewest daily lectures: expected 0 to 2, got 3"),
        ({"daily_lectures": (-1, 2)}, "fewest daily lectures: expected 0 to 2, got -1"),
        ({"daily_lectures": (0, 1_001)}, "most daily lectures: expected 0 to 1000, got 1001"),
    ],
)
def test_a_problem_at_odds_with_itself_is_refused(
    problem: Problem, changes: dict[str, Any], message: str
) -> None:
    with refuses(message):
        replace(problem, **changes)


def test_a_course_defined_twice_is_refused(problem: Problem) -> None:
    with refuses("course 'B': defined twice"):
        replace(problem, courses=(*problem.courses[:4], problem.courses[1]))


def test_a_problem_without_the_optional_parts_is_accepted() -> None:
    problem = Problem(
        name="bare",
        num_days=1,
        periods_per_day=1,
        courses=(make_course("A", "T"),),
        rooms=(Room(id="R", capacity=1),),
    )
    assert problem.conflicts == (frozenset(),)
    assert problem.daily_lectures is None


@pytest.mark.parametrize(
    ("lecture", "message"),
    [
        (Lecture(5, 0, 0), "timetable: course: expected an index below 5, got 5"),
        (Lecture(0, 6, 0), "timetable: period: expected an index below 6, got 6"),
        (Lecture(0, -1, 0), "timetable: period: expected an index below 6, got -1"),
        (Lecture(0, 0, 2), "timetable: room: expected an index below 2, got 2"),
    ],
)
def test_a_lecture_outside_the_problem_is_refused(
    problem: Problem, lecture: Lecture, message: str
) -> None:
    with refuses(message):
        Timetable(problem, (Lecture(0, 0, 0), lecture))


def test_a_timetable_may_lack_lectures_and_break_rules(problem: Problem) -> None:
    assert Timetable(problem).lectures == ()
    clash = (Lecture(0, 0, 0), Lecture(1, 0, 0), Lecture(0, 0, 1))
    assert Timetable(problem, clash).lectures == clash
