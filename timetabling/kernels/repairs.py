"""Episodes of repair, compiled: propose repairs of what costs something, choose one, apply it.

A repair is a short list of new places for lectures. Which lectures are looked at is drawn by
their blame, how each could be repaired is sampled; the choice among all of that is the
policy's, which is applied here from its weights.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from timetabling.kernels.candidates import NOWHERE, propose, update_blame
from timetabling.kernels.choice import BUDGET, EPISODE, FEATURES, Weights, choose, describe
from timetabling.kernels.compiling import compiled, internal
from timetabling.kernels.delta import load_state, move
from timetabling.kernels.desk import MAX_CANDIDATES, Desk, Floats
from timetabling.kernels.draws import draw
from timetabling.kernels.model import Ints, Model
from timetabling.kernels.state import State

__all__ = ["Record", "new_record", "run_episode"]

BLAME_SLICE = 8  # lectures whose blame is brought up to date each step, in turn
NEVER = -1_000_000  # a step long ago


class Record(NamedTuple):
    """What an episode leaves: its decisions, what they brought, the best timetable it saw."""

    features: Floats  # (steps, MAX_CANDIDATES, features)
    num_candidates: Ints  # (steps,)
    chosen: Ints  # (steps,)
    fall: Floats  # (steps,): of the weighted objective
    gain: Floats  # (steps,): of that, below the best of the episode so far
    period: Ints  # (lectures,)
    room: Ints  # (lectures,)


def new_record(model: Model, max_steps: int) -> Record:
    """Allocate for an episode of up to `max_steps` decisions."""
    return Record(
        features=np.zeros((max_steps, MAX_CANDIDATES, len(FEATURES)), np.float32),
        num_candidates=np.zeros(max_steps, np.int32),
        chosen=np.zeros(max_steps, np.int32),
        fall=np.zeros(max_steps, np.float32),
        gain=np.zeros(max_steps, np.float32),
        period=np.zeros(model.num_lectures, np.int32),
        room=np.zeros(model.num_lectures, np.int32),
    )


@compiled
def run_episode(
    model: Model,
    state: State,
    desk: Desk,
    record: Record,
    weights: Weights,
    steps: int,
    periods: Ints,
    rooms: Ints,
    violation_weight: int,
    budget: float,
) -> tuple[int, int]:
    """Repair the given assignment for some steps, choosing as the weights say.

    Parameters
    ----------
    model, state
        See `timetabling.kernels.delta`; what the state holds before does not matter.
    desk
        Scratch; ``desk.random`` is the seed and ``desk.work`` counts the moves priced.
    record
        Receives the decisions, and the best timetable seen.
    weights
        The policy; all zero is a choice at random.
    steps
        Decisions to take, at most as many as the record holds.
    periods, rooms
        The assignment to set out from.
    violation_weight
        Points of cost that a violation counts.
    budget
        Share of the whole budget that is used, for the policy to know.

    Returns
    -------
    tuple[int, int]
        Violations and cost of the best timetable seen.
    """
    load_state(model, state, periods, rooms)
    desk.last_moved[:] = NEVER
    desk.left_at[:] = NEVER
    desk.times_moved[:] = 0
    desk.held[:] = 0
    for lecture in range(model.num_lectures):
        update_blame(model, state, desk, lecture, violation_weight)
        if state.period[lecture] >= 0:
            desk.held[state.period[lecture]] += 1
    _keep(state, record)
    best_violations, best_cost = state.total[0], state.total[1]
    best = best_violations * violation_weight + best_cost
    now = best
    for step in range(steps):
        num_candidates = propose(model, state, desk, violation_weight)
        features = record.features[step]
        for i in range(num_candidates):
            describe(model, state, desk, features, i, step, now - best, violation_weight)
            features[i, EPISODE] = step / steps
            features[i, BUDGET] = budget
        chosen = choose(desk, features, weights, num_candidates)
        _apply(model, state, desk, chosen, step)
        for j in range(desk.num_changes[chosen] + BLAME_SLICE):
            if j < desk.num_changes[chosen]:
                lecture = desk.lecture[chosen, j]
            else:
                lecture = draw(desk.random, model.num_lectures)
            update_blame(model, state, desk, lecture, violation_weight)
        before, now = now, state.total[0] * violation_weight + state.total[1]
        record.num_candidates[step] = num_candidates
        record.chosen[step] = chosen
        record.fall[step] = before - now
        record.gain[step] = max(0, best - now)
        if now < best:
            best, best_violations, best_cost = now, state.total[0], state.total[1]
            _keep(state, record)
    return best_violations, best_cost


@internal
def _apply(model: Model, state: State, desk: Desk, i: int, step: int) -> None:
    """Carry a candidate out."""
    count = desk.num_changes[i]
    for half in range(2 * count):
        j = half % count
        lecture = desk.lecture[i, j]
        course = model.lecture_course[lecture]
        if half < count:
            old = state.period[lecture]
            if old >= 0:
                move(model, state, lecture, NOWHERE, NOWHERE)
                desk.held[old] -= 1
                desk.left_at[course, old] = step
        elif desk.period[i, j] >= 0:
            move(model, state, lecture, desk.period[i, j], desk.room[i, j])
            desk.held[desk.period[i, j]] += 1
            desk.last_moved[lecture] = step
            desk.times_moved[lecture] += 1


@internal
def _keep(state: State, record: Record) -> None:
    for lecture in range(state.period.shape[0]):
        record.period[lecture] = state.period[lecture]
        record.room[lecture] = state.room[lecture]
