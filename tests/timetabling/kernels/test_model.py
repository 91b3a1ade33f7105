"""Timetables become arrays and come back the same; what cannot be held twice is dropped."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import SeedSequence

from timetabling.kernels.delta import move_delta, new_state
from timetabling.kernels.draws import draw_period_beside_mate, new_random
from timetabling.kernels.model import (
    COURSE_SAVING,
    DOUBLE_WEIGHT,
    STABILITY_WEIGHT,
    compile_model,
    to_arrays,
    to_timetable,
)
from timetabling.penalties import FORMULATIONS, evaluate, formulation
from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable


def test_a_timetable_survives_the_way_to_arrays_and_back(
    random_problem: Callable[[int], Problem],
) -> None:
    problem = random_problem(3)
    lectures = (Lecture(1, 2, 0), Lecture(0, 1, 0))
    there = to_arrays(Timetable(problem, lectures))
    assert set(to_timetable(problem, *there).lectures) == set(lectures)


def test_the_second_of_two_lectures_of_a_course_at_one_time_is_dropped(
    random_problem: Callable[[int], Problem],
) -> None:
    problem = random_problem(3)
    timetable = Timetable(problem, (Lecture(0, 1, 0), Lecture(0, 1, len(problem.rooms) - 1)))
    periods, rooms = to_arrays(timetable)
    assert np.count_nonzero(periods >= 0) == np.count_nonzero(rooms >= 0) == 1
    kept = to_timetable(problem, periods, rooms)
    rules = FORMULATIONS["UD2"]
    assert evaluate(kept, rules) == evaluate(timetable, rules)


def test_lectures_too_many_are_dropped(random_problem: Callable[[int], Problem]) -> None:
    problem = random_problem(3)
    surplus = tuple(Lecture(0, period, 0) for period in range(problem.num_periods))
    periods, _ = to_arrays(Timetable(problem, surplus))
    assert np.count_nonzero(periods >= 0) == problem.courses[0].num_lectures < len(surplus)


def test_a_rule_the_formulation_leaves_out_weighs_nothing(
    random_problem: Callable[[int], Problem],
) -> None:
    model = compile_model(random_problem(4), FORMULATIONS["UD1"])
    rules = model.rules
    assert rules.windows == rules.load == rules.travel == 0
    for weights in (
        model.own[:, STABILITY_WEIGHT],
        model.own[:, DOUBLE_WEIGHT],
        model.period_cost,
    ):
        assert not weights.any()


def test_no_move_between_days_saves_more_than_the_model_says() -> None:
    """One of two lectures apart on a day goes between two on another: four are apart no more."""
    course = Course(
        id="a", teacher="t", num_lectures=4, min_working_days=1, num_students=1,
        wants_double_lectures=True,
    )  # fmt: skip
    problem = Problem(
        name="apart", num_days=2, periods_per_day=3, courses=(course,),
        rooms=(Room(id="r", capacity=1),), curricula=(),
    )  # fmt: skip
    model = compile_model(problem, formulation("UD4", {"double_lectures": 10}))
    apart = Timetable(problem, tuple(Lecture(0, period, 0) for period in (0, 2, 3, 5)))
    _, change = move_delta(model, new_state(model, *to_arrays(apart)), 0, 4, 0)
    assert -40 == change >= -model.own[0, COURSE_SAVING]


def test_a_course_without_lectures_is_no_mate_to_be_beside() -> None:
    """Its first lecture is that of the next course, and there may be none."""
    courses = tuple(
        Course(id=name, teacher=name, num_lectures=n, min_working_days=1, num_students=1)
        for name, n in (("held", 2), ("not held", 0))
    )
    problem = Problem(
        name="half held",
        num_days=1,
        periods_per_day=4,
        courses=courses,
        rooms=(Room(id="room", capacity=1),),
        curricula=(Curriculum(id="both", courses=(0, 1)),),
    )
    model = compile_model(problem, FORMULATIONS["UD2"])
    assert model.members.tolist() == [0]
    state, random = new_state(model, *to_arrays(Timetable(problem))), new_random(SeedSequence(1))
    drawn = {draw_period_beside_mate(model, state, random, 0) for _ in range(500)}
    assert drawn == set(range(4))
