"""Genetic search: a population of timetables that cools down together, the better ones surviving.

A memetic algorithm: every individual is improved by compiled simulated annealing, and the
generations are the steps of a few coolings, not of many restarts: two quick ones and a slow one,
each with some ten times as long as the one before, or several slow ones where one of a part of the
time leads as low. Twice in a slow one the worse half gives way to copies of the better half, which
then go ways of their own: what is settled while it is hot is chosen among all, and so is what is
settled later. The best timetable seen is kept aside.

The same search can be made in spans: `begin`, then `go_on` until it is over. What one hands to the
next is a `Search`, which can be sent to another machine, and kept for after a crash.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np

from timetabling.kernels.anneal import Best
from timetabling.kernels.draws import new_random
from timetabling.kernels.model import compile_model, to_arrays
from timetabling.penalties import Formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer, Result, Stop
from timetabling.solvers.cooling import choose_heat
from timetabling.solvers.generations import run_generations
from timetabling.solvers.individuals import Individual, Individuals, Search

__all__ = ["NUM_GENERATIONS", "begin", "go_on", "solve"]

NUM_GENERATIONS = 240

FIRST_GENERATION = 40_000  # moves of an individual while its speed is not known

# Shares of the budget for coolings before the slow one: whoever looks, or ends the run, after a
# hundredth of its time has a timetable that is good for that, and an easy problem is solved.
QUICK_COOLINGS = (0.01, 0.08)
# Of an individual in a slow cooling, where it lingers. More led no lower there, but the best of
# several coolings did; see `docs/decisions/0013-annealing.md`.
ENOUGH_MOVES = 200e6
# A guess: in a large problem two that are annealed for twice as long are worth more than four.
USUAL_POPULATION, POPULATION_OF_LARGE = 4, 2
LARGE = 600  # lectures


def solve(
    problem: Problem,
    *,
    formulation: Formulation,
    start: Timetable | None,
    stop: Stop,
    seed: int,
    observer: Observer,
    lower_bound: int = 0,
    num_generations: int = NUM_GENERATIONS,
    population_size: int | None = None,
    num_threads: int = 2,
    array_module: Literal["numpy", "cupy"] = "numpy",
) -> Result:
    """Improve `start`, or search from nothing, by a population that cools together.

    Cooling starts hot even from a good start: on comp02 that led lower than a mild heat, and the
    best timetable seen is kept anyway. It starts mild where changes to a timetable before cost.

    Parameters
    ----------
    start
        A timetable, whole or not, or None. The result is never worse.
    stop
        The budget; generations share it evenly. A unit of work is a move of one individual.
    observer
        Told of every generation.
    lower_bound
        No feasible timetable costs less: one that costs as much ends the search.
    num_generations
        Units of the stage.
    population_size
        Individuals that share the budget; None chooses by the size of the problem.
    num_threads
        Individuals improved at once; under a `WorkLimit` the result does not depend on it.
    array_module
        Where the population lives: on the processor, or with CuPy on a GPU, where it is one of
        thousands (see `genetic_device`).

    Raises
    ------
    ValueError
        If CuPy is asked for and there is no GPU.
    """
    if array_module == "cupy":
        from timetabling.solvers import genetic_device  # loads no CuPy where it is not asked for

        return genetic_device.solve(
            problem,
            formulation=formulation,
            start=start,
            stop=stop,
            seed=seed,
            observer=observer,
            lower_bound=lower_bound,
            num_generations=num_generations,
        )
    search = go_on(
        problem,
        begin(problem, start=start, seed=seed, population_size=population_size),
        formulation=formulation,
        stop=stop,
        observer=observer,
        lower_bound=lower_bound,
        num_generations=num_generations,
        num_threads=num_threads,
    )
    violations, cost = search.order
    return Result(search.timetable(problem), violations, cost, search.reached.generation)


def begin(
    problem: Problem, *, start: Timetable | None, seed: int, population_size: int | None = None
) -> Search:
    """Make a population of copies of `start`; see `solve`."""
    if population_size is None:
        is_large = problem.num_lectures > LARGE
        population_size = POPULATION_OF_LARGE if is_large else USUAL_POPULATION
    period, room = to_arrays(start or Timetable(problem))
    best = Best(period, room, np.full(2, np.iinfo(np.int64).max))
    seeds = np.random.SeedSequence(seed).spawn(population_size)
    return Search(tuple(Individual(period, room, best, new_random(x)) for x in seeds), best)


def go_on(
    problem: Problem,
    search: Search,
    *,
    formulation: Formulation,
    stop: Stop,
    observer: Observer,
    lower_bound: int = 0,
    num_generations: int = NUM_GENERATIONS,
    until: int | None = None,
    num_threads: int = 2,
) -> Search:
    """Make a search's next span: under a `WorkLimit`, any spans lead where one alone does.

    Parameters
    ----------
    search
        Left as it is.
    stop
        The budget of the whole search, of which as much is used as `search.reached` says.
    observer
        Told of every generation; a unit of work is one of this span.
    until
        The generation that the span ends before; by default it has all that are left.
    """
    model = compile_model(problem, formulation)
    heat = choose_heat(model)
    with ThreadPoolExecutor(num_threads) as pool:
        population = Individuals(model, search, pool)
        reached = run_generations(
            population,
            search.reached,
            heat=heat,
            stop=stop,
            lower_bound=lower_bound,
            num_generations=num_generations,
            until=until,
            first_moves=FIRST_GENERATION,
            quick_coolings=QUICK_COOLINGS,
            enough_moves=ENOUGH_MOVES if heat.lingers else math.inf,
            observer=observer,
        )
    return population.at(reached)
