"""An assignment with the counts that price its moves, and what it costs, counted from nothing.

`timetabling.kernels.delta` makes states and keeps their counts right.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from timetabling.kernels.compiling import inlined, wide
from timetabling.kernels.model import (
    DAYS_WEIGHT,
    DOUBLE_WEIGHT,
    MIN_DAYS,
    STABILITY_WEIGHT,
    Ints,
    Model,
)

__all__ = ["BUSY", "CROWDED", "DAY_COST", "Shorts", "State", "lecture_in", "totals"]

Shorts = NDArray[np.int16]
Masks = NDArray[np.int64]

# Of a curriculum's day: the slots with a lecture, those with several, and what isolated lectures,
# windows and load cost. Side by side, since they are asked for together.
BUSY, CROWDED, DAY_COST = range(3)


class State(NamedTuple):
    """An assignment and what it adds up to. A day's mask has a bit for each of its slots.

    Of a period, all courses lie side by side, and so do all rooms: a lecture that comes or goes
    concerns each course it conflicts with, and who moves looks for a room among many.
    """

    period: Ints  # (lecture,), -1 if not placed
    room: Ints
    lecture_at: Ints  # (period, course), -1 if none
    obstacles: Shorts  # (period, course): conflicting lectures, and 1 if unavailable
    room_load: Shorts  # (period, room)
    room_lectures: Ints  # (period, room): the lectures there, xored: with one, which it is
    on_day: Shorts  # (course, day)
    days_held: Shorts  # (course,)
    room_uses: Shorts  # (course, room)
    rooms_used: Shorts  # (course,)
    load: Shorts  # (curriculum, period)
    days: Masks  # (curriculum, day, 3): in the columns BUSY, CROWDED and DAY_COST
    building_load: Shorts  # (curriculum, period, building) if travel counts
    changes: Masks  # (1,): lectures of the timetable before that are not kept
    total: Masks  # (2,): violations and cost


@inlined
def lecture_in(state: State, room: int, period: int) -> int:
    """Which lecture is in a room: -1 if none, -2 if several."""
    load = state.room_load[period, room]
    lecture = wide(state.room_lectures[period, room])
    return lecture if load == 1 else wide(-1 - (load > 1))


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
        if len(model.period_cost) > 0:
            cost += model.period_cost[course, period]
    changes = 0
    for course in range(courses):
        for period in range(periods):
            before = model.room_before[course, period]
            changes += before >= 0 and before != room_at[course, period]
    violations += max(0, changes - model.max_changes)
    cost += model.rules.changes * changes

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
            apart = model.own[course, DOUBLE_WEIGHT]
            if apart > 0 and held > 1:
                for period in range(first, first + per_day):
                    room = room_at[course, period]
                    before = period > first and room_at[course, period - 1] == room
                    after = period < first + per_day - 1 and room_at[course, period + 1] == room
                    cost += apart * (room >= 0 and not before and not after)
        cost += model.own[course, DAYS_WEIGHT] * max(0, model.own[course, MIN_DAYS] - days_held)
        cost += model.own[course, STABILITY_WEIGHT] * max(0, rooms_used - 1)

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
