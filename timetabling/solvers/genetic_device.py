"""The genetic search of `genetic.py` for a GPU: thousands of chains that cool and recombine.

A chain is a timetable that is annealed on the device (`timetabling.kernels.device`). All of them
cool together, once, slowly, as the individuals of `genetic.py` do; between generations the worst
are replaced by children, made and scored as arrays on the device. Only the best timetable seen
leaves it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from timetabling.kernels.device import Chains, start_on_gpu
from timetabling.kernels.model import Ints, Model, compile_model, to_arrays, to_timetable
from timetabling.kernels.population import Tables, cross, evaluate_population, upload
from timetabling.penalties import Formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer, Result, Stop
from timetabling.solvers.cooling import SWEEPS_END, Cooling, choose_heat, plan_generation

__all__ = ["StartChains", "solve"]

StartChains = Callable[[Model, Ints, Ints, np.random.SeedSequence], Chains]
"""Start a chain for each row of periods and rooms."""

CHUNK = 10_000  # moves of each chain between two looks at the clock: a guess, not measured
FIRST_GENERATION = 2_000  # moves of a chain while its speed is not known
MOST_GROWTH = 10  # of a generation over the one before, in moves

CROSSING_STARTS = 0.5  # share of the cooling before which a child forgets its parents
FEASIBLE_SHARE = 0.5  # of the chains; when so many are, all begin to cool
REPLACED_SHARE = 1 / 16  # of the chains, each generation
NUM_CHILDREN = 4  # made and scored, for each one that grows up


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
    population_size: int = 4_096,
    start_chains: StartChains = start_on_gpu,
) -> Result:
    """Improve `start`, or search from nothing, by chains that cool together and recombine.

    Parameters
    ----------
    start
        A timetable, whole or not, or None. The result is never worse.
    stop
        The budget; generations share it evenly. A unit of work is a move of one chain.
    observer
        Told of every generation.
    lower_bound
        No feasible timetable costs less: one that costs as much ends the search.
    num_generations
        Units of the stage.
    population_size
        Chains: as many as the device holds at once, and a few times that.
    start_chains
        Where they live; the tests have them on the processor.

    Raises
    ------
    ValueError
        If there is no GPU, or the problem is too large for its kernel's integers.
    """
    model = compile_model(problem, formulation)
    chain_seed, own_seed = np.random.SeedSequence(seed).spawn(2)
    periods, rooms = to_arrays(start or Timetable(problem))
    copies = (population_size, 1)
    chains = start_chains(model, np.tile(periods, copies), np.tile(rooms, copies), chain_seed)
    tables, rng = upload(model, chains.xp), np.random.default_rng(own_seed)
    best = chains.best()

    heat = choose_heat(model)
    speed = float(FIRST_GENERATION * num_generations)  # moves of a chain in the whole budget
    cooling: Cooling | None = None
    generation = 0
    while generation < num_generations and not stop() and best.total > (0, lower_bound):
        begun = stop.fraction()
        share_feasible = float((chains.totals[:, 0] == 0).mean())
        if cooling is None and (begun >= SWEEPS_END or share_feasible >= FEASIBLE_SHARE):
            cooling = Cooling(begun, 1.0)
        share = (1 - begun) / (num_generations - generation)
        if stop.work_left is None:
            num_moves = int(speed * share)
        else:
            num_moves = stop.work_left // (num_generations - generation) // population_size
        plan = plan_generation(num_moves, generation, heat, begun, begun + share, cooling)
        weight = int(plan.violation_weight)
        if cooling is not None and cooling.done(begun) >= CROSSING_STARTS:
            _breed(chains, tables, rng, weight)
        done = 0
        while done < num_moves and not stop():
            moves = min(CHUNK, num_moves - done)
            cool, swept = (
                hot * (cold / hot) ** (done / num_moves)
                for hot, cold in (plan.temperatures, plan.sweep)
            )
            is_broken = chains.totals[:, 0] > 0
            chains.anneal(moves, chains.xp.where(is_broken, swept, cool), weight)
            done += moves
        stop.spend(done * population_size)
        speed = min(speed * MOST_GROWTH, done / max(stop.fraction() - begun, 1e-9))

        best = chains.best()
        generation += 1
        observer.update_stage_progress(generation, num_generations)
        observer.update(
            f"GA generation {generation}/{num_generations}: cost {best.total[1]}",
            cost=float(best.total[1]),
            violations=float(best.total[0]),
        )
    if stop.fraction() >= 1.0 or best.total <= (0, lower_bound):
        observer.update_stage_progress(num_generations, num_generations)
    return Result(
        timetable=to_timetable(problem, best.periods, best.rooms),
        violations=best.total[0],
        cost=best.total[1],
        units=generation,
    )


def _breed(chains: Chains, tables: Tables, rng: np.random.Generator, violation_weight: int) -> None:
    """Put children in the place of the worst chains: of each few siblings, the best."""
    xp, size = chains.xp, len(chains.periods)
    num_new = int(size * REPLACED_SHARE)
    if num_new == 0:
        return
    order = (chains.totals[:, 0] * violation_weight + chains.totals[:, 1]).argsort()
    worst = order[size - num_new :]
    parents = order[xp.asarray(rng.integers(0, size - num_new, (num_new * NUM_CHILDREN, 2)))]
    children = cross(xp, tables, rng, chains.periods, chains.rooms, parents)
    violations, cost = evaluate_population(xp, tables, *children)
    energy = (violations * violation_weight + cost).reshape(num_new, NUM_CHILDREN)
    chosen = xp.arange(num_new) * NUM_CHILDREN + energy.argmin(1)
    chains.periods[worst], chains.rooms[worst] = (genes[chosen] for genes in children)
