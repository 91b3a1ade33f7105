"""Simulated annealing, compiled: short runs at one temperature, called from Python in between.

The threshold a move must stay below is drawn before the move is priced, so that most moves
are turned down by their cheapest part.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timetabling.kernels.compiling import compiled, index, inlined, wide
from timetabling.kernels.curricula import curricula_delta
from timetabling.kernels.delta import (
    changes_delta,
    commit,
    course_delta,
    excess_delta,
    move,
    violations_delta,
)
from timetabling.kernels.draws import (
    Random,
    draw,
    draw_fraction,
    draw_open_period,
    draw_period_beside_mate,
    draw_room_worth_trying,
)
from timetabling.kernels.kempe import Chain, exchange
from timetabling.kernels.model import (
    COURSE_SAVING,
    CURRICULA_SAVING,
    PLACE_HELD,
    Flags,
    Ints,
    Model,
)
from timetabling.kernels.state import State, lecture_in

__all__ = ["Best", "anneal", "keep_better", "new_best"]

# How often each kind of move is proposed, percent; the rest keeps the room.
ANY_PLACE = 40
GUIDED = 20
ROOM_ONLY = 5
ANY_ROOM_ONLY = 5

# Of the moves that would break a hard rule, percent that become a Kempe chain.
KEMPE = 30

NOBODY, SEVERAL = -1, -2


class Best(NamedTuple):
    """The best assignment seen: fewest violations, then lowest cost."""

    period: Ints
    room: Ints
    total: NDArray[np.int64]


def new_best(state: State) -> Best:
    """Start from what a state holds."""
    return Best(state.period.copy(), state.room.copy(), state.total.copy())


@compiled
def anneal(
    model: Model,
    state: State,
    chain: Chain,
    best: Best,
    random: Random,
    num_moves: int,
    temperature: float,
    violation_weight: float,
) -> None:
    """Propose `num_moves` moves at one temperature, and note the best assignment seen.

    A move changes a lecture's period, room or both, or is guided: next to another lecture of
    one of its curricula. Where the room is taken, the two lectures swap places; where a hard
    rule would be broken, a Kempe chain may keep it. A lecture that is not placed is placed so,
    or takes another one's place. What is pinned of a lecture stays.

    Parameters
    ----------
    temperature
        A move that costs this much more is accepted with probability 1/e.
    violation_weight
        What a broken hard rule costs.
    """
    if model.num_movable == 0:
        return
    for _ in range(num_moves):
        lecture = draw(random, model.num_movable)
        if model.num_held > 0:
            lecture = index(model.movable[lecture])
        course = index(model.lecture_course[lecture])
        old_period, old_room = wide(state.period[lecture]), wide(state.room[lecture])
        period, room = _propose(model, state, random, course, old_period, old_room)
        period, room = index(period), index(room)  # always somewhere
        here = state.lecture_at[period, course]
        if (here >= 0 and here != lecture) or (period == old_period and room == old_room):
            continue
        limit = -temperature * math.log(draw_fraction(random))

        other = lecture_in(state, room, period)
        if other == SEVERAL:
            continue
        if model.num_held > 0 and _is_pinned(model.hold, lecture, other, period == old_period):
            continue
        other_course = 0
        is_tangled = False
        curricula_saving = model.own[course, CURRICULA_SAVING]
        course_saving = model.own[course, COURSE_SAVING]
        if old_room >= 0:
            course_saving += model.room_cost[course, old_room]
        if other in (NOBODY, lecture):
            other = NOBODY
            violations = violations_delta(model, state, lecture, period, room)
        else:
            other_course = index(model.lecture_course[other])
            if other_course == course:
                continue
            if period != old_period:
                if old_period >= 0 and state.lecture_at[old_period, other_course] >= 0:
                    continue
                is_tangled = model.conflict[course, other_course] != 0
            violations = _swap_violations(
                model, state, course, old_period, old_room, other_course, period, room
            )
            if model.num_before > 0:
                places = old_period, old_room, period, room
                changes = changes_delta(model.room_before, course, *places)
                changes -= changes_delta(model.room_before, other_course, *places)
                violations += excess_delta(model.max_changes, state.changes[0], changes)
            curricula_saving += model.own[other_course, CURRICULA_SAVING]
            course_saving += model.own[other_course, COURSE_SAVING]
            course_saving += model.room_cost[other_course, room]
        is_moved = old_period >= 0 and period != old_period
        if violations > 0 and is_moved and draw(random, 100) < KEMPE:
            if exchange(model, state, chain, lecture, period, limit):
                _note_best(state, best)
            continue
        change = violation_weight * violations
        if change - course_saving - curricula_saving > limit:
            continue

        if is_tangled:
            _swap_tangled(model, state, lecture, other, limit, violation_weight)
        else:
            cost = wide(0)
            mover, to_period, to_room = lecture, period, room
            for _ in range(1 if other < 0 else 2):
                cost += course_delta(model, state, mover, to_period, to_room)
                mover, to_period, to_room = other, old_period, old_room
            if change + cost - curricula_saving > limit:
                continue
            mover, to_period, to_room = lecture, period, room
            for _ in range(1 if other < 0 else 2):
                cost += curricula_delta(model, state, mover, to_period, to_room)
                mover, to_period, to_room = other, old_period, old_room
            if change + cost > limit:
                continue
            commit(model, state, lecture, period, room, violations, cost)
            if other >= 0:
                commit(model, state, other, old_period, old_room, wide(0), wide(0))
        _note_best(state, best)


def keep_better(best: Best, other: Best) -> None:
    """Copy `other` into `best` if it is better."""
    if tuple(other.total) < tuple(best.total):
        best.period[:], best.room[:], best.total[:] = other


@inlined
def _note_best(state: State, best: Best) -> None:
    """Keep what the state holds if it is the best so far."""
    violations, cost = state.total[0], state.total[1]
    if violations < best.total[0] or (violations == best.total[0] and cost < best.total[1]):
        best.total[0] = violations
        best.total[1] = cost
        for lecture in range(len(state.period)):
            best.period[lecture] = state.period[lecture]
            best.room[lecture] = state.room[lecture]


@inlined
def _propose(
    model: Model, state: State, random: Random, course: int, old_period: int, old_room: int
) -> tuple[int, int]:
    """Draw a period and a room."""
    kind = draw(random, 100)
    if old_period < 0 or kind < ANY_PLACE:
        return draw_open_period(model, random, course), draw_room_worth_trying(
            model, random, course
        )
    kind -= ANY_PLACE
    if kind < GUIDED:
        period = draw_period_beside_mate(model, state, random, course)
        if kind % 2 == 0:
            return period, draw_room_worth_trying(model, random, course)
        return period, old_room
    kind -= GUIDED
    if kind < ROOM_ONLY:
        return old_period, draw_room_worth_trying(model, random, course)
    kind -= ROOM_ONLY
    if kind < ANY_ROOM_ONLY:
        return old_period, draw(random, model.num_rooms)
    return draw_open_period(model, random, course), old_room


@compiled
def _is_pinned(hold: Flags, lecture: int, other: int, keeps_period: bool) -> bool:
    """Whether a pin forbids that a lecture moves, or that another changes places with it."""
    if other >= 0 and hold[other] > 0 and not (keeps_period and hold[other] < PLACE_HELD):
        return True
    return bool(hold[lecture] > 0 and not keeps_period)


@inlined
def _swap_violations(
    model: Model,
    state: State,
    course: int,
    old_period: int,
    old_room: int,
    other: int,
    period: int,
    room: int,
) -> int:
    """Change of broken hard rules if lectures of two courses change places.

    The first may be unplaced. How many lectures a room holds does not change.
    """
    change = wide(model.room_violation[course, room]) - wide(model.room_violation[other, room])
    if old_period >= 0:
        change += wide(model.room_violation[other, old_room])
        change -= wide(model.room_violation[course, old_room])
    if period != old_period:
        clash = wide(model.conflict[course, other])
        change += wide(state.obstacles[period, course]) - clash
        change -= wide(state.obstacles[period, other])
        if old_period >= 0:
            change += wide(state.obstacles[old_period, other]) - clash
            change -= wide(state.obstacles[old_period, course])
    return change


@compiled
def _swap_tangled(
    model: Model, state: State, lecture: int, other: int, limit: float, violation_weight: float
) -> None:
    """Swap two lectures that share a curriculum, or take it back: their costs do not add up."""
    period, room = wide(state.period[lecture]), wide(state.room[lecture])
    other_period, other_room = wide(state.period[other]), wide(state.room[other])
    violations, cost = state.total[0], state.total[1]
    move(model, state, lecture, other_period, other_room)
    move(model, state, other, period, room)
    change = violation_weight * (state.total[0] - violations) + state.total[1] - cost
    if change > limit:
        move(model, state, lecture, period, room)
        move(model, state, other, other_period, other_room)
