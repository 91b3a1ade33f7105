"""Array code scores whole populations as `penalties` scores one, on NumPy and on CuPy."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timetabling.generator import generate
from timetabling.kernels.anneal import anneal, new_best
from timetabling.kernels.delta import new_state
from timetabling.kernels.draws import new_random
from timetabling.kernels.kempe import new_chain
from timetabling.kernels.model import Ints, Model, compile_model, to_arrays, to_timetable
from timetabling.kernels.population import cross, evaluate_population, load_array_module, upload
from timetabling.penalties import FORMULATIONS, evaluate
from timetabling.problem import Problem, Timetable


@pytest.fixture(scope="session", params=["numpy", "cupy"])
def xp(request: pytest.FixtureRequest) -> ModuleType:
    try:
        return load_array_module(request.param)
    except ValueError as error:
        pytest.skip(str(error))


def make_population(model: Model, problem: Problem, seed: int, size: int) -> tuple[Ints, Ints]:
    """Timetables in every state of disorder, from empty to annealed."""
    states = []
    for k in range(size):
        state = new_state(model, *to_arrays(Timetable(problem)))
        random = new_random(np.random.SeedSequence([seed, k]))
        anneal(model, state, new_chain(model), new_best(state), random, k * k * 10, 1.0, 5.0)
        states.append(state)
    return np.stack([s.period for s in states]), np.stack([s.room for s in states])


def on_host(array: object) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.asarray(array.get() if hasattr(array, "get") else array)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), name=st.sampled_from(sorted(FORMULATIONS)))
def test_a_population_is_scored_as_penalties_score_each_timetable(
    random_problem: Callable[[int], Problem], xp: ModuleType, seed: int, name: str
) -> None:
    problem, rules = random_problem(seed), FORMULATIONS[name]
    model = compile_model(problem, rules)
    periods, rooms = make_population(model, problem, seed, size=5)
    violations, cost = evaluate_population(
        xp, upload(model, xp), xp.asarray(periods), xp.asarray(rooms)
    )
    for k in range(5):
        score = evaluate(to_timetable(problem, periods[k], rooms[k]), rules)
        assert (on_host(violations)[k], on_host(cost)[k]) == (score.num_violations, score.cost)


def test_a_child_has_each_course_from_one_parent_and_some_from_both(xp: ModuleType) -> None:
    problem = generate(40, seed=2).problem
    model = compile_model(problem, FORMULATIONS["UD2"])
    periods, rooms = make_population(model, problem, seed=5, size=20)
    periods, rooms = periods[-2:], rooms[-2:]
    parents = np.array([[0, 1], [1, 0]])
    children = cross(
        xp,
        upload(model, xp),
        np.random.default_rng(1),
        *map(xp.asarray, (periods, rooms, parents)),
    )
    of_course = np.array(problem.lecture_courses)
    for child_periods, child_rooms, (first, second) in zip(
        *map(on_host, children), parents, strict=True
    ):
        taken = []
        for c in range(model.num_courses):
            mine = of_course == c
            from_parent = [
                np.array_equal(child_periods[mine], periods[parent][mine])
                and np.array_equal(child_rooms[mine], rooms[parent][mine])
                for parent in (first, second)
            ]
            assert any(from_parent)
            taken.append(from_parent[1] and not from_parent[0])
        assert 0 < sum(taken) <= model.num_courses / 2 + 1


def test_only_known_array_modules_are_loaded() -> None:
    assert load_array_module("numpy") is np
    with pytest.raises(ValueError, match="expected 'numpy' or 'cupy', got 'torch'"):
        load_array_module("torch")
