"""What a lecture's change of place costs the curricula of its course.

A curriculum's day is priced from the mask of its slots; where its lectures clash, slot by slot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
from numba import types
from numba.extending import intrinsic

from timetabling.kernels.compiling import compiled, index, inlined, span, wide
from timetabling.kernels.model import Model, Rules
from timetabling.kernels.state import BUSY, CROWDED, DAY_COST, Shorts, State

__all__ = ["curricula_delta", "day_cost", "day_of"]


def _bit_counter(instruction: str) -> Callable[[int], int]:
    """Make a machine instruction that counts bits of a mask callable from compiled code."""
    takes_zero_flag = () if instruction == "ctpop" else (0,)

    def declare(_typing: Any, mask: Any) -> Any:  # noqa: ARG001 - Numba reads the signature
        def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            flags = [context.get_constant(types.boolean, flag) for flag in takes_zero_flag]
            return getattr(builder, instruction)(arguments[0], *flags)

        return types.int64(types.int64), generate

    return cast("Callable[[int], int]", intrinsic(declare))


_count_ones = _bit_counter("ctpop")
_leading_zeros = _bit_counter("ctlz")
_trailing_zeros = _bit_counter("cttz")


@inlined
def curricula_delta(model: Model, state: State, lecture: int, period: int, room: int) -> int:
    """Change of the cost that concerns the curricula of the lecture's course."""
    course = index(model.lecture_course[lecture])
    old_period = wide(state.period[lecture])
    change = 0
    if period != old_period:
        start, end = span(model.curricula_start, course)
        per_day = model.periods_per_day
        old_day, day = day_of(model, old_period), day_of(model, period)
        old_slot, slot = old_period - old_day * per_day, period - day * per_day
        if old_period >= 0 and period >= 0 and day == old_day:
            for i in range(start, end):
                q = index(model.curricula[i])
                change += (
                    day_cost(model, state, q, day, old_slot, slot) - state.days[q, day, DAY_COST]
                )
        else:
            if old_period >= 0:
                for i in range(start, end):
                    q = index(model.curricula[i])
                    change += day_cost(model, state, q, old_day, old_slot, wide(-1))
                    change -= state.days[q, old_day, DAY_COST]
            if period >= 0:
                for i in range(start, end):
                    q = index(model.curricula[i])
                    change += (
                        day_cost(model, state, q, day, wide(-1), slot)
                        - state.days[q, day, DAY_COST]
                    )
    if model.rules.travel > 0:
        change += model.rules.travel * _travel_delta(
            model, state, course, old_period, wide(state.room[lecture]), period, room
        )
    return change


@inlined
def day_of(model: Model, period: int) -> int:
    """The day of a period; for -1 none that there is."""
    return index(period) // index(model.periods_per_day)


@inlined
def day_cost(model: Model, state: State, q: int, day: int, without: int, added: int) -> int:
    """Cost of a curriculum's day, less a lecture at one slot and with one more at another.

    Either slot may be -1: then nothing is taken away, or added.
    """
    busy, crowded = state.days[q, day, BUSY], state.days[q, day, CROWDED]
    if crowded == 0:
        if without >= 0:
            busy &= ~(np.int64(1) << without)
        if added < 0:
            return _pattern_cost(model.rules, busy)
        bit = np.int64(1) << added
        if busy & bit == 0:
            return _pattern_cost(model.rules, busy | bit)
    first = day * model.periods_per_day
    return _crowded_day_cost(
        model.rules,
        state.load,
        q,
        first,
        first + model.periods_per_day,
        first + without if without >= 0 else -1,
        first + added if added >= 0 else -1,
    )


@inlined
def _pattern_cost(rules: Rules, busy: int) -> int:
    """Cost of a day with at most one lecture a slot, from the mask of its slots."""
    cost = 0
    if rules.isolated > 0:
        cost += rules.isolated * _count_ones(busy & ~(busy << 1) & ~(busy >> 1))
    if busy != 0 and (rules.windows > 0 or rules.load > 0):
        held = _count_ones(busy)
        span = 64 - _leading_zeros(busy) - _trailing_zeros(busy)
        cost += rules.windows * (span - held)
        cost += rules.load * max(0, rules.fewest_lectures - held, held - rules.most_lectures)
    return cost


@compiled
def _crowded_day_cost(
    rules: Rules, load: Shorts, q: int, first: int, end: int, without: int, added: int
) -> int:
    """`day_cost` from period `first` to `end` if lectures of the curriculum clash: all count."""
    cost, held, num_busy, first_busy, last_busy = 0, 0, 0, -1, -1
    before, here = 0, 0
    for period in range(first - 1, end):
        after = 0
        if period + 1 < end:
            after = load[q, period + 1] + (period + 1 == added) - (period + 1 == without)
        if here > 0:
            first_busy = period if num_busy == 0 else first_busy
            last_busy = period
            num_busy += 1
            held += here
            if before == 0 and after == 0:
                cost += rules.isolated * here
        before, here = here, after
    if num_busy > 0:
        cost += rules.windows * (last_busy - first_busy + 1 - num_busy)
        cost += rules.load * max(0, rules.fewest_lectures - held, held - rules.most_lectures)
    return cost


@compiled
def _travel_delta(
    model: Model,
    state: State,
    course: int,
    old_period: int,
    old_room: int,
    period: int,
    room: int,
) -> int:
    """Change of the pairs of consecutive lectures of a curriculum in two buildings."""
    old_building = wide(model.building[old_room]) if old_period >= 0 else wide(-1)
    building = wide(model.building[room]) if period >= 0 else wide(-1)
    if period == old_period and building == old_building:
        return 0
    change = 0
    start, end = span(model.curricula_start, course)
    for i in range(start, end):
        q = index(model.curricula[i])
        if old_period >= 0:
            change -= _travels(model, state, q, old_period, old_building)
        if period >= 0:
            change += _travels(model, state, q, period, building)
    if old_period >= 0 and period >= 0 and abs(period - old_period) == 1:
        # The lecture itself still stood at its old place when its new neighbours were counted.
        same_day = period // model.periods_per_day == old_period // model.periods_per_day
        if same_day and building != old_building:
            change -= end - start
    return change


@inlined
def _travels(model: Model, state: State, q: int, period: int, building: int) -> int:
    """Lectures of a curriculum just before and after a period, in other buildings."""
    slot = period % model.periods_per_day
    count = 0
    if slot > 0:
        count += state.load[q, period - 1] - state.building_load[q, period - 1, building]
    if slot < model.periods_per_day - 1:
        count += state.load[q, period + 1] - state.building_load[q, period + 1, building]
    return count
