"""What a lecture's change of place costs, at the price of the courses and curricula it touches.

`new_state` counts a whole assignment; `place`, `unplace` and `move` keep the counts and running
totals right; `move_delta` prices a move and writes nothing. Everything equals
`timetabling.penalties`, for any formulation, also while hard rules are broken.

Invariant: a course is never held twice in one period, so never propose a period where
``state.lecture_at[period, course]`` is another lecture.
"""

from __future__ import annotations

import numpy as np

from timetabling.kernels.compiling import compiled, index, inlined, span, wide
from timetabling.kernels.curricula import curricula_delta, day_cost, day_of
from timetabling.kernels.model import (
    DAYS_WEIGHT,
    DOUBLE_WEIGHT,
    MIN_DAYS,
    STABILITY_WEIGHT,
    Ints,
    Model,
    cost_of_nothing,
)
from timetabling.kernels.state import BUSY, CROWDED, DAY_COST, State

__all__ = [
    "changes_delta",
    "commit",
    "course_delta",
    "excess_delta",
    "load_state",
    "move",
    "move_delta",
    "new_state",
    "place",
    "unplace",
    "violations_delta",
]


def new_state(model: Model, periods: Ints, rooms: Ints) -> State:
    """Count an assignment, as made by `to_arrays`."""
    courses, curricula = model.num_courses, model.num_curricula
    changes = model.num_before
    travel = (curricula, model.num_periods, model.num_buildings) if model.rules.travel else (0,) * 3
    state = State(
        period=np.full(model.num_lectures, -1, np.int32),
        room=np.full(model.num_lectures, -1, np.int32),
        lecture_at=np.full((model.num_periods, courses), -1, np.int32),
        obstacles=np.array(model.unavailable.T, np.int16, order="C"),
        room_load=np.zeros((model.num_periods, model.num_rooms), np.int16),
        room_lectures=np.zeros((model.num_periods, model.num_rooms), np.int32),
        on_day=np.zeros((courses, model.num_days), np.int16),
        days_held=np.zeros(courses, np.int16),
        room_uses=np.zeros((courses, model.num_rooms), np.int16),
        rooms_used=np.zeros(courses, np.int16),
        load=np.zeros((curricula, model.num_periods), np.int16),
        days=np.zeros((curricula, model.num_days, 3), np.int64),
        building_load=np.zeros(travel, np.int16),
        changes=np.array([changes], np.int64),
        total=np.array(
            [
                model.num_lectures + max(0, changes - model.max_changes),
                cost_of_nothing(model),
            ],
            np.int64,
        ),
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
    course = index(model.lecture_course[lecture])
    old_period, old_room = wide(state.period[lecture]), wide(state.room[lecture])
    change = 0
    if old_period < 0:
        change -= 1
    else:
        change -= wide(state.obstacles[old_period, course])
        change -= wide(model.room_violation[course, old_room])
        change -= state.room_load[old_period, old_room] > 1
    if period < 0:
        change += 1
    else:
        is_here = period == old_period and room == old_room
        change += wide(state.obstacles[period, course])
        change += wide(model.room_violation[course, room])
        change += state.room_load[period, room] > is_here
    if model.num_before > 0:
        change += excess_delta(
            model.max_changes,
            state.changes[0],
            changes_delta(model.room_before, course, old_period, old_room, period, room),
        )
    return change


# Called, and not inlined as the rest: with these in line, moves of problems that nobody has a
# timetable of were 7 % slower.


@compiled
def changes_delta(
    room_before: Ints, course: int, old_period: int, old_room: int, period: int, room: int
) -> int:
    """Change of the number of lectures of the timetable before that are not kept."""
    change = wide(0)
    if old_period >= 0:
        change += room_before[course, old_period] == old_room
    if period >= 0:
        change -= room_before[course, period] == room
    return change


@compiled
def excess_delta(max_changes: int, changes: int, change: int) -> int:
    """How many more changes are too many if there are so many more."""
    return max(wide(0), changes + change - max_changes) - max(wide(0), changes - max_changes)


@inlined
def course_delta(model: Model, state: State, lecture: int, period: int, room: int) -> int:
    """Change of the cost that concerns the lecture's course alone."""
    course = index(model.lecture_course[lecture])
    old_period, old_room = wide(state.period[lecture]), wide(state.room[lecture])
    change = 0
    if room != old_room:
        if old_room >= 0:
            change -= model.room_cost[course, old_room]
        if room >= 0:
            change += model.room_cost[course, room]
        stability = model.own[course, STABILITY_WEIGHT]
        if stability > 0:
            used = state.rooms_used[course]
            now = used
            if old_room >= 0:
                now -= state.room_uses[course, old_room] == 1
            if room >= 0:
                now += state.room_uses[course, room] == 0
            change += stability * (max(0, now - 1) - max(0, used - 1))

    if period != old_period:
        days_weight = model.own[course, DAYS_WEIGHT]
        old_day, day = day_of(model, old_period), day_of(model, period)
        if days_weight > 0 and day != old_day:
            held = state.days_held[course]
            now = held
            if old_period >= 0:
                now -= state.on_day[course, old_day] == 1
            if period >= 0:
                now += state.on_day[course, day] == 0
            least = model.own[course, MIN_DAYS]
            change += days_weight * (max(0, least - now) - max(0, least - held))
        if len(model.period_cost) > 0:
            if old_period >= 0:
                change -= model.period_cost[course, old_period]
            if period >= 0:
                change += model.period_cost[course, period]

    if model.rules.changes > 0:
        change += model.rules.changes * changes_delta(
            model.room_before, course, old_period, old_room, period, room
        )

    double = model.own[course, DOUBLE_WEIGHT]
    if double > 0:
        change += double * _alone_delta(model, state, course, old_period, period, room)
    return change


@inlined
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
    course = index(model.lecture_course[lecture])
    old_period, old_room = wide(state.period[lecture]), wide(state.room[lecture])
    if old_period >= 0:
        _count_room(model, state, lecture, course, old_period, old_room, wide(-1))
    if period >= 0:
        _count_room(model, state, lecture, course, period, room, wide(1))
    if period != old_period:
        if old_period >= 0:
            _count_period(model, state, lecture, course, old_period, wide(-1))
        if period >= 0:
            _count_period(model, state, lecture, course, period, wide(1))
    state.period[lecture] = period
    state.room[lecture] = room
    state.total[0] += violations
    state.total[1] += cost


@inlined
def _count_room(
    model: Model, state: State, lecture: int, course: int, period: int, room: int, sign: int
) -> None:
    """Add a lecture to what is counted of its room (sign 1), or take it out (-1)."""
    state.room_load[period, room] += sign
    state.room_lectures[period, room] ^= lecture
    if model.num_before > 0 and model.room_before[course, period] == room:
        state.changes[0] -= sign
    state.room_uses[course, room] += sign
    if state.room_uses[course, room] == (sign + 1) // 2:
        state.rooms_used[course] += sign
    if model.rules.travel > 0:
        start, end = span(model.curricula_start, course)
        for i in range(start, end):
            state.building_load[model.curricula[i], period, model.building[room]] += sign


@inlined
def _count_period(
    model: Model, state: State, lecture: int, course: int, period: int, sign: int
) -> None:
    """Add a lecture to what is counted of its period (sign 1), or take it out (-1)."""
    day = day_of(model, period)
    slot = period - day * model.periods_per_day
    state.lecture_at[period, course] = lecture if sign > 0 else -1
    state.on_day[course, day] += sign
    if state.on_day[course, day] == (sign + 1) // 2:
        state.days_held[course] += sign
    start, end = span(model.neighbours_start, course)
    for i in range(start, end):
        state.obstacles[period, index(model.neighbours[i])] += sign

    bit = np.int64(1) << slot
    start, end = span(model.curricula_start, course)
    for i in range(start, end):
        q = index(model.curricula[i])
        load = state.load[q, period] + sign
        state.load[q, period] = load
        if load == 0:
            state.days[q, day, BUSY] &= ~bit
        else:
            state.days[q, day, BUSY] |= bit
        if load > 1:
            state.days[q, day, CROWDED] |= bit
        else:
            state.days[q, day, CROWDED] &= ~bit
        state.days[q, day, DAY_COST] = day_cost(model, state, q, day, wide(-1), wide(-1))


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
            elif period + 1 != without and state.lecture_at[period + 1, course] >= 0:
                after = state.room[state.lecture_at[period + 1, course]]
        if here >= 0:
            held += 1
            alone += before != here and after != here
        before, here = here, after
    return alone if held > 1 else 0
