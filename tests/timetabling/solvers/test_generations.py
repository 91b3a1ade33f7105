"""Generations share the budget, and coolings follow one another."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from timetabling.search import SilentObserver, Stop, WorkLimit
from timetabling.solvers.cooling import Generation, Heat
from timetabling.solvers.generations import BEGINNING, MOST_SLOW_COOLINGS, run_generations

HEAT = Heat(sweep=20.0, start=15.0, end=0.15, violation_weight=200.0)
WORK = 240_000


class Recorded:
    """A population that keeps what is asked of it, and finds nothing."""

    size = 2
    best_total = (0, 1)

    def __init__(self) -> None:
        self.plans: list[Generation] = []
        self.cooled: list[float] = []

    def can_cool(self) -> bool:
        return True

    def breed(self, plan: Generation, cooled: float) -> None:
        self.plans.append(plan)
        self.cooled.append(cooled)

    def improve(self, plan: Generation, stop: Stop) -> int:
        return plan.num_moves * self.size

    @property
    def begins(self) -> list[int]:
        """The generations with which a cooling begins: there it is hotter than before."""
        hot = [plan.temperatures[0] for plan in self.plans]
        return [0] + [g for g, (a, b) in enumerate(pairwise(hot), 1) if b > a]


def run(enough_moves: float, spans: int = 1) -> Recorded:
    population, reached = Recorded(), BEGINNING
    for span in range(spans):
        reached = run_generations(
            population,
            reached,
            heat=HEAT,
            stop=WorkLimit(WORK, used=reached.used),
            lower_bound=0,
            num_generations=120,
            until=120 * (span + 1) // spans,
            first_moves=1,
            quick_coolings=(0.03, 0.1),
            enough_moves=enough_moves,
            observer=SilentObserver(),
        )
    assert sum(plan.num_moves for plan in population.plans) * population.size == WORK
    return population


@pytest.mark.parametrize(
    ("enough", "slow"),
    [(math.inf, 1), (WORK, 1), (WORK / 5, 2), (WORK / 8, 3), (1, MOST_SLOW_COOLINGS)],
)
def test_slow_coolings_are_several_where_each_has_enough_moves(enough: float, slow: int) -> None:
    population = run(enough)
    begins = population.begins
    assert len(begins) == 2 + slow
    assert 3 <= begins[1] <= 4
    assert 14 <= begins[2] <= 16
    lengths = [b - a for a, b in pairwise([*begins[2:], 120])]
    assert max(lengths) - min(lengths) <= 1
    hottest = [population.plans[g].temperatures[0] for g in begins]
    assert hottest == pytest.approx([HEAT.start] * len(begins))
    assert [population.cooled[g] for g in begins] == [0.0] * len(begins)
    assert population.cooled[-1] > 0.9
    assert population.plans[-1].temperatures[1] == pytest.approx(HEAT.end)


def test_coolings_are_the_same_in_spans() -> None:
    whole, parts = run(WORK / 8), run(WORK / 8, spans=7)
    assert [x.temperatures for x in parts.plans] == [x.temperatures for x in whole.plans]
