"""The population of the genetic search: on the processor's threads, and between two spans."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import NamedTuple

from timetabling.kernels.anneal import Best, anneal, keep_better, new_best
from timetabling.kernels.delta import load_state, new_state
from timetabling.kernels.draws import Random
from timetabling.kernels.kempe import Chain, new_chain
from timetabling.kernels.model import Ints, Model, to_timetable
from timetabling.kernels.state import State
from timetabling.problem import Problem, Timetable
from timetabling.search import Stop
from timetabling.solvers.cooling import Generation
from timetabling.solvers.generations import BEGINNING, Reached

__all__ = ["Individual", "Individuals", "Search"]

CHUNK = 20_000  # moves between two looks at the clock: 2 to 20 ms
# Shares of a slow cooling after which the better half takes the place of the worse. With four
# individuals: 757 in total on comp02, 05, 06, 12 and 13, two without selection 765 (270 million
# moves, three seeds).
SELECTIONS = (0.3, 0.55)


class Individual(NamedTuple):
    """One timetable of a population: where it is, the best it was, and its own random numbers."""

    period: Ints
    room: Ints
    best: Best
    random: Random


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A search between two spans of it: all that the next one needs, as plain values.

    Parameters
    ----------
    individuals
        The population.
    best
        The best timetable seen by all of them; nothing is counted before the first span.
    energies
        Of the individuals, in the last generation.
    num_selections
        How often the better half has taken the place of the worse in this cooling.
    reached
        How far it is.
    """

    individuals: tuple[Individual, ...]
    best: Best
    energies: tuple[float, ...] = ()
    num_selections: int = 0
    reached: Reached = BEGINNING

    @property
    def order(self) -> tuple[int, int]:
        """Violations and cost of the best timetable."""
        violations, cost = self.best.total.tolist()
        return violations, cost

    def timetable(self, problem: Problem) -> Timetable:
        """The best timetable."""
        return to_timetable(problem, self.best.period, self.best.room)

    def is_over(self, lower_bound: int = 0) -> bool:
        """Whether more spans would find nothing: the budget is used, or the best is optimal."""
        violations, cost = self.order
        return self.reached.used >= 1.0 or (violations == 0 and cost <= lower_bound)


class Individuals:
    """The individuals of a search on the processor's threads: a `Population`.

    Parameters
    ----------
    search
        Whose; it is left as it is.
    pool
        Improves as many at once as it has threads.
    """

    def __init__(self, model: Model, search: Search, pool: Executor) -> None:
        self._model, self._pool = model, pool
        self._individuals = [_wake(model, x) for x in search.individuals]
        self._energies, self._num_selections = search.energies, search.num_selections
        self.best = _copy(search.best)
        keep_better(self.best, self._individuals[0].best)

    def at(self, reached: Reached) -> Search:
        """The search as it is now, for its next span."""
        return Search(
            tuple(
                Individual(x.state.period, x.state.room, x.best, x.random)
                for x in self._individuals
            ),
            self.best,
            self._energies,
            self._num_selections,
            reached,
        )

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
        if cooled < SELECTIONS[0]:
            self._num_selections = 0  # another slow cooling
        done = self._num_selections
        if done == len(SELECTIONS) or cooled < SELECTIONS[done]:
            return
        self._num_selections += 1
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


class _Live(NamedTuple):
    """An individual with the counts that price its moves; they follow from where it is."""

    state: State
    chain: Chain
    best: Best
    random: Random


def _wake(model: Model, individual: Individual) -> _Live:
    period, room, best, random = individual
    state, best = new_state(model, period, room), _copy(best)
    keep_better(best, new_best(state))
    return _Live(state, new_chain(model), best, random.copy())


def _copy(best: Best) -> Best:
    return Best(best.period.copy(), best.room.copy(), best.total.copy())


def _improve(model: Model, individual: _Live, plan: Generation, stop: Stop) -> tuple[int, float]:
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
