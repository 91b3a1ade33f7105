"""The generations of a population, wherever it lives: how long each is, and how hot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from timetabling.search import Observer, Stop
from timetabling.solvers.cooling import SWEEPS_END, Cooling, Generation, Heat, plan_generation

__all__ = ["BEGINNING", "Population", "Reached", "run_generations"]

MOST_GROWTH = 10  # of a generation over the one before, in moves
MOST_SLOW_COOLINGS = 4


class Population(Protocol):
    """Timetables that are annealed side by side, and replace one another."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def best_total(self) -> tuple[int, int]:
        """Violations and cost of the best timetable seen so far."""

    def can_cool(self) -> bool:
        """Whether so many keep all hard rules that the hot sweeps may end."""

    def breed(self, plan: Generation, cooled: float) -> None:
        """Replace some by others before a generation; `cooled` is over of a slow cooling."""

    def improve(self, plan: Generation, stop: Stop) -> int:
        """Anneal all through a generation; returns the moves made, of all together."""


class Reached(NamedTuple):
    """How far a population has come: all that a later span of its life must know beside itself.

    Parameters
    ----------
    generation
        Generations that were begun.
    used
        Share of the budget that is used.
    speed
        Moves of an individual in the whole budget; 0 while that is not known.
    cooling
        The one it is in, if hot sweeps are over.
    """

    generation: int = 0
    used: float = 0.0
    speed: float = 0.0
    cooling: Cooling | None = None


BEGINNING = Reached()
"""Nothing is done yet."""


def run_generations(
    population: Population,
    reached: Reached = BEGINNING,
    *,
    heat: Heat,
    stop: Stop,
    lower_bound: int,
    num_generations: int,
    until: int | None = None,
    first_moves: int,
    quick_coolings: Sequence[float],
    enough_moves: float,
    observer: Observer,
) -> Reached:
    """Let a population live until its budget is used or its best is optimal.

    Parameters
    ----------
    reached
        Where an earlier span of its life ended.
    stop
        The budget of its whole life, of which as much is used as was then.
    num_generations
        They share the budget evenly; fewer if it ends early.
    until
        The generation that this span ends before; by default it has them all.
    first_moves
        Moves of an individual in the first generation, while its speed is not known.
    quick_coolings
        Coolings before the slow ones, each by its share of what is left of the budget then; at
        least one generation.
    enough_moves
        Of an individual, in a slow cooling. What is left of the budget then is one; or several, up
        to `MOST_SLOW_COOLINGS`, that have as many moves each.
    observer
        Told of every generation; a unit of work is one of this span.

    Returns
    -------
    Where the span ended.
    """

    def is_optimal() -> bool:
        violations, cost = population.best_total
        return violations == 0 and cost <= lower_bound

    def begin_cooling(begun: float, number: int) -> Cooling:
        left = 1 - begun
        if number < len(quick_coolings):
            return Cooling(begun, begun + quick_coolings[number] * left, number)
        moves = speed * left if stop.work_left is None else stop.work_left / population.size
        most = MOST_SLOW_COOLINGS - (number - len(quick_coolings))
        several = min(most, int(moves / enough_moves))
        return Cooling(begun, begun + left / several if several > 1 else 1.0, number)

    first, _, speed, cooling = reached
    end = num_generations if until is None else until
    generation = first
    speed = speed or float(first_moves * num_generations)
    while generation < end and not stop() and not is_optimal():
        begun = stop.fraction()
        if begun >= 1.0:  # between the two looks at the clock
            break
        share = (1 - begun) / (num_generations - generation)
        if cooling is None:
            if begun >= SWEEPS_END or population.can_cool():
                cooling = begin_cooling(begun, 0)
        elif begun + share / 2 >= cooling.until:
            cooling = begin_cooling(begun, cooling.number + 1)
        if stop.work_left is None:
            num_moves = int(speed * share)
        else:
            num_moves = stop.work_left // (num_generations - generation) // population.size
        plan = plan_generation(num_moves, generation, heat, begun, begun + share, cooling)
        is_slow = cooling is not None and cooling.number >= len(quick_coolings)
        cooled = cooling.done(begun) if cooling is not None and is_slow else 0.0
        population.breed(plan, cooled)
        moves_done = population.improve(plan, stop)
        stop.spend(moves_done)
        used = stop.fraction() - begun
        speed = min(speed * MOST_GROWTH, moves_done / population.size / max(used, 1e-9))
        generation += 1
        violations, cost = population.best_total
        observer.update_stage_progress(generation - first, end - first)
        observer.update(
            f"GA generation {generation}/{num_generations}: cost {cost}",
            cost=float(cost),
            violations=float(violations),
        )
    if stop.fraction() >= 1.0 or is_optimal():
        observer.update_stage_progress(end - first, end - first)
    return Reached(generation, stop.fraction(), speed, cooling)
