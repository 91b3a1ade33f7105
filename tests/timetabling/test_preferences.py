"""Wishes of single courses and of teachers: what rules cost for them, and undesired times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.timetabling.formats.small_tables import tables, write_folder
from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS, PROBLEM
from timetabling.formats import read_problem, write_problem
from timetabling.penalties import evaluate, formulation, soft_rules
from timetabling.problem import COURSE_RULES, CourseWeight, Lecture, Problem, Timetable
from timetabling.rules import OF_COURSES

# Algebra and physics are each held in two rooms, and each lacks seats in the lab.
PLACES = ((ALGEBRA, 0, HALL), (ALGEBRA, 4, LAB), (PHYSICS, 1, HALL), (PHYSICS, 5, LAB))


def costs(problem: Problem, name: str = "UD2", **weights: int) -> dict[str, int]:
    timetable = Timetable(problem, tuple(Lecture(*place) for place in PLACES))
    return dict(evaluate(timetable, formulation(name, weights)).penalties)


def weigh(*weights: tuple[int, str, int]) -> Problem:
    return replace(PROBLEM, course_weights=frozenset(CourseWeight(*x) for x in weights))


def test_the_rules_of_courses_are_the_ones_that_may_cost_otherwise_for_one() -> None:
    assert set(OF_COURSES) == set(COURSE_RULES)


def test_a_weight_of_a_course_counts_in_place_of_the_usual_one_and_for_it_alone() -> None:
    assert costs(PROBLEM)["room_stability"] == 1 + 1
    assert costs(weigh((ALGEBRA, "room_stability", 7)))["room_stability"] == 7 + 1
    assert costs(weigh((ALGEBRA, "room_stability", 0)))["room_stability"] == 0 + 1
    assert costs(weigh((PHYSICS, "room_capacity", 3)))["room_capacity"] == 12 + 3 * 2


def test_a_rule_that_counts_for_one_course_alone_counts() -> None:
    assert "room_stability" not in costs(PROBLEM, "UD1")
    assert costs(weigh((ALGEBRA, "room_stability", 7)), "UD1")["room_stability"] == 7


def test_a_hard_rule_stays_hard() -> None:
    problem = weigh((MUSIC, "room_suitability", 0))
    timetable = Timetable(problem, (Lecture(MUSIC, 7, LAB),))
    score = evaluate(timetable, formulation("UD4"))
    assert score.violations["room_suitability"] == 1
    assert "room_suitability" not in score.penalties


def test_an_undesired_time_costs_what_it_costs_by_the_formulation_or_for_the_course() -> None:
    problem = replace(PROBLEM, undesired=frozenset({(ALGEBRA, 4), (PHYSICS, 5), (MUSIC, 1)}))
    assert costs(problem)["undesired_times"] == 2 + 2
    assert costs(problem, undesired_times=5)["undesired_times"] == 5 + 5
    heard = frozenset({CourseWeight(PHYSICS, "undesired_times", 30)})
    assert costs(replace(problem, course_weights=heard))["undesired_times"] == 2 + 30
    assert "undesired_times" not in costs(problem, undesired_times=0)


def test_of_what_a_problem_has_nothing_of_nothing_is_said() -> None:
    assert "undesired_times" not in soft_rules(PROBLEM, formulation("UD2"))
    assert "undesired_times" not in costs(PROBLEM)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([(9, "room_stability", 1)], "weight: expected an index below 3, got 9"),
        (
            [(0, "windows", 1)],
            "weight of course 'algebra': expected one of room_capacity, .*'windows'",
        ),
        ([(0, "room_stability", 101)], "weight of course 'algebra': room_stability: expected 0 to"),
        (
            [(0, "room_stability", 1), (0, "room_stability", 2)],
            "one for a course and rule, got two",
        ),
    ],
)
def test_a_weight_that_cannot_be_is_refused(weights: list[tuple[int, str, int]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        weigh(*weights)


def test_a_wish_of_a_teacher_is_one_of_each_of_their_courses_and_a_courses_own_comes_first(
    tmp_path: Path,
) -> None:
    cells = tables()
    cells["courses"].append(["Optics", "Curie", "1", "1", "5", "no"])
    cells["weights"].append(["Optics", "", "undesired_times", "1"])
    problem = read_problem(write_folder(cells, tmp_path / "small"))
    assert problem.undesired == {(0, 1), (1, 3), (2, 3)}
    assert problem.course_weights == {
        CourseWeight(0, "room_stability", 5),
        CourseWeight(1, "undesired_times", 9),
        CourseWeight(2, "undesired_times", 1),
    }
    write_problem(problem, tmp_path / "again.xlsx")
    again = read_problem(tmp_path / "again.xlsx")
    assert (again.undesired, again.course_weights) == (problem.undesired, problem.course_weights)
    with pytest.raises(ValueError, match=r"undesired times: expected none, which \.ectt cannot"):
        write_problem(replace(problem, pins=frozenset()), tmp_path / "again.ectt")
