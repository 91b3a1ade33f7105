"""How fast a move is priced, and how much faster than counting everything.

Run it with ``python -m benchmarks.speed.kernel``.

Ratios come first, since they depend least on the machine. One core, one run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from timetabling.formats import read_problem
from timetabling.generator import generate
from timetabling.kernels.anneal import anneal, new_best
from timetabling.kernels.compiling import compiled
from timetabling.kernels.delta import move_delta, new_state
from timetabling.kernels.draws import new_random
from timetabling.kernels.kempe import new_chain
from timetabling.kernels.model import Ints, Model, compile_model, to_arrays, to_timetable
from timetabling.kernels.state import State, totals
from timetabling.penalties import evaluate, formulation
from timetabling.problem import Problem, Timetable

COMP02 = Path(__file__).resolve().parents[3] / "shared/instances/itc2007/comp02.ectt"
UD2 = formulation("UD2")


def main() -> None:
    """Measure a generated instance, and comp02 where it is."""
    measure("generated, 80 courses", generate(80, seed=1).problem)
    if COMP02.is_file():
        measure("comp02", read_problem(COMP02))
    else:
        print(f"comp02: left out, not at {COMP02}")


def measure(title: str, problem: Problem) -> None:
    """Print the figures of one instance, on a timetable annealed half-way."""
    model = compile_model(problem, UD2)
    state = new_state(model, *to_arrays(Timetable(problem)))
    chain, best = new_chain(model), new_best(state)
    random = new_random(np.random.SeedSequence(1))
    anneal(model, state, chain, best, random, 1_000_000, 3.0, 200.0)
    timetable = to_timetable(problem, state.period, state.room)
    proposals = np.random.default_rng(1).integers(
        0, (model.num_lectures, model.num_periods, model.num_rooms), (200_000, 3), np.int32
    )

    annealed = per_second(
        2_000_000, lambda n: anneal(model, state, chain, best, random, n, 1.0, 200.0)
    )
    priced = per_second(len(proposals), lambda _: _price_all(model, state, proposals))
    recounted = per_second(300, lambda n: [totals(model, state) for _ in range(n)])
    evaluated = per_second(20, lambda n: [evaluate(timetable, UD2) for _ in range(n)])

    print(f"{title}: {model.num_lectures} lectures, {model.num_curricula} curricula")
    for what, ratio in (
        ("a delta is so many times as fast as penalties.evaluate", priced / evaluated),
        ("a delta is so many times as fast as a compiled recount", priced / recounted),
        ("an annealed move, as fast as penalties.evaluate", annealed / evaluated),
        ("moves annealed a second on one core", annealed),
        ("moves priced a second on one core (move_delta)", priced),
        ("compiled recounts a second on one core (totals)", recounted),
        ("full recounts a second on one core (penalties.evaluate)", evaluated),
    ):
        print(f"  {ratio:>12,.0f}  {what}")


def per_second(count: int, work: Callable[[int], object]) -> float:
    """Things done in a second of processor time: the best of three, after one to compile."""
    work(count)
    times = []
    for _ in range(3):
        begun = time.process_time()
        work(count)
        times.append(time.process_time() - begun)
    return count / min(times)


@compiled
def _price_all(model: Model, state: State, proposals: Ints) -> int:
    checksum = 0
    for i in range(len(proposals)):
        lecture, period, room = int(proposals[i, 0]), int(proposals[i, 1]), int(proposals[i, 2])
        here = state.lecture_at[period, model.lecture_course[lecture]]
        if here < 0 or here == lecture:
            violations, cost = move_delta(model, state, lecture, period, room)
            checksum += violations + cost
    return checksum


if __name__ == "__main__":
    main()
