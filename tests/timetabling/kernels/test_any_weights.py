"""Kernels count as `penalties` does whatever the weights are: processor, array code, GPU's code."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.chains_on_host import start_on_host
from tests.timetabling.kernels.test_delta import walk
from tests.timetabling.kernels.test_device import check_totals, start
from tests.timetabling.weighings import random_rules
from timetabling.kernels.anneal import anneal, new_best
from timetabling.kernels.delta import new_state
from timetabling.kernels.draws import new_random
from timetabling.kernels.kempe import new_chain
from timetabling.kernels.model import compile_model, to_arrays, to_timetable
from timetabling.penalties import evaluate
from timetabling.problem import Problem, Timetable


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_each_move_changes_what_a_full_count_says(
    random_problem: Callable[[int], Problem], seed: int
) -> None:
    walk(random_problem(seed), random_rules(seed), seed, num_moves=60, check_every=1)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_annealing_with_swaps_and_kempe_chains_counts_right(
    random_problem: Callable[[int], Problem], seed: int
) -> None:
    problem, rules = random_problem(seed), random_rules(seed)
    model = compile_model(problem, rules)
    state = new_state(model, *to_arrays(Timetable(problem)))
    best = new_best(state)
    random = new_random(np.random.SeedSequence(seed))
    anneal(model, state, new_chain(model), best, random, 3_000, 3.0, 300.0)
    score = evaluate(to_timetable(problem, state.period, state.room), rules)
    assert tuple(state.total) == score.order


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_gpus_code_and_array_code_count_right(
    random_problem: Callable[[int], Problem], seed: int
) -> None:
    problem, rules = random_problem(seed), random_rules(seed)
    chains = start(start_on_host, problem, rules, 2, seed)
    for temperature, weight in ((30.0, 0), (3.0, 300)):
        chains.anneal(1_000, temperature, weight)
        check_totals(problem, rules, chains)
