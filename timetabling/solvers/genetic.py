"""Genetic search: a population of timetables that cools down together, the better ones surviving.

A memetic algorithm: every individual is improved by compiled simulated annealing, and the
generations are the steps of one quick and one slow cooling, not of many restarts. Twice in the
slow one the worse half gives way to copies of the better half, which then go ways of their own:
what is settled while it is hot is chosen among all, and so is what is settled later. The best
timetable seen is kept aside.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np

from timetabling.kernels.anneal import Best, anneal, keep_better, new_best
from timetabling.kernels.delta import load_state, new_state
from timetabling.kernels.draws import Random, new_random
from timetabling.kernels.kempe import Chain, new_chain
from timetabling.kernels.model import Model, compile_model, to_arrays, to_timetable
from timetabling.kernels.state import State
from timetabling.penalties import Formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer, Result, Stop
from timetabling.solvers.cooling import Generation, choose_heat
from timetabling.solvers.generations import run_generations

__all__ = ["solve"]

CHUNK = 20_000  # moves between two looks at the clock: 2 to 20 ms
FIRST_GENERATION = 40_000  # moves of an individual while its speed is not known

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
    with ThreadPoolExecutor(num_threads) as pool:
        population = _Population(
            model, [_make_individual(model, start or Timetable(problem), x) for x in seeds], pool
        )
        units = run_generations(
            population,
            heat=choose_heat(model),
            stop=stop,
            lower_bound=lower_bound,
            num_generations=num_generations,
            first_moves=FIRST_GENERATION,
            quick_cooling=QUICK_COOLING,
            observer=observer,
        )
    violations, cost = population.best_total
    timetable = to_timetable(problem, population.best.period, population.best.room)
    return Result(timetable=timetable, violations=violations, cost=cost, units=units)


class _Individual(NamedTuple):
    state: State
    chain: Chain
    best: Best
    random: Random


def _make_individual(model: Model, start: Timetable, seed: np.random.SeedSequence) -> _Individual:
    state = new_state(model, *to_arrays(start))
    return _Individual(state, new_chain(model), new_best(state), new_random(seed))


class _Population:
    """Individuals on the processor's threads; `best` is the best timetable of all of them."""

    def __init__(self, model: Model, individuals: list[_Individual], pool: Executor) -> None:
        self._model, self._individuals, self._pool = model, individuals, pool
        self._energies: tuple[float, ...] = ()
        self._selections_left = list(SELECTIONS)
        self.best = new_best(individuals[0].state)

    @property
    def size(self) -> int:
        return len(self._individuals)

    @property
    def best_total(self) -> tuple[int, int]:
        violations, cost = self.best.total.tolist()
        return violations, cost

    def can_cool(self) -> bool:
        return all(x.best.total[0] == 0 for x in self._individuals)

    def breed(self, plan: Generation, cooled: float) -> None:  # noqa: ARG002
        """At the selections, put copies of the better half in the place of the worse half."""
        if not self._selections_left or cooled < self._selections_left[0]:
            return
        self._selections_left.pop(0)
        order = sorted(range(self.size), key=self._energies.__getitem__)
        half = self.size // 2
        for better, worse in zip(order[:half], reversed(order[half:]), strict=False):
            kept = self._individuals[better].state
            load_state(self._model, self._individuals[worse].state, kept.period, kept.room)

    def improve(self, plan: Generation, stop: Stop) -> int:
        jobs = [self._pool.submit(_improve, self._model, x, plan, stop) for x in self._individuals]
        moves, self._energies = zip(*(job.result() for job in jobs), strict=True)
        for x in self._individuals:
            keep_better(self.best, x.best)
        return sum(moves)


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
