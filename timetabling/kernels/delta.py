"""What a lecture's change of place costs, at the price of the courses and curricula it touches.

`new_state` counts a whole assignment; `place`, `unplace` and `move` keep the counts and running
totals right; `move_delta` prices a move and writes nothing. Everything equals
`timetabling.penalties`, for any formulation, also while hard rules are broken.

Invariant: a course is never held twice in one period, so never propose a period where
``state.lecture_at[course, period]`` is another lecture.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from timetabling.kernels.compiling import compiled, inlined, wide
from timetabling.kernels.model import Ints, Model, Rules

__all__ = ["State", "move", "move_delta", "new_state", "place", "totals", "unplace"]

Shorts = NDArray[np.int16]
Masks = NDArray[np.int64]


class State(NamedTuple):
    """An assignment and what it adds up to. A day's mask has a bit for each of its slots."""

    period: Ints  # (lecture,), -1 if not placed
    room: Ints
    lecture_at: Ints  # (course, period), -1 if none
    obstacles: Shorts  # (course, period): conflicting lectures, and 1 if unavailable
    room_load: Shorts  # (room, period)
    room_lectures: Ints  # (room, period): the lectures there, xored: with one, which it is
    on_day: Shorts  # (course, day)
    days_held: Shorts  # (course,)
    room_uses: Shorts  # (course, room)
    rooms_used: Shorts  # (course,)
    load: Shorts  # (curriculum, period)
    busy: Masks  # (curriculum, day): slots with a lecture
    crowded: Masks  # (curriculum, day): slots with several
    day_cost: Ints  # (curriculum, day): isolated lectures, windows and load
    building_load: Shorts  # (curriculum, period, building) if travel counts
    total: Masks  # (2,): violations and cost


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


def new_state(model: Model, periods: Ints, rooms: Ints) -> State:
    """Count an assignment, as made by `to_arrays`."""
    courses, curricula = model.num_courses, model.num_curricula
    travel = (curricula, model.num_periods, model.num_buildings) if model.rules.travel else (0,) * 3
    state = State(
        period=np.full(model.num_lectures, -1, np.int32),
        room=np.full(model.num_lectures, -1, np.int32),
        lecture_at=np.full((courses, model.num_periods), -1, np.int32),
        obstacles=model.unavailable.astype(np.int16),
        room_load=np.zeros((model.num_rooms, model.num_periods), np.int16),
        room_lectures=np.zeros((model.num_rooms, model.num_periods), np.int32),
        on_day=np.zeros((courses, model.num_days), np.int16),
        days_held=np.zeros(courses, np.int16),
        room_uses=np.zeros((courses, model.num_rooms), np.int16),
        rooms_used=np.zeros(courses, np.int16),
        load=np.zeros((curricula, model.num_periods), np.int16),
        busy=np.zeros((curricula, model.num_days), np.int64),
        crowded=np.zeros((curricula, model.num_days), np.int64),
        day_cost=np.zeros((curricula, model.num_days), np.int32),
        building_load=np.zeros(travel, np.int16),
        total=np.array([model.num_lectures, model.rules.days * model.min_days.sum()], np.int64),
    )
    load_state(model, state, periods, rooms)
    return state


@compiled
def load_state(model: Model, state: State, periods: Ints, rooms: Ints) -> None:
    """Bring an existing state to another assignment, without allocating."""
    for lecture in range(model.num_lectures):
        if state.period[lecture] >= 0 and (
            state.period[lecture] != periods[lecture] or state.room[lecture] != rooms[lecture]
        ):
            move(model, state, lecture, wide(-1), wide(-1))
    for lecture in range(model.num_lectures):
        if state.period[lecture] < 0 and periods[lecture] >= 0:
            move(model, state, lecture, wide(periods[lecture]), wide(rooms[lecture]))


@compiled
def place(model: Model, state: State, lecture: int, period: int, room: int) -> tuple[int, int]:
    """Put an unplaced lecture somewhere; returns the change of (violations, cost)."""
    return move(model, state, lecture, period, room)


@compiled
def unplace(model: Model, state: State, lecture: int) -> tuple[int, int]:
    """Take a lecture out; returns the change of (violations, cost)."""
    return move(model, state, lecture, wide(-1), wide(-1))


@compiled
def move(model: Model, state: State, lecture: int, period: int, room: int) -> tuple[int, int]:
    """Move a lecture, from nowhere or to nowhere (-1, -1) too; returns the change.

    The change is that of (violations, cost).
    """
    violations, cost = move_delta(model, state, lecture, period, room)
    commit(model, state, lecture, period, room, violations, cost)
    return violations, cost


@compiled
def move_delta(model: Model, state: State, lecture: int, period: int, room: int) -> tuple[int, int]:
    """What `move` would return; the state stays as it is."""
    return (
        violations_delta(model, state, lecture, period, room),
        course_delta(model, state, lecture, period, room)
        + curricula_delta(model, state, lecture, period, room),
    )


@inlined
def violations_delta(model: Model, state: State, lecture: int, period: int, room: int) -> int:
    """Change of broken hard rules: two look-ups at the old place and two at the new."""
    course = wide(model.lecture_course[lecture])
    old_period, old_room = wide(state.period[lecture]), wide(state.room[lecture])
    change = 0
    if old_period < 0:
        change -= 1
    else:
        change -= wide(state.obstacles[course, old_period])
        change -= wide(model.room_violation[course, old_room])
        change -= state.room_load[old_room, old_period] > 1
    if period < 0:
        change += 1
    else:
        is_here = period == old_period and room == old_room
        change += wide(state.obstacles[course, period])
        change += wide(model.room_violation[course, room])
        change += state.room_load[room, period] > is_here
    return change


@inlined
def course_delta(model: Model, state: State, lecture: int, period: int, room: int) -> int:
    """Change of the cost that concerns the lecture's course alone."""
    course = wide(model.lecture_course[lecture])
    old_period, old_room = wide(state.period[lecture]), wide(state.room[lecture])
    change = 0
    if room != old_room:
        if old_room >= 0:
            change -= model.room_cost[course, old_room]
        if room >= 0:
            change += model.room_cost[course, room]
        if model.rules.stability > 0:
            used = state.rooms_used[course]
            now = used
            if old_room >= 0:
                now -= state.room_uses[course, old_room] == 1
            if room >= 0:
                now += state.room_uses[course, room] == 0
            change += model.rules.stability * (max(0, now - 1) - max(0, used - 1))

    if model.rules.days > 0 and period != old_period:
        old_day = old_period // model.periods_per_day
        day = period // model.periods_per_day
        if day != old_day:
            held = state.days_held[course]
            now = held
            if old_period >= 0:
                now -= state.on_day[course, old_day] == 1
            if period >= 0:
                now += state.on_day[course, day] == 0
            least = model.min_days[course]
            change += model.rules.days * (max(0, least - now) - max(0, least - held))

    if model.rules.double > 0 and model.wants_double[course]:
        change += model.rules.double * _alone_delta(model, state, course, old_period, period, room)
    return change


@inlined
def curricula_delta(model: Model, state: State, lecture: int, period: int, room: int) -> int:
    """Change of the cost that concerns the curricula of the lecture's course."""
    course = wide(model.lecture_course[lecture])
    old_period = wide(state.period[lecture])
    change = 0
    if period != old_period:
        start, end = model.curricula_start[course], model.curricula_start[course + 1]
        per_day = model.periods_per_day
        old_day, day = old_period // per_day, period // per_day
        old_slot, slot = old_period - old_day * per_day, period - day * per_day
        if old_period >= 0 and period >= 0 and day == old_day:
            for i in range(start, end):
                q = wide(model.curricula[i])
                change += _day_cost(model, state, q, day, old_slot, slot) - state.day_cost[q, day]
        else:
            if old_period >= 0:
                for i in range(start, end):
                    q = wide(model.curricula[i])
                    change += _day_cost(model, state, q, old_day, old_slot, wide(-1))
                    change -= state.day_cost[q, old_day]
            if period >= 0:
                for i in range(start, end):
                    q = wide(model.curricula[i])
                    change += (
                        _day_cost(model, state, q, day, wide(-1), slot) - state.day_cost[q, day]
                    )
    if model.rules.travel > 0:
        change += model.rules.travel * _travel_delta(
            model, state, course, old_period, wide(state.room[lecture]), period, room
        )
    return change


@compiled
def commit(
    model: Model,
    state: State,
    lecture: int,
    period: int,
    room: int,
    violations: int,
    cost: int,
) -> None:
    """Write a move whose change is known."""
    course = wide(model.lecture_course[lecture])
    if state.period[lecture] >= 0:
        _count(model, state, lecture, course, wide(-1))
    state.period[lecture] = period
    state.room[lecture] = room
    if period >= 0:
        _count(model, state, lecture, course, wide(1))
    state.total[0] += violations
    state.total[1] += cost


@njit(cache=True, nogil=True)
def totals(model: Model, state: State) -> tuple[int, int]:
    """Count (violations, cost) afresh from nothing but where the lectures are."""
    courses, periods, days = model.num_courses, model.num_periods, model.num_days
    per_day = model.periods_per_day
    room_at = np.full((courses, periods), -1, np.int32)
    room_load = np.zeros((model.num_rooms, periods), np.int32)
    violations, cost = 0, 0
    for lecture in range(model.num_lectures):
        course, period, room = (
            model.lecture_course[lecture],
            state.period[lecture],
            state.room[lecture],
        )
        if period < 0:
            violations += 1
            continue
        room_at[course, period] = room
        violations += model.unavailable[course, period] + model.room_violation[course, room]
        violations += room_load[room, period] > 0
        room_load[room, period] += 1
        cost += model.room_cost[course, room]

    used = np.zeros(model.num_rooms, np.int32)
    for course in range(courses):
        days_held, rooms_used = 0, 0
        for day in range(days):
            first = day * per_day
            held = 0
            for period in range(first, first + per_day):
                room = room_at[course, period]
                if room >= 0:
                    held += 1
                    rooms_used += used[room] != course + 1
                    used[room] = course + 1
                    for i in range(
                        model.neighbours_start[course], model.neighbours_start[course + 1]
                    ):
                        other = model.neighbours[i]
                        violations += other < course and room_at[other, period] >= 0
            days_held += held > 0
            if model.rules.double > 0 and model.wants_double[course] and held > 1:
                for period in range(first, first + per_day):
                    room = room_at[course, period]
                    before = period > first and room_at[course, period - 1] == room
                    after = period < first + per_day - 1 and room_at[course, period + 1] == room
                    cost += model.rules.double * (room >= 0 and not before and not after)
        cost += model.rules.days * max(0, model.min_days[course] - days_held)
        cost += model.rules.stability * max(0, rooms_used - 1)

    load = np.zeros(per_day + 2, np.int32)  # a free slot before the day, and one after it
    for q in range(model.num_curricula):
        members = model.members[model.members_start[q] : model.members_start[q + 1]]
        for day in range(days):
            load[:] = 0
            first_busy, last_busy, num_busy, num_held = -1, -1, 0, 0
            for slot in range(per_day):
                period = day * per_day + slot
                for course in members:
                    room = room_at[course, period]
                    if room >= 0:
                        load[slot + 1] += 1
                        if model.rules.travel > 0 and slot + 1 < per_day:
                            for other in members:
                                next_room = room_at[other, period + 1]
                                if next_room >= 0 and (
                                    model.building[next_room] != model.building[room]
                                ):
                                    cost += model.rules.travel
                if load[slot + 1] > 0:
                    first_busy = slot if num_busy == 0 else first_busy
                    last_busy = slot
                    num_busy += 1
                    num_held += load[slot + 1]
            if num_busy > 0:
                for slot in range(1, per_day + 1):
                    if load[slot - 1] == 0 and load[slot + 1] == 0:
                        cost += model.rules.isolated * load[slot]
                cost += model.rules.windows * (last_busy - first_busy + 1 - num_busy)
                cost += model.rules.load * max(
                    0, model.rules.fewest_lectures - num_held, num_held - model.rules.most_lectures
                )
    return violations, cost


@inlined
def lecture_in(state: State, room: int, period: int) -> int:
    """Which lecture is in a room: -1 if none, -2 if several."""
    load = state.room_load[room, period]
    lecture = wide(state.room_lectures[room, period])
    return lecture if load == 1 else wide(-1 - (load > 1))


@compiled
def _count(model: Model, state: State, lecture: int, course: int, sign: int) -> None:
    """Add a placed lecture to all counts (sign 1), or take it out of them (-1)."""
    period, room = wide(state.period[lecture]), wide(state.room[lecture])
    day = period // model.periods_per_day
    slot = period - day * model.periods_per_day
    state.lecture_at[course, period] = lecture if sign > 0 else -1
    state.room_load[room, period] += sign
    state.room_lectures[room, period] ^= lecture
    state.on_day[course, day] += sign
    if state.on_day[course, day] == (sign + 1) // 2:
        state.days_held[course] += sign
    state.room_uses[course, room] += sign
    if state.room_uses[course, room] == (sign + 1) // 2:
        state.rooms_used[course] += sign
    for i in range(model.neighbours_start[course], model.neighbours_start[course + 1]):
        state.obstacles[model.neighbours[i], period] += sign

    bit = np.int64(1) << slot
    for i in range(model.curricula_start[course], model.curricula_start[course + 1]):
        q = wide(model.curricula[i])
        load = state.load[q, period] + sign
        state.load[q, period] = load
        if load == 0:
            state.busy[q, day] &= ~bit
        else:
            state.busy[q, day] |= bit
        if load > 1:
            state.crowded[q, day] |= bit
        else:
            state.crowded[q, day] &= ~bit
        state.day_cost[q, day] = _day_cost(model, state, q, day, wide(-1), wide(-1))
        if model.rules.travel > 0:
            state.building_load[q, period, model.building[room]] += sign


@inlined
def _day_cost(model: Model, state: State, q: int, day: int, without: int, added: int) -> int:
    """Cost of a curriculum's day, less a lecture at one slot and with one more at another.

    Either slot may be -1: then nothing is taken away, or added.
    """
    busy, crowded = state.busy[q, day], state.crowded[q, day]
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
    """`_day_cost` from period `first` to `end` if lectures of the curriculum clash: all count."""
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
def _alone_delta(
    model: Model, state: State, course: int, old_period: int, period: int, room: int
) -> int:
    """Change of the lectures on a day with another, but beside none in the same room."""
    nowhere = wide(-1)
    change = 0
    old_day, day = old_period // model.periods_per_day, period // model.periods_per_day
    if old_period >= 0:
        change -= _alone(model, state, course, old_day, nowhere, nowhere, nowhere)
        if day != old_day or period < 0:
            change += _alone(model, state, course, old_day, old_period, nowhere, nowhere)
    if period >= 0:
        if day != old_day or old_period < 0:
            change -= _alone(model, state, course, day, nowhere, nowhere, nowhere)
        change += _alone(model, state, course, day, old_period, period, room)
    return change


@compiled
def _alone(
    model: Model, state: State, course: int, day: int, without: int, added: int, added_room: int
) -> int:
    first = day * model.periods_per_day
    alone, held = 0, 0
    before, here = -1, -1
    for period in range(first - 1, first + model.periods_per_day):
        after = -1
        if period + 1 < first + model.periods_per_day:
            if period + 1 == added:
                after = added_room
            elif period + 1 != without and state.lecture_at[course, period + 1] >= 0:
                after = state.room[state.lecture_at[course, period + 1]]
        if here >= 0:
            held += 1
            alone += before != here and after != here
        before, here = here, after
    return alone if held > 1 else 0


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
    start, end = model.curricula_start[course], model.curricula_start[course + 1]
    for i in range(start, end):
        q = wide(model.curricula[i])
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
