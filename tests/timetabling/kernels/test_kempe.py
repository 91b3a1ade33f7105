"""Kempe chains keep every hard rule, are priced exactly, or leave everything as it is."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from timetabling.kernels.delta import new_state
from timetabling.kernels.kempe import MAX_CHAIN, exchange, new_chain
from timetabling.kernels.model import compile_model, to_arrays
from timetabling.kernels.state import totals
from timetabling.penalties import FORMULATIONS, formulation
from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable

ANYTHING = 1e9


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 10**6), name=st.sampled_from(sorted(FORMULATIONS)))
def test_an_exchange_is_priced_exactly_and_breaks_nothing(
    random_problem: Callable[[int], Problem], seed: int, name: str
) -> None:
    problem = random_problem(seed)
    model = compile_model(problem, FORMULATIONS[name])
    state, chain = new_state(model, *to_arrays(scattered(problem, seed))), new_chain(model)
    random = Random(seed)
    for _ in range(50):
        before, violations, cost = state.period.copy(), *state.total
        lecture, period = random.randrange(model.num_lectures), random.randrange(model.num_periods)
        if state.period[lecture] < 0 or state.period[lecture] == period:
            continue
        limit = random.choice([-5.0, 0.0, 5.0, ANYTHING])
        done = exchange(model, state, chain, lecture, period, limit)
        assert totals(model, state) == tuple(state.total)
        assert state.total[0] == violations
        assert np.array_equal(before, state.period) == (not done)
        if done:
            assert state.total[1] - cost <= limit
            assert state.period[lecture] == period
        else:
            assert state.total[1] == cost


def scattered(problem: Problem, seed: int) -> Timetable:
    """Lectures anywhere, so that some rules are broken and most are not."""
    random = Random(seed)
    return Timetable(
        problem,
        tuple(
            Lecture(c, period, random.randrange(len(problem.rooms)))
            for c, course in enumerate(problem.courses)
            for period in random.sample(range(problem.num_periods), course.num_lectures)
            if random.random() < 0.6
        ),
    )


def test_whoever_stands_in_the_way_goes_back_and_pushes_on() -> None:
    # Teacher a has maths at period 0 and music at period 1; b's two stay when a's change.
    problem = Problem(
        name="two teachers",
        num_days=1,
        periods_per_day=2,
        courses=tuple(
            Course(id=name, teacher=teacher, num_lectures=1, min_working_days=1, num_students=1)
            for name, teacher in (("maths", "a"), ("art", "b"), ("music", "a"), ("arts", "b"))
        ),
        rooms=(Room(id="r0", capacity=9), Room(id="r1", capacity=9)),
    )
    places = ((0, 0, 0), (1, 0, 1), (2, 1, 1), (3, 1, 0))
    timetable = Timetable(problem, tuple(Lecture(*place) for place in places))
    model = compile_model(problem, formulation("UD2"))
    state, chain = new_state(model, *to_arrays(timetable)), new_chain(model)
    assert exchange(model, state, chain, 0, 1, 0.0)
    assert state.period.tolist() == [1, 0, 0, 1]
    # Room 1 is not free for maths at period 1 but for music, which leaves it.
    assert state.room.tolist() == [1, 1, 0, 0]


def test_a_chain_longer_than_the_longest_leaves_everything() -> None:
    def first_of_a_row_of(length: int) -> bool:
        """Exchange the first of courses of which each conflicts with the one before it."""
        problem = Problem(
            name="a row",
            num_days=1,
            periods_per_day=2,
            courses=tuple(
                Course(
                    id=f"c{i}",
                    teacher=f"t{i // 2}",
                    num_lectures=1,
                    min_working_days=1,
                    num_students=1,
                )
                for i in range(length)
            ),
            rooms=tuple(Room(id=f"r{i}", capacity=9) for i in range(length)),
            curricula=tuple(
                Curriculum(id=f"q{i}", courses=(i, i + 1)) for i in range(1, length - 1, 2)
            ),
        )
        lectures = tuple(Lecture(c, c % 2, c // 2) for c in range(length))
        model = compile_model(problem, formulation("UD2"))
        state, chain = new_state(model, *to_arrays(Timetable(problem, lectures))), new_chain(model)
        before = state.period.copy()
        done = exchange(model, state, chain, 0, 1, ANYTHING)
        assert np.array_equal(state.period, 1 - before if done else before)
        return done

    assert first_of_a_row_of(MAX_CHAIN)
    assert not first_of_a_row_of(MAX_CHAIN + 1)
