"""Delta costs equal a full count by `penalties`, for every formulation, whatever is broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timetabling.formats import read_problem
from timetabling.kernels.delta import (
    load_state,
    move,
    move_delta,
    new_state,
    place,
    unplace,
)
from timetabling.kernels.model import Model, compile_model, to_arrays, to_timetable
from timetabling.kernels.state import State, lecture_in, totals
from timetabling.penalties import FORMULATIONS, Formulation, evaluate
from timetabling.problem import Problem, Timetable

formulations = st.sampled_from(sorted(FORMULATIONS))


def count(problem: Problem, state: State, rules: Formulation) -> tuple[int, int]:
    score = evaluate(to_timetable(problem, state.period, state.room), rules)
    return score.num_violations, score.cost


def same(a: tuple[Any, ...] | list[Any], b: tuple[Any, ...] | list[Any]) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def draw_move(random: Random, model: Model, state: State) -> tuple[int, int, int] | None:
    """A lecture and where it may go: anywhere, next to where it was, elsewhere at the same time."""
    lecture = random.randrange(model.num_lectures)
    if random.random() < 0.1:
        return lecture, -1, -1
    period, room = random.randrange(model.num_periods), random.randrange(model.num_rooms)
    old = int(state.period[lecture])
    if old >= 0 and random.random() < 0.5:
        period = min(model.num_periods - 1, max(0, old + random.choice((-1, 0, 1))))
    here = state.lecture_at[period, model.lecture_course[lecture]]
    return None if here >= 0 and here != lecture else (lecture, period, room)


def walk(problem: Problem, rules: Formulation, seed: int, num_moves: int, check_every: int) -> None:
    random = Random(seed)
    model = compile_model(problem, rules)
    state = new_state(model, *to_arrays(Timetable(problem)))
    for step in range(num_moves):
        proposal = draw_move(random, model, state)
        if proposal is None:
            continue
        before = [array.copy() for array in state]
        change = move_delta(model, state, *proposal)
        assert same(state, before)
        assert move(model, state, *proposal) == change
        violations, cost = before[-1].tolist()
        assert tuple(state.total) == (violations + change[0], cost + change[1])
        if step % check_every == 0:
            assert totals(model, state) == tuple(state.total) == count(problem, state, rules)
    assert totals(model, state) == tuple(state.total) == count(problem, state, rules)


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 10**6), name=formulations)
def test_running_totals_equal_penalties_after_every_move(
    random_problem: Callable[[int], Problem], seed: int, name: str
) -> None:
    walk(random_problem(seed), FORMULATIONS[name], seed, num_moves=60, check_every=1)


@pytest.mark.parametrize("name", sorted(FORMULATIONS))
@pytest.mark.parametrize(
    "instance", ["itc2007/comp01.ectt", "dds/DDS3.ectt", "itc2007/comp05.ectt"]
)
def test_running_totals_equal_penalties_on_long_walks_over_real_instances(
    instance_path: Callable[[str], Path], instance: str, name: str
) -> None:
    problem = read_problem(instance_path(instance))
    walk(problem, FORMULATIONS[name], seed=1, num_moves=2_000, check_every=200)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), name=formulations)
def test_taking_a_lecture_out_and_putting_it_back_changes_nothing(
    random_problem: Callable[[int], Problem], seed: int, name: str
) -> None:
    problem = random_problem(seed)
    model = compile_model(problem, FORMULATIONS[name])
    state = new_state(model, *to_arrays(Timetable(problem)))
    random = Random(seed)
    for _ in range(40):
        proposal = draw_move(random, model, state)
        if proposal is not None:
            move(model, state, *proposal)
    before = [array.copy() for array in state]
    for lecture in range(model.num_lectures):
        period, room = int(state.period[lecture]), int(state.room[lecture])
        if period >= 0:
            out = unplace(model, state, lecture)
            back = place(model, state, lecture, period, room)
            assert (out[0] + back[0], out[1] + back[1]) == (0, 0)
    assert same(state, before)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), name=formulations)
def test_loading_another_assignment_equals_counting_it_afresh(
    random_problem: Callable[[int], Problem], seed: int, name: str
) -> None:
    problem = random_problem(seed)
    model = compile_model(problem, FORMULATIONS[name])
    states = []
    for k in range(2):
        random = Random(seed + k)
        state = new_state(model, *to_arrays(Timetable(problem)))
        for _ in range(40):
            proposal = draw_move(random, model, state)
            if proposal is not None:
                move(model, state, *proposal)
        states.append(state)
    load_state(model, states[0], states[1].period, states[1].room)
    assert same(*states)


def test_a_room_tells_which_lecture_it_holds(random_problem: Callable[[int], Problem]) -> None:
    problem = random_problem(3)
    model = compile_model(problem, FORMULATIONS["UD2"])
    state = new_state(model, *to_arrays(Timetable(problem)))
    other = int(model.first_lecture[1])
    assert lecture_in(state, 0, 0) == -1
    place(model, state, other, 0, 0)
    assert lecture_in(state, 0, 0) == other
    place(model, state, 0, 0, 0)
    assert lecture_in(state, 0, 0) == -2
    unplace(model, state, other)
    assert lecture_in(state, 0, 0) == 0
