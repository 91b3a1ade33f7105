"""Kempe chains: lectures of two periods change sides, and take along whom they would meet.

A lecture that goes to a period where others conflict with it sends these back to its own, where
they may send on others in turn. Such an exchange keeps every hard rule, and reaches timetables
that single moves reach only through worse ones.

Source: Lü and Hao, "Adaptive tabu search for course timetabling", European Journal of
Operational Research 200 (2010), whose "KempeSwap" this is. Here the price is found without a
trial: on each side a curriculum holds one lecture at most, and if it holds one on either side,
both are in the chain and its days stay as they are.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timetabling.kernels.compiling import compiled, index, inlined, span, wide
from timetabling.kernels.curricula import day_cost, day_of
from timetabling.kernels.delta import changes_delta, commit, course_delta, excess_delta, move
from timetabling.kernels.model import DOUBLE_WEIGHT, STABILITY_WEIGHT, Model
from timetabling.kernels.state import BUSY, DAY_COST, State

__all__ = ["MAX_CHAIN", "Chain", "exchange", "new_chain"]

# Of the exchanges that annealing accepts on comp02, 95 % move two to four lectures.
MAX_CHAIN = 8

NOWHERE = -1


class Chain(NamedTuple):
    """Where an exchange does its sums; allocated once, for one exchange at a time."""

    lecture: NDArray[np.int64]  # (MAX_CHAIN,): who moves, from where to where
    old_period: NDArray[np.int64]
    old_room: NDArray[np.int64]
    period: NDArray[np.int64]
    room: NDArray[np.int64]
    length: NDArray[np.int64]  # (1,)
    # Which exchange last had the lecture in its chain, or gave away the room on its first or
    # its second side. Nothing need be cleared between exchanges.
    in_chain: NDArray[np.int64]  # (lectures,)
    taken: NDArray[np.int64]  # (2, rooms)
    number: NDArray[np.int64]  # (1,): of this exchange


def new_chain(model: Model) -> Chain:
    """Allocate for any number of exchanges."""
    who, old_period, old_room, period, room = np.zeros((5, MAX_CHAIN), np.int64)
    return Chain(
        lecture=who,
        old_period=old_period,
        old_room=old_room,
        period=period,
        room=room,
        length=np.zeros(1, np.int64),
        in_chain=np.zeros(model.num_lectures, np.int64),
        taken=np.zeros((2, model.num_rooms), np.int64),
        number=np.zeros(1, np.int64),
    )


@inlined
def exchange(
    model: Model, state: State, chain: Chain, lecture: int, period: int, limit: float
) -> bool:
    """Move a placed lecture to a period by a Kempe chain, if that costs no more than a limit.

    Leaves everything as it is, and returns False, if the chain is longer than `MAX_CHAIN`, breaks
    a hard rule, meets a pinned lecture or a place where a hard rule is broken already, finds no
    free room, makes other than as many changes too many as there were, or costs more.
    """
    if not _grow(model, state, chain, lecture, period):
        return False
    cost = _cost_of_periods(model, state, chain)
    if cost - _most_saved_by_rooms(model, state, chain) > limit:
        return False
    if not _find_rooms(model, state, chain):
        return False
    for i in range(chain.length[0]):
        who, period = index(chain.lecture[i]), index(chain.period[i])
        old_room, room = index(chain.old_room[i]), index(chain.room[i])
        if room != old_room:
            cost += course_delta(model, state, who, period, room)
            cost -= course_delta(model, state, who, period, old_room)
    if model.num_before > 0 and _makes_too_many_changes(model, state, chain):
        return False
    if model.rules.travel > 0:
        return _try_out(model, state, chain, limit)
    if cost > limit:
        return False
    nothing = wide(0)
    for i in range(chain.length[0]):
        who = index(chain.lecture[i])
        commit(model, state, who, wide(NOWHERE), wide(NOWHERE), nothing, nothing)
    for i in range(chain.length[0]):
        who, period, room = index(chain.lecture[i]), index(chain.period[i]), index(chain.room[i])
        commit(model, state, who, period, room, nothing, nothing)
    state.total[1] += cost
    return True


@inlined
def _grow(model: Model, state: State, chain: Chain, lecture: int, period: int) -> bool:
    """Find who has to move with a lecture; False if that cannot be."""
    number = chain.number[0] + 1
    chain.number[0] = number
    _add(state, chain, wide(0), lecture, period)
    length = wide(1)
    i = 0
    while i < length:
        course = index(model.lecture_course[index(chain.lecture[i])])
        here, there = index(chain.old_period[i]), index(chain.period[i])
        # Two lectures of one course would change places for nothing.
        if (
            (model.num_held > 0 and model.hold[chain.lecture[i]] > 0)
            or model.unavailable[course, there] > 0
            or state.lecture_at[there, course] >= 0
            or state.obstacles[here, course] > 0
            or state.room_load[here, index(chain.old_room[i])] > 1
            or model.room_violation[course, index(chain.old_room[i])] > 0
        ):
            return False
        obstacles = wide(state.obstacles[there, course])
        k = index(model.neighbours_start[course])
        while obstacles > 0:
            other = wide(state.lecture_at[there, index(model.neighbours[k])])
            if other >= 0:
                obstacles -= 1
                if chain.in_chain[other] != number:
                    if length == MAX_CHAIN:
                        return False
                    _add(state, chain, length, other, here)
                    length += 1
            k += 1
        i += 1
    chain.length[0] = length
    return True


@inlined
def _add(state: State, chain: Chain, i: int, lecture: int, period: int) -> None:
    chain.lecture[i] = lecture
    chain.old_period[i] = state.period[lecture]
    chain.old_room[i] = state.room[lecture]
    chain.period[i] = period
    chain.in_chain[lecture] = chain.number[0]


@inlined
def _cost_of_periods(model: Model, state: State, chain: Chain) -> int:
    """Change of the cost if all keep their rooms."""
    cost = 0
    per_day = model.periods_per_day
    for i in range(chain.length[0]):
        who, old_room = index(chain.lecture[i]), index(chain.old_room[i])
        old_period, period = index(chain.old_period[i]), index(chain.period[i])
        cost += course_delta(model, state, who, period, old_room)
        old_day, day = day_of(model, old_period), day_of(model, period)
        old_slot, slot = old_period - old_day * per_day, period - day * per_day
        course = index(model.lecture_course[who])
        start, end = span(model.curricula_start, course)
        for k in range(start, end):
            q = index(model.curricula[k])
            if state.days[q, day, BUSY] >> slot & 1 > 0:
                continue
            cost -= state.days[q, old_day, DAY_COST]
            if day == old_day:
                cost += day_cost(model, state, q, day, old_slot, slot)
            else:
                cost += day_cost(model, state, q, old_day, old_slot, wide(NOWHERE))
                cost += day_cost(model, state, q, day, wide(NOWHERE), slot)
                cost -= state.days[q, day, DAY_COST]
    return cost


@inlined
def _most_saved_by_rooms(model: Model, state: State, chain: Chain) -> int:
    """The most that other rooms can save, beside keeping them."""
    saving = 0
    for i in range(chain.length[0]):
        course = index(model.lecture_course[index(chain.lecture[i])])
        room = index(chain.old_room[i])
        saving += model.room_cost[course, room]
        if state.rooms_used[course] > 1 and state.room_uses[course, room] == 1:
            saving += model.own[course, STABILITY_WEIGHT]
        saving += 3 * model.own[course, DOUBLE_WEIGHT] + model.rules.changes
    if model.rules.travel > 0:
        saving += 1 << 30  # what rooms do to travel is not priced in advance
    return saving


@inlined
def _find_rooms(model: Model, state: State, chain: Chain) -> bool:
    """Give each lecture a free room: its own if that is free there, or the cheapest."""
    number = chain.number[0]
    for i in range(chain.length[0]):
        course = index(model.lecture_course[index(chain.lecture[i])])
        period = index(chain.period[i])
        side = wide(period == chain.period[0])
        room = index(chain.old_room[i])
        if not _is_free(state, chain, room, period, side):
            room = wide(NOWHERE)
            lowest = wide(1 << 40)
            start, end = span(model.rooms_start, course)
            for k in range(start, end):
                candidate = index(model.rooms[k])
                if _is_free(state, chain, candidate, period, side):
                    price = wide(model.room_cost[course, candidate])
                    if state.room_uses[course, candidate] == 0:
                        price += model.own[course, STABILITY_WEIGHT]
                    if model.rules.changes > 0 and model.room_before[course, period] == candidate:
                        price -= model.rules.changes
                    if price < lowest and model.room_violation[course, candidate] == 0:
                        lowest, room = price, candidate
            if room < 0:
                return False
        chain.room[i] = room
        chain.taken[side, room] = number
    return True


@inlined
def _is_free(state: State, chain: Chain, room: int, period: int, side: int) -> bool:
    """Whether nobody is in a room, or only someone who leaves it in this exchange."""
    if chain.taken[side, room] == chain.number[0]:
        return False
    load = state.room_load[period, room]
    if load == 1:
        return chain.in_chain[index(state.room_lectures[period, room])] == chain.number[0]  # type: ignore[no-any-return]
    return load == 0  # type: ignore[no-any-return]


@compiled
def _makes_too_many_changes(model: Model, state: State, chain: Chain) -> bool:
    changes = wide(0)
    for i in range(chain.length[0]):
        course = index(model.lecture_course[index(chain.lecture[i])])
        changes += changes_delta(
            model.room_before,
            course,
            chain.old_period[i],
            chain.old_room[i],
            chain.period[i],
            chain.room[i],
        )
    return excess_delta(model.max_changes, state.changes[0], changes) != 0


@compiled
def _try_out(model: Model, state: State, chain: Chain, limit: float) -> bool:
    """Carry an exchange out, and take it back if it costs more than the limit."""
    cost = state.total[1]
    for i in range(chain.length[0]):
        move(model, state, chain.lecture[i], wide(NOWHERE), wide(NOWHERE))
    for i in range(chain.length[0]):
        move(model, state, chain.lecture[i], chain.period[i], chain.room[i])
    if state.total[1] - cost <= limit:
        return True
    for i in range(chain.length[0]):
        move(model, state, chain.lecture[i], wide(NOWHERE), wide(NOWHERE))
    for i in range(chain.length[0]):
        move(model, state, chain.lecture[i], chain.old_period[i], chain.old_room[i])
    return False
