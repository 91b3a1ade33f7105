"""The genetic search of `genetic.py` for a GPU: thousands of chains that cool and recombine.

A chain is a timetable that is annealed on the device (`timetabling.kernels.device`). All of them
cool together, once, slowly, as the individuals of `genetic.py` do; between generations the worst
are replaced by children, made and scored as arrays on the device. Only the best timetable seen
leaves it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from timetabling.kernels.device import Chains, start_on_gpu
from timetabling.kernels.model import Ints, Model, compile_model, to_arrays, to_timetable
from timetabling.kernels.population import Tables, cross, evaluate_population, upload
from timetabling.penalties import Formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer, Result, Stop
from timetabling.solvers.cooling import Generation, choose_heat
from timetabling.solvers.generations import run_generations

__all__ = ["StartChains", "solve"]

StartChains = Callable[[Model, Ints, Ints, np.random.SeedSequence], Chains]
"""Start a chain for each row of periods and rooms."""

CHUNK = 10_000  # moves of each chain between two looks at the clock: a guess, not measured
FIRST_GENERATION = 2_000  # moves of a chain while its speed is not known

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
    population = _Population(chains, upload(model, chains.xp), np.random.default_rng(own_seed))
    reached = run_generations(
        population,
        heat=choose_heat(model),
        stop=stop,
        lower_bound=lower_bound,
        num_generations=num_generations,
        first_moves=FIRST_GENERATION,
        quick_coolings=(),
        enough_moves=math.inf,
        observer=observer,
    )
    best = population.best
    violations, cost = best.total
    timetable = to_timetable(problem, best.periods, best.rooms)
    return Result(timetable=timetable, violations=violations, cost=cost, units=reached.generation)


class _Population:
    """The chains on the device; `best` is the best timetable that one of them has seen."""

    def __init__(self, chains: Chains, tables: Tables, rng: np.random.Generator) -> None:
        self._chains, self._tables, self._rng = chains, tables, rng
        self.best = chains.best()

    @property
    def size(self) -> int:
        return len(self._chains.periods)

    @property
    def best_total(self) -> tuple[int, int]:
        return self.best.total

    def can_cool(self) -> bool:
        return float((self._chains.totals[:, 0] == 0).mean()) >= FEASIBLE_SHARE

    def breed(self, plan: Generation, cooled: float) -> None:
        if cooled >= CROSSING_STARTS:
            _breed(self._chains, self._tables, self._rng, int(plan.violation_weight))

    def improve(self, plan: Generation, stop: Stop) -> int:
        chains, done = self._chains, 0
        while done < plan.num_moves and not stop():
            moves = min(CHUNK, plan.num_moves - done)
            cool, swept = (
                hot * (cold / hot) ** (done / plan.num_moves)
                for hot, cold in (plan.temperatures, plan.sweep)
            )
            is_broken = chains.totals[:, 0] > 0
            temperatures = chains.xp.where(is_broken, swept, cool)
            chains.anneal(moves, temperatures, int(plan.violation_weight))
            done += moves
        self.best = chains.best()
        return done * self.size


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
