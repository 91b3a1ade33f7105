"""How the speed of the kernels depends on the size: ``python -m benchmarks.speed.scaling``.

Generated universities, UD2, one core; moves are annealed at a temperature of 1, on a timetable
that was annealed half-way. A move counts when it is proposed; most are refused early.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.speed.kernel import per_second
from timetabling.generator import generate
from timetabling.kernels.anneal import anneal, new_best
from timetabling.kernels.delta import new_state
from timetabling.kernels.draws import new_random
from timetabling.kernels.kempe import new_chain
from timetabling.kernels.model import compile_model, to_arrays
from timetabling.penalties import formulation
from timetabling.problem import Problem, Timetable

__all__ = ["moves_per_second"]

SIZES = (30, 100, 300, 1_000, 2_000, 3_000)  # courses
MOVES_A_LECTURE = 2_000  # before measuring


def main(sizes: Sequence[int]) -> None:
    """Print the table."""
    print("| courses | lectures | curricula | moves annealed a second | model compiled in |")
    print("|--------:|---------:|----------:|------------------------:|------------------:|")
    for num_courses in sizes:
        problem = generate(num_courses, seed=0).problem
        begun = time.perf_counter()
        compile_model(problem, formulation("UD2"))
        compiled_in = time.perf_counter() - begun
        print(
            f"| {num_courses:7,} | {problem.num_lectures:8,} | {len(problem.curricula):9,} "
            f"| {moves_per_second(problem):23,.0f} | {compiled_in:15.2f} s |",
            flush=True,
        )


def moves_per_second(problem: Problem, *, num_moves: int = 2_000_000) -> float:
    """Moves that one core anneals in a second of processor time."""
    model = compile_model(problem, formulation("UD2"))
    state = new_state(model, *to_arrays(Timetable(problem)))
    chain, best = new_chain(model), new_best(state)
    random = new_random(np.random.SeedSequence(1))
    anneal(model, state, chain, best, random, MOVES_A_LECTURE * model.num_lectures, 3.0, 200.0)
    return per_second(num_moves, lambda n: anneal(model, state, chain, best, random, n, 1.0, 200.0))


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or SIZES)
