"""Genetic search: a population of timetables that cools down together, the better ones surviving.

A memetic algorithm: every individual is improved by compiled simulated annealing, and the
generations are the steps of one quick and one slow cooling, not of many restarts. Twice in the
slow one the worse half gives way to copies of the better half, which then go ways of their own:
what is settled while it is hot is chosen among all, and so is what is settled later. The best
timetable seen is kept aside.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np

from timetabling.kernels.anneal import (
    Best,
    anneal,
    keep_better,
    new_best,
)
from timetabling.kernels.delta import load_state, new_state
from timetabling.kernels.draws import Random, new_random
from timetabling.kernels.kempe import Chain, new_chain
from timetabling.kernels.model import Model, compile_model, to_arrays, to_timetable
from timetabling.kernels.state import State
from timetabling.penalties import Formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer, Result, Stop
from timetabling.solvers.cooling import (
    SWEEPS_END,
    Cooling,
    Generation,
    choose_heat,
    plan_generation,
)

__all__ = ["solve"]

CHUNK = 20_000  # moves between two looks at the clock: 2 to 20 ms
FIRST_GENERATION = 40_000  # moves of an individual while its speed is not known
MOST_GROWTH = 10  # of a generation over the one before, in moves

# Share of the budget for a cooling before the slow one. A good timetable is there soon, and an
# easy problem is solved by it.
QUICK_COOLING = 0.08
# Shares of the slow cooling after which the better half takes the place of the worse. With four
# individuals: 757 in total on comp02, 05, 06, 12 and 13, two without selection 765 (270 million
# moves, three seeds).
SELECTIONS = (0.3, 0.55)
# A guess: in a large problem two that are annealed for twice as long are worth more than four.
USUAL_POPULATION, POPULATION_OF_LARGE = 4, 2
LARGE = 600  # lectures


class _Individual(NamedTuple):
    state: State
    chain: Chain
    best: Best
    random: Random


def solve(
    problem: Problem,
    *,
    formulation: Formulation,
    start: Timetable | None,
    stop: Stop,
    seed: int,
    observer: Observer,
    lower_bound: int = 0,
    num_generations: int = 60,
    population_size: int | None = None,
    num_threads: int = 2,
    array_module: Literal["numpy", "cupy"] = "numpy",
) -> Result:
    """Improve `start`, or search from nothing, by a population that cools together.

    Cooling starts hot even from a good start: on comp02 that led lower than a mild heat, and the
    best timetable seen is kept anyway.

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
    model = compile_model(problem, formulation)
    if population_size is None:
        is_large = problem.num_lectures > LARGE
        population_size = POPULATION_OF_LARGE if is_large else USUAL_POPULATION
    seeds = np.random.SeedSequence(seed).spawn(population_size)
    population = [_make_individual(model, start or Timetable(problem), each) for each in seeds]
    best = new_best(population[0].state)

    heat = choose_heat(model)
    speed = float(FIRST_GENERATION * num_generations)  # moves of an individual in the whole budget
    cooling: Cooling | None = None
    selections_left = list(SELECTIONS)
    generation = 0
    with ThreadPoolExecutor(num_threads) as pool:
        while generation < num_generations and not stop() and not _is_optimal(best, lower_bound):
            begun = stop.fraction()
            share = (1 - begun) / (num_generations - generation)
            if cooling is None and (
                begun >= SWEEPS_END or all(x.best.total[0] == 0 for x in population)
            ):
                cooling = Cooling(begun, begun + QUICK_COOLING * (1 - begun))
            elif cooling is not None and begun + share / 2 >= cooling.until:
                cooling = Cooling(begun, 1.0)
            if stop.work_left is None:
                num_moves = int(speed * share)
            else:
                num_moves = stop.work_left // (num_generations - generation) // population_size
            plan = plan_generation(num_moves, generation, heat, begun, begun + share, cooling)
            jobs = [pool.submit(_improve, model, x, plan, stop) for x in population]
            done, energies = zip(*(job.result() for job in jobs), strict=True)
            moves_done = sum(done)
            stop.spend(moves_done)
            used = stop.fraction() - begun
            slowly_done = cooling.done(begun + used) if cooling and cooling.until == 1.0 else 0.0
            if selections_left and slowly_done >= selections_left[0]:
                selections_left.pop(0)
                _select(model, population, list(energies))
            speed = min(speed * MOST_GROWTH, moves_done / population_size / max(used, 1e-9))
            for x in population:
                keep_better(best, x.best)
            generation += 1
            observer.update_stage_progress(generation, num_generations)
            observer.update(
                f"GA generation {generation}/{num_generations}: cost {best.total[1]}",
                cost=float(best.total[1]),
                violations=float(best.total[0]),
            )
    if stop.fraction() >= 1.0 or _is_optimal(best, lower_bound):
        observer.update_stage_progress(num_generations, num_generations)
    return Result(
        timetable=to_timetable(problem, best.period, best.room),
        violations=int(best.total[0]),
        cost=int(best.total[1]),
        units=generation,
    )


def _is_optimal(best: Best, lower_bound: int) -> bool:
    return bool(best.total[0] == 0 and best.total[1] <= lower_bound)


def _make_individual(model: Model, start: Timetable, seed: np.random.SeedSequence) -> _Individual:
    state = new_state(model, *to_arrays(start))
    return _Individual(state, new_chain(model), new_best(state), new_random(seed))


def _improve(
    model: Model, individual: _Individual, plan: Generation, stop: Stop
) -> tuple[int, float]:
    """Anneal one individual through a generation.

    Returns the moves made, and its energy (cost and weighted violations), a mean on the way.
    """
    state, chain, best, random = individual
    done, energy = 0, 0.0
    while done < plan.num_moves and not stop():
        hot, cold = plan.sweep if state.total[0] > 0 else plan.temperatures
        temperature = hot * (cold / hot) ** (done / plan.num_moves)
        moves = min(CHUNK, plan.num_moves - done)
        anneal(model, state, chain, best, random, moves, temperature, plan.violation_weight)
        done += moves
        energy += moves * (plan.violation_weight * state.total[0] + state.total[1])
    return done, float(energy / max(1, done))


def _select(model: Model, population: list[_Individual], energies: list[float]) -> None:
    """Put copies of the better half in the place of the worse half."""
    order = sorted(range(len(population)), key=energies.__getitem__)
    half = len(order) // 2
    for better, worse in zip(order[:half], reversed(order[half:]), strict=False):
        kept = population[better].state
        load_state(model, population[worse].state, kept.period, kept.room)
