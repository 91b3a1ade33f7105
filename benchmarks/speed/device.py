"""How fast the GPU anneals, how near to its memory's limit, and how soon it is as good as 2 cores.

Run it with ``python -m benchmarks.speed.device [instance.ectt] [--seconds 30]``. Where there is no
GPU it says so and measures nothing. One run a figure; the first launch, which compiles, is left
out.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np

from timetabling.formats import read_problem
from timetabling.generator import generate
from timetabling.kernels import warm_up
from timetabling.kernels.device import start_on_gpu, state_bytes
from timetabling.kernels.model import Model, compile_model, to_arrays
from timetabling.kernels.population import load_array_module
from timetabling.penalties import formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Result, SilentObserver, TimeLimit
from timetabling.solvers import genetic, genetic_device
from timetabling.solvers.genetic_device import StartChains

UD2 = formulation("UD2")
CHAINS_A_MULTIPROCESSOR = 32
MOVES = 20_000
TEMPERATURES = (10.0, 1.0, 0.2)  # the hotter, the more of a warp's proposals are thrown away
SHARED_BYTES_A_CYCLE = 128  # of a multiprocessor's shared memory, on all GPUs since 2017
COPIED_BYTES = 2**29


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one instance: as large as comp02 of ITC-2007, or the given one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("instance", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=30.0, help="for the two cores")
    options = parser.parse_args(arguments)
    try:
        cupy = load_array_module("cupy")
    except ValueError as error:
        print(f"unmeasured: no GPU ({error})")
        return
    problem = generate(82, seed=1, periods_per_day=5).problem
    if options.instance is not None:
        problem = read_problem(options.instance)
    attributes = cupy.cuda.Device().attributes
    num_chains = CHAINS_A_MULTIPROCESSOR * attributes["MultiProcessorCount"]
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    print(f"{name}, {num_chains} chains; {problem.name}: {problem.num_lectures} lectures")
    shared_bandwidth = (
        attributes["MultiProcessorCount"] * attributes["ClockRate"] * 1e3 * SHARED_BYTES_A_CYCLE
    )
    report_speed(problem, start_on_gpu, num_chains, measure_copying(cupy), shared_bandwidth)
    report_time_to_same_cost(problem, start_on_gpu, num_chains, options.seconds)


def report_speed(
    problem: Problem,
    start_chains: StartChains,
    num_chains: int,
    copying: float,
    shared_bandwidth: float,
) -> None:
    """Print moves a second, and what share of the bytes a second that could be read they read."""
    model = compile_model(problem, UD2)
    periods, rooms = (np.tile(x, (num_chains, 1)) for x in to_arrays(Timetable(problem)))
    chains = start_chains(model, periods, rooms, np.random.SeedSequence(1))
    in_state, in_model = bytes_per_move(model)
    print(f"  {state_bytes(model):>14,}  bytes of a chain's state")
    print(f"  {in_state:>14,.0f}  bytes read of it for a move (estimate, see bytes_per_move)")
    print(f"  {in_model:>14,.0f}  bytes read of the model for a move (the same)")
    print(f"  {copying:>14.3g}  bytes a second, device memory, measured by copying")
    print(f"  {shared_bandwidth:>14.3g}  bytes a second, shared memory, by clock and width")
    for temperature in TEMPERATURES:
        chains.anneal(MOVES, temperature, 200)
        begun = time.perf_counter()
        chains.anneal(MOVES, temperature, 200)
        speed = num_chains * MOVES / (time.perf_counter() - begun)
        print(f"  {speed:>14,.0f}  moves a second of all chains, at temperature {temperature}")
        print(f"  {speed * in_state / shared_bandwidth:>14.1%}  of what shared memory could read")
        print(f"  {speed * in_state / copying:>14.1%}  of the device's memory, were states there")


def bytes_per_move(model: Model) -> tuple[float, float]:
    """Bytes that pricing a move of an average lecture to a free place reads: state, model.

    An estimate, counted in the source for UD2: the lecture goes to another day, each value is read
    once, and no account is taken of proposals turned down before they are priced, or thrown away.
    """
    lectures = model.num_lectures / model.num_courses  # of the lecture's course
    course_of = model.lecture_course
    curricula = float(np.diff(model.curricula_start)[course_of].mean())
    count = 1 if model.num_courses <= 255 else 2
    days = 2 * (2 + count * model.periods_per_day)  # of a curriculum: their cost, and each slot
    state = 4 + 6 * lectures + 4 * count + 2 + curricula * days
    lists = 4 * (2 + 2 + 2 + 2 + curricula)  # starts and ends, and the curricula
    return state, lists + 4 * (1 + 2 + 2 + lectures) + 2


def measure_copying(cupy: ModuleType) -> float:
    """Bytes a second read and written by copying within the device's memory."""
    source = cupy.zeros(COPIED_BYTES, np.uint8)
    target = cupy.empty_like(source)
    target[:] = source
    cupy.cuda.Device().synchronize()
    begun = time.perf_counter()
    for _ in range(10):
        target[:] = source
    cupy.cuda.Device().synchronize()
    return 2 * 10 * COPIED_BYTES / (time.perf_counter() - begun)


def report_time_to_same_cost(
    problem: Problem, start_chains: StartChains, num_chains: int, seconds: float
) -> None:
    """Print the shortest time limit with which the GPU is as good as two cores.

    The limits tried double, since one cooling fills the limit, whatever it is.
    """
    warm_up()

    def limit(seconds: float) -> TimeLimit:
        return TimeLimit(seconds, time.perf_counter)

    def on_gpu(seconds: float) -> Result:
        return genetic_device.solve(
            problem,
            formulation=UD2,
            start=None,
            stop=limit(seconds),
            seed=1,
            observer=SilentObserver(),
            population_size=num_chains,
            start_chains=start_chains,
        )

    two_cores = genetic.solve(
        problem,
        formulation=UD2,
        start=None,
        stop=limit(seconds),
        seed=1,
        observer=SilentObserver(),
        num_threads=2,
    )
    print(f"  {two_cores.cost:>14,}  cost on two cores after {seconds:g} s")
    tried = seconds / 64
    while tried <= seconds:
        result = on_gpu(tried)
        print(f"  {result.cost:>14,}  cost on the GPU after {tried:.2g} s")
        if (result.violations, result.cost) <= (two_cores.violations, two_cores.cost):
            print(f"  {seconds / tried:>14.0f}  times as fast to the same cost")
            return
        tried *= 2
    print("  the GPU was not as good in the same time")


if __name__ == "__main__":
    main()
