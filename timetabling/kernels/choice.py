"""What the policy of repair sees of each candidate, and its choice among them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from timetabling.kernels.compiling import internal
from timetabling.kernels.desk import MAX_CHANGES, REPAIRS, Desk, Floats
from timetabling.kernels.draws import draw_fraction
from timetabling.kernels.model import Model
from timetabling.kernels.state import State

__all__ = ["BUDGET", "EPISODE", "FEATURES", "Weights", "choose", "describe"]

FADING = 10.0  # steps after which a change is no longer a recent one

CONFLICT_KINDS = ("missing", "clashing", "costly", "clean")
MISSING, CLASHING, COSTLY, CLEAN = range(len(CONFLICT_KINDS))

FEATURES = (
    "violations",  # change, cut to -3..3
    "cost, fine",  # change, squashed so that single points tell
    "cost, coarse",  # change, squashed so that tens tell
    "better",
    "level",
    "best so far",
    "blame",  # of the lecture, logarithm
    "moved lately",  # 1 when just moved, falls with the steps since
    "going back",  # 1 when the course just left the period it would go to
    "often moved",  # in this episode, logarithm
    "crowded",  # share of the rooms that are taken in the period it would go to
    "changes",  # lectures moved
    "behind",  # how much worse the timetable is than the best of the episode
    "episode",  # share of it that is over
    "budget",  # share of it that is used
    *(f"repair {kind}" for kind in REPAIRS),
    *(f"conflict {kind}" for kind in CONFLICT_KINDS),
)
EPISODE, BUDGET = FEATURES.index("episode"), FEATURES.index("budget")
FIRST_REPAIR = FEATURES.index("repair stay")
FIRST_CONFLICT = FEATURES.index("conflict missing")


class Weights(NamedTuple):
    """The policy: the score of a candidate is linear·x + out·tanh(hidden·x + bias)."""

    linear: Floats  # (features,)
    hidden: Floats  # (units, features)
    bias: Floats  # (units,)
    out: Floats  # (units,)


@internal
def describe(
    model: Model,
    state: State,
    desk: Desk,
    features: Floats,
    i: int,
    step: int,
    behind: int,
    violation_weight: int,
) -> None:
    """Write the features of candidate `i`, in the order of `FEATURES`."""
    violations, cost = desk.violations[i], desk.cost[i]
    value = violations * violation_weight + cost
    features[i] = 0.0
    features[i, 0] = min(3, max(-3, violations))
    features[i, 1] = math.tanh(cost / 4.0)
    features[i, 2] = math.tanh(cost / 40.0)
    features[i, 3] = value < 0
    features[i, 4] = value == 0
    features[i, 5] = value < -behind
    features[i, 11] = desk.num_changes[i] / MAX_CHANGES
    features[i, 12] = math.log1p(behind) / 6.0
    features[i, FIRST_REPAIR + desk.kind[i]] = 1.0
    if desk.num_changes[i] > 0:
        lecture, period = desk.lecture[i, 0], desk.period[i, 0]
        course = model.lecture_course[lecture]
        features[i, 6] = math.log1p(desk.blame[lecture]) / 6.0
        features[i, 7] = math.exp((desk.last_moved[lecture] - step) / FADING)
        features[i, 8] = math.exp((desk.left_at[course, period] - step) / FADING)
        features[i, 9] = math.log1p(desk.times_moved[lecture]) / 3.0
        features[i, 10] = desk.held[period] / model.num_rooms
        if state.period[lecture] < 0:
            conflict = MISSING
        elif desk.saved[lecture] > 0:
            conflict = CLASHING
        elif desk.blame[lecture] > 0:
            conflict = COSTLY
        else:
            conflict = CLEAN
        features[i, FIRST_CONFLICT + conflict] = 1.0


@internal
def choose(desk: Desk, features: Floats, weights: Weights, num_candidates: int) -> int:
    """Draw a candidate from the softmax of the scores."""
    highest = -np.inf
    for i in range(num_candidates):
        score = 0.0
        for f in range(features.shape[1]):
            score += weights.linear[f] * features[i, f]
        for h in range(weights.out.shape[0]):
            inner = weights.bias[h]
            for f in range(features.shape[1]):
                inner += weights.hidden[h, f] * features[i, f]
            score += weights.out[h] * math.tanh(inner)
        desk.scores[i] = score
        highest = max(highest, score)
    total = 0.0
    for i in range(num_candidates):
        desk.scores[i] = math.exp(desk.scores[i] - highest)
        total += desk.scores[i]
    ticket = draw_fraction(desk.random) * total
    for i in range(num_candidates):
        ticket -= desk.scores[i]
        if ticket < 0.0:
            return i
    return num_candidates - 1
