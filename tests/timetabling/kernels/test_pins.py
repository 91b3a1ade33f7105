"""What is pinned stays, and changes are counted exactly, whatever the kernels do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.chains_on_host import start_on_host
from timetabling.kernels.anneal import anneal, new_best
from timetabling.kernels.choice import FEATURES, Weights
from timetabling.kernels.delta import move, move_delta, new_state
from timetabling.kernels.desk import new_desk
from timetabling.kernels.draws import new_random
from timetabling.kernels.kempe import exchange, new_chain
from timetabling.kernels.model import Ints, compile_model, to_arrays, to_timetable
from timetabling.kernels.population import evaluate_population, upload
from timetabling.kernels.repairs import new_record, run_episode
from timetabling.kernels.state import totals
from timetabling.penalties import FORMULATIONS, Formulation, evaluate, price_changes
from timetabling.problem import Lecture, Pin, Problem, Timetable

Problems = Callable[[int], Problem]
of_every_kind = given(
    seed=st.integers(0, 10**6), name=st.sampled_from(sorted(FORMULATIONS)), price=st.integers(0, 7)
)
some = settings(max_examples=30, deadline=None)


def check(problem: Problem, rules: Formulation, periods: Ints, rooms: Ints) -> tuple[int, int]:
    """Every pinned lecture is in its place; returns what the timetable counts."""
    timetable = to_timetable(problem, periods, rooms)
    held = {(x.course, x.period): x.room for x in timetable.lectures}
    for at, room in problem.pinned.items():
        assert at in held
        assert room is None or held[at] == room
    score = evaluate(timetable, rules)
    return score.order


def scattered(problem: Problem, seed: int) -> Timetable:
    """Lectures anywhere, some of them where they were before."""
    random = Random(seed)
    kept = [x for x in problem.before if random.random() < 0.5]
    num_rooms = len(problem.rooms)
    return Timetable(
        problem,
        (
            *kept,
            *(
                Lecture(c, random.randrange(problem.num_periods), random.randrange(num_rooms))
                for c in problem.lecture_courses
                if random.random() < 0.5
            ),
        ),
    )


@some
@of_every_kind
def test_changes_are_priced_and_capped_move_by_move(
    pinned_problem: Problems, seed: int, name: str, price: int
) -> None:
    problem, rules = pinned_problem(seed), price_changes(FORMULATIONS[name], price)
    model, random = compile_model(problem, rules), Random(seed)
    state = new_state(model, *to_arrays(scattered(problem, seed)))
    free = np.flatnonzero(model.hold == 0).tolist()
    for _ in range(60 if free else 0):
        lecture, period = random.choice(free), random.randrange(model.num_periods)
        room = random.randrange(model.num_rooms)
        if random.random() < 0.1:
            period, room = -1, -1
        elif state.lecture_at[period, model.lecture_course[lecture]] not in (-1, lecture):
            continue
        change, before = move_delta(model, state, lecture, period, room), state.total.copy()
        assert move(model, state, lecture, period, room) == change
        assert (state.total - before).tolist() == list(change)
        assert totals(model, state) == tuple(state.total)
        assert tuple(state.total) == check(problem, rules, state.period, state.room)


@some
@of_every_kind
def test_annealing_and_chains_leave_pins_alone_and_count_right(
    pinned_problem: Problems, seed: int, name: str, price: int
) -> None:
    problem, rules = pinned_problem(seed), price_changes(FORMULATIONS[name], price)
    model = compile_model(problem, rules)
    state = new_state(model, *to_arrays(scattered(problem, seed)))
    best, random = new_best(state), new_random(np.random.SeedSequence(seed))
    for temperature in (30.0, 3.0, 0.1):
        anneal(model, state, new_chain(model), best, random, 500, temperature, 10.0)
        assert tuple(state.total) == check(problem, rules, state.period, state.room)
        assert tuple(best.total) == check(problem, rules, best.period, best.room)
    chain, draws = new_chain(model), Random(seed)
    for _ in range(50):
        lecture = draws.randrange(model.num_lectures)
        period = draws.randrange(model.num_periods)
        if state.period[lecture] not in (-1, period):
            violations = state.total[0]
            exchange(model, state, chain, lecture, period, draws.choice([0.0, 1e9]))
            assert state.total[0] == violations
            assert tuple(state.total) == check(problem, rules, state.period, state.room)


@some
@of_every_kind
def test_repairs_leave_pins_alone_and_count_right(
    pinned_problem: Problems, seed: int, name: str, price: int
) -> None:
    problem, rules = pinned_problem(seed), price_changes(FORMULATIONS[name], price)
    model = compile_model(problem, rules)
    periods, rooms = to_arrays(scattered(problem, seed))
    state, desk, record = new_state(model, periods, rooms), new_desk(model), new_record(model, 30)
    desk.random[0] = seed + 1
    anything = Weights(
        np.zeros(len(FEATURES), np.float32),
        np.zeros((1, len(FEATURES)), np.float32),
        np.zeros(1, np.float32),
        np.zeros(1, np.float32),
    )
    found = run_episode(model, state, desk, record, anything, 30, periods, rooms, 100, 0.0)
    assert found == check(problem, rules, record.period, record.room)
    assert tuple(state.total) == check(problem, rules, state.period, state.room)


@some
@of_every_kind
def test_chains_of_the_device_leave_pins_alone_and_count_right(
    pinned_problem: Problems, seed: int, name: str, price: int
) -> None:
    problem, rules = pinned_problem(seed), price_changes(FORMULATIONS[name], price)
    model = compile_model(problem, rules)
    begun = [to_arrays(scattered(problem, seed + k)) for k in range(3)]
    periods, rooms = (np.stack(arrays) for arrays in zip(*begun, strict=True))
    chains = start_on_host(model, periods, rooms, np.random.SeedSequence(seed))
    for temperature in (30.0, 0.1):
        chains.anneal(500, temperature, 10)
        places = chains.periods.astype(np.int32), chains.rooms.astype(np.int32)
        counted = evaluate_population(np, upload(model, np), *map(np.copy, places))
        assert np.array_equal(chains.totals.T, counted)
        for total, *place in zip(chains.totals.tolist(), *places, strict=True):
            assert tuple(total) == check(problem, rules, *place)


def test_where_all_is_pinned_nothing_moves(pinned_problem: Problems) -> None:
    loose = pinned_problem(3)
    periods = {c: iter(range(loose.num_periods)) for c in range(len(loose.courses))}
    pins = frozenset(Pin(c, next(periods[c]), 0) for c in loose.lecture_courses)
    problem, rules = replace(loose, pins=pins), FORMULATIONS["UD2"]
    model = compile_model(problem, rules)
    state = new_state(model, *to_arrays(Timetable(problem)))
    before = state.period.copy()
    random = new_random(np.random.SeedSequence(1))
    anneal(model, state, new_chain(model), new_best(state), random, 1_000, 30.0, 1.0)
    assert model.num_movable == 0
    assert np.array_equal(state.period, before)
    assert (before >= 0).all()
