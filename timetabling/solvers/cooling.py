"""How a search cools: hot sweeps until no hard rule is broken, then slowly to the end.

Temperatures are in points of cost, and follow from the instance's figures.
"""

from __future__ import annotations

import math
from statistics import geometric_mean
from typing import NamedTuple

import numpy as np

from timetabling.kernels.model import (
    COURSE_SAVING,
    CURRICULA_SAVING,
    DAYS_WEIGHT,
    DOUBLE_WEIGHT,
    STABILITY_WEIGHT,
    Ints,
    Model,
)

__all__ = ["SWEEPS_END", "Cooling", "Generation", "Heat", "choose_heat", "plan_generation"]

# Temperatures were found with weights as those of UD2. Where weights are higher than in any
# formulation the start rises as those of periods do on average, and the end as the least. With ten
# times the weights and the usual heat comp02 came to 70 points, divided by ten, not to 38 or less
# (80 million moves, three seeds). Room stability alone at 10 gained nothing from a hotter start.
USUAL_OF_PERIODS = {"isolated": 2, "windows": 4, "load": 2, "travel": 2}
USUAL_DAYS, USUAL_UNDESIRED = 5, 2  # of room stability, doubles, seats and changes it is 1
LEAST_VIOLATION_WEIGHT = 200.0
SWEEP_HEAT = 0.1  # of the weight of a violation: where hot sweeps start
# Many curricula a course make a landscape so rough that cooling must start hotter: on comp05
# (10 a course) 15 in place of 3 took 20 points off; on comp02 (3 a course) it added 15.
COOLEST_START, HOTTEST_START = 3.0, 15.0
USUAL_CURRICULA, HEAT_PER_CURRICULUM = 4.0, 2.0  # a course
# A timetable that people have, and whose changes have a price, would melt at the usual heat: what
# was good in it had to be found again, and was not. See `docs/decisions/0021-changes.md`.
START_FROM_BEFORE = 0.8
# Below, nothing was found on the ITC-2007 instances. A point of room stability can be lost in as
# many ways as lectures have other rooms: where there were 26,000 (EA03, 65 rooms), seven such
# points were left at 0.14 and none at 0.11. So many of them may be lost at a time in the end:
END_OF_COOLING, ROOM_CHANGES_AT_END = 0.14, 3.5
# What is settled where cooling has come to a fifth of its start decides on most, if curricula are
# many, so that it lingers there: around that temperature, a factor of e**0.8 to both sides, falling
# a quarter as fast takes 10 points off on comp05 and comp12 (300 million moves of one individual,
# four seeds; with selection among four it is less). Half or twice as hot, or slower still, was
# worse on one of them.
LINGER_AT, LINGER_WIDTH, LINGER_LONGER = 0.2, 0.8, 3.0
SWEEPS_END = 0.4  # share of the budget after which cooling starts, feasible or not
BISECTIONS = 60  # more than a float has bits
WEIGHT_GROWTH = 10.0  # of a violation, after that: 1 + 10 x (share of the budget since)


class Heat(NamedTuple):
    """Temperatures that suit an instance, and what a violation must cost there."""

    sweep: float
    start: float
    end: float
    violation_weight: float
    lingers: bool = False

    def after(self, done: float) -> float:
        """The temperature when a share of the cooling is over."""
        hot, cold = math.log(self.start), math.log(self.end)
        whole = self._time_to(cold)
        for _ in range(BISECTIONS):
            middle = (hot + cold) / 2
            if self._time_to(middle) < done * whole:
                hot = middle
            else:
                cold = middle
        return math.exp(cold)

    def _time_to(self, log_temperature: float) -> float:
        """How long it takes to cool so far, as the logarithm falls by one in each unit of time."""
        hot = math.log(self.start)
        usual = hot - log_temperature
        if not self.lingers:
            return usual
        centre, scale = hot + math.log(LINGER_AT), LINGER_WIDTH * math.sqrt(2)
        passed = math.erf((hot - centre) / scale) - math.erf((log_temperature - centre) / scale)
        return usual + LINGER_LONGER * scale * math.sqrt(math.pi) / 2 * passed


class Cooling(NamedTuple):
    """From which share of the budget to which the temperature falls.

    Parameters
    ----------
    number
        How many coolings a search has had before this one.
    """

    since: float
    until: float
    number: int

    def done(self, at: float) -> float:
        """Share of the cooling that is over."""
        return min(1.0, (at - self.since) / (self.until - self.since))


class Generation(NamedTuple):
    """What each individual goes through: a number of moves, from one temperature to another.

    While hard rules are broken, the temperatures are those of `sweep`.
    """

    num_moves: int
    temperatures: tuple[float, float]
    sweep: tuple[float, float]
    violation_weight: float


def choose_heat(model: Model) -> Heat:
    """Weigh a violation more than a move can save in other ways.

    On Erlangen 2012_1 (up to 190 curricula a course) a weight of 200 or 400 left 1 to 3
    violations where 1,000 left none after a second.
    """
    of_periods, others = _raised_weights(model)
    scale = max(1.0, geometric_mean(of_periods))
    most_saved = (model.own[:, CURRICULA_SAVING] + model.own[:, COURSE_SAVING]).max()
    weight = max(LEAST_VIOLATION_WEIGHT * scale, float(most_saved))
    curricula = len(model.curricula) / model.num_courses
    start = COOLEST_START + HEAT_PER_CURRICULUM * max(0.0, curricula - USUAL_CURRICULA)
    hottest = START_FROM_BEFORE if model.num_before and model.rules.changes else HOTTEST_START
    return Heat(
        weight * SWEEP_HEAT,
        scale * min(hottest, start),
        _end_of_cooling(model, END_OF_COOLING * max(1.0, min(of_periods + others))),
        weight,
        lingers=curricula > USUAL_CURRICULA,
    )


def _raised_weights(model: Model) -> tuple[list[float], list[float]]:
    """How many times the usual the rules of periods weigh, and all others, of those that matter.

    Of courses' weights it is the median, since some may have their own.
    """
    days, stability, double = (
        float(np.median(model.own[:, x])) for x in (DAYS_WEIGHT, STABILITY_WEIGHT, DOUBLE_WEIGHT)
    )
    undesired, seats = (_least_above_0(x) for x in (model.period_cost, model.room_cost))
    of_periods = [days / USUAL_DAYS, undesired / USUAL_UNDESIRED]
    of_periods += [getattr(model.rules, x) / usual for x, usual in USUAL_OF_PERIODS.items()]
    others = (stability, double, seats, float(model.rules.changes))
    return [x for x in of_periods if x > 0] or [1.0], [x for x in others if x > 0]


def _least_above_0(costs: Ints) -> float:
    return float(costs[costs > 0].min()) if costs.any() else 0.0


def _end_of_cooling(model: Model, usual_end: float) -> float:
    """As cold as to leave few lectures in another room than the rest of their course."""
    lectures, rooms = np.diff(model.first_lecture), np.diff(model.rooms_start)
    changes = int((lectures * (rooms - 1))[lectures > 1].sum())
    usual = float(np.median(model.own[:, STABILITY_WEIGHT]))  # some courses may have another
    if not usual or changes <= ROOM_CHANGES_AT_END:
        return usual_end
    return min(usual_end, usual / math.log(changes / ROOM_CHANGES_AT_END))


def plan_generation(
    num_moves: int,
    generation: int,
    heat: Heat,
    begun: float,
    end: float,
    cooling: Cooling | None,
) -> Generation:
    """Heat of a generation from `begun` to `end`, which are shares of the budget.

    It is part of a cooling, or of sweeps of 1, 2, 4 ... generations before there is one.
    """
    first = (1 << (generation + 1).bit_length() - 1) - 1  # of the sweep this one belongs to
    sweep = tuple(
        heat.sweep * (heat.start / heat.sweep) ** ((g - first) / (first + 1))
        for g in (generation, generation + 1)
    )
    cooled = (0.0, 0.0) if cooling is None else (cooling.done(begun), cooling.done(end))
    hot, cold = (heat.after(x) for x in cooled)
    return Generation(
        num_moves=num_moves,
        temperatures=(hot, cold),
        sweep=(sweep[0], sweep[1]) if cooling is None else (hot, cold),
        violation_weight=heat.violation_weight * (1 + WEIGHT_GROWTH * max(0.0, begun - SWEEPS_END)),
    )
