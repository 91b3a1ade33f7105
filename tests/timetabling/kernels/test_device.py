"""The GPU's kernel, compiled for the processor and, where there is one, for the GPU."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.chains_on_host import library_for, start_as_threads, start_on_host
from timetabling.generator import generate
from timetabling.kernels.device import (
    SOURCE,
    Chains,
    compile_options,
    start_on_gpu,
    state_bytes,
)
from timetabling.kernels.model import Ints, compile_model, to_arrays, to_timetable
from timetabling.kernels.population import evaluate_population, load_array_module, upload
from timetabling.penalties import FORMULATIONS, Formulation, evaluate, formulation
from timetabling.problem import Course, Problem, Room, Timetable
from timetabling.solvers.genetic_device import StartChains

UD2 = formulation("UD2")
SMALL = generate(20, seed=1).problem


@pytest.fixture(scope="session", params=["host", "gpu"])
def start_chains(request: pytest.FixtureRequest) -> StartChains:
    """Start chains on the processor, and on the GPU if there is one."""
    if request.param == "host":
        library_for(compile_model(SMALL, UD2))
        return start_on_host
    skip_without_gpu()
    return start_on_gpu


def skip_without_gpu() -> None:
    try:
        load_array_module("cupy")
    except ValueError as error:
        pytest.skip(str(error))


def start(
    start_chains: StartChains, problem: Problem, rules: Formulation, size: int, seed: int = 1
) -> Chains:
    periods, rooms = (np.tile(x, (size, 1)) for x in to_arrays(Timetable(problem)))
    model = compile_model(problem, rules)
    return start_chains(model, periods, rooms, np.random.SeedSequence(seed))


def on_host(array: Any) -> Ints:
    return np.asarray(array.get() if hasattr(array, "get") else array).astype(np.int32)


def contents(chains: Chains) -> list[list[Any]]:
    return [on_host(x).tolist() for x in (chains.periods, chains.rooms, chains.totals)]


# ---- costs


def check_totals(problem: Problem, rules: Formulation, chains: Chains) -> None:
    """Counts kept move by move equal those of `penalties` and of `evaluate_population`."""
    totals, model = on_host(chains.totals), compile_model(problem, rules)
    places = on_host(chains.periods), on_host(chains.rooms)
    assert np.array_equal(
        totals.T, evaluate_population(np, upload(model, np), *map(np.copy, places))
    )
    best = chains.best()
    assert best.total <= min(map(tuple, totals.tolist()))
    score = evaluate(to_timetable(problem, best.periods, best.rooms), rules)
    assert best.total == score.order
    for total, periods, rooms in zip(totals.tolist(), *places, strict=True):
        score = evaluate(to_timetable(problem, periods, rooms), rules)
        assert tuple(total) == score.order


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), name=st.sampled_from(sorted(FORMULATIONS)))
def test_running_totals_equal_penalties_whatever_is_broken(
    random_problem: Callable[[int], Problem], start_chains: StartChains, seed: int, name: str
) -> None:
    problem, rules = random_problem(seed), FORMULATIONS[name]
    chains = start(start_chains, problem, rules, 3, seed)
    check_totals(problem, rules, chains)
    for temperature, weight in ((30.0, 0), (3.0, 10), (0.1, 10)):
        chains.anneal(1_000, temperature, weight)
        check_totals(problem, rules, chains)


@pytest.mark.parametrize("name", sorted(FORMULATIONS))
@pytest.mark.parametrize("num_courses", [60, 260])  # of 260, counts need 16 bits
def test_running_totals_equal_penalties_on_whole_weeks(
    start_chains: StartChains, name: str, num_courses: int
) -> None:
    problem, rules = generate(num_courses, seed=3).problem, FORMULATIONS[name]
    chains = start(start_chains, problem, rules, 2)
    chains.anneal(10_000, 50.0, 20)
    assert (on_host(chains.totals)[:, 0] > 0).all()
    check_totals(problem, rules, chains)


def test_array_code_may_rewrite_the_timetables_between_launches(start_chains: StartChains) -> None:
    chains = start(start_chains, SMALL, UD2, 8)
    chains.anneal(500, 10.0, 5)
    chains.periods[:4], chains.rooms[:4] = chains.periods[4:], chains.rooms[4:]
    chains.anneal(0, 1.0, 5)
    assert np.array_equal(on_host(chains.totals)[:4], on_host(chains.totals)[4:])
    check_totals(SMALL, UD2, chains)


# ---- the walk


def test_the_same_seed_gives_the_same_chains_and_another_seed_others(
    start_chains: StartChains,
) -> None:
    runs = []
    for seed in (1, 1, 2):
        chains = start(start_chains, SMALL, UD2, 4, seed)
        chains.anneal(3_000, 3.0, 100)
        runs.append(contents(chains))
    assert runs[0] == runs[1] != runs[2]
    assert runs[0][0][0] != runs[0][0][1]


def test_a_chain_does_not_depend_on_those_beside_it(start_chains: StartChains) -> None:
    few, many = (start(start_chains, SMALL, UD2, size) for size in (3, 70))
    for chains in (few, many):
        chains.anneal(2_000, 3.0, 100)
    assert contents(few) == [x[:3] for x in contents(many)]


def test_each_chain_has_its_own_temperature(start_chains: StartChains) -> None:
    chains = start(start_chains, SMALL, UD2, 8)
    chains.anneal(20_000, 3.0, 100)
    hot = np.arange(8) % 2 == 0
    chains.anneal(5_000, chains.xp.asarray(np.where(hot, 50.0, 0.1)), 100)
    cost = on_host(chains.totals)[:, 1]
    assert cost[hot].min() > cost[~hot].max()


def test_chains_settle_where_metropolis_says(start_chains: StartChains) -> None:
    """Of two free places whose costs differ by 1, at temperature 1, the better holds 73 %.

    It would not if the proposals that are priced at once were weighed in any other way.
    """
    course = Course(id="c", teacher="t", num_lectures=1, min_working_days=0, num_students=10)
    rooms = (Room(id="a", capacity=10), Room(id="b", capacity=9))
    problem = Problem(name="two", num_days=1, periods_per_day=1, courses=(course,), rooms=rooms)
    chains = start(start_chains, problem, UD2, 10_000)
    chains.anneal(200, 1.0, 100)
    assert on_host(chains.totals)[:, 1].mean() == pytest.approx(1 / (1 + math.e), abs=0.015)


def test_64_chains_make_feasible_timetables_from_nothing(start_chains: StartChains) -> None:
    chains = start(start_chains, SMALL, UD2, 64)
    for temperature in (30.0, 10.0, 3.0, 1.0, 0.3):
        chains.anneal(2_000, temperature, 200)
    violations, cost = on_host(chains.totals).T
    assert (violations == 0).mean() > 0.9
    assert chains.best().total[0] == 0
    assert chains.best().total[1] <= cost[violations == 0].min()


@pytest.mark.parametrize("name", sorted(FORMULATIONS))
@pytest.mark.parametrize("way", ["threads, scratch", "threads, shared", "gpu"])
def test_every_way_to_run_a_warp_walks_as_the_loop_does(name: str, way: str) -> None:
    """Bit by bit: also where the lanes are threads that wait only where the code says so."""
    if way == "gpu":
        skip_without_gpu()
        other: StartChains = start_on_gpu
    else:
        other = start_as_threads(in_shared=way == "threads, shared")
    runs = []
    for start_chains in (start_on_host, other):
        chains = start(start_chains, SMALL, FORMULATIONS[name], 3)
        for temperature in (5.0, 0.5):
            chains.anneal(400, temperature, 50)
        runs.append(contents(chains))
    assert runs[0] == runs[1]


# ---- sizes


@pytest.mark.parametrize("name", ["UD2", "UD5"])
@pytest.mark.parametrize("num_courses", [7, 80, 260])
def test_a_state_is_as_large_as_it_is_said_to_be(name: str, num_courses: int) -> None:
    model = compile_model(generate(num_courses, seed=1).problem, formulation(name))
    described = start(start_on_host, generate(num_courses, seed=1).problem, formulation(name), 1)
    address = ctypes.c_void_p(described._model.ctypes.data)
    needed = library_for(model).count_state_bytes(address)
    assert needed <= state_bytes(model) < needed + 8


def test_numbers_too_large_for_the_kernel_are_one_clear_error() -> None:
    heavy = Formulation("heavy", (), {"isolated_lectures": 10_000})
    with pytest.raises(ValueError, match="curriculum's day: expected at most 32767, got"):
        start(start_on_host, SMALL, heavy, 1)


# ---- compiling for a GPU, without one


@pytest.mark.parametrize(("arch", "num_courses"), [("sm_80", 260), ("sm_90", 20)])
def test_it_compiles_for_gpus(tmp_path: Path, arch: str, num_courses: int) -> None:
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        pytest.skip("no nvcc")
    model = compile_model(generate(num_courses, seed=1).problem, UD2)
    options = compile_options(model, in_shared=num_courses == 20)
    command = [nvcc, "-ptx", f"-arch={arch}", "-Werror", "all-warnings", *options, str(SOURCE)]
    subprocess.run([*command, "-o", str(tmp_path / "kernel.ptx")], check=True)
    assert ".entry anneal_chains(" in (tmp_path / "kernel.ptx").read_text()
