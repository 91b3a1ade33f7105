"""The rules: what each counts in a timetable, one function a rule.

Rules: Bonutti, De Cesco, Di Gaspero and Schaerf (2012), section 2, and four of our own: pins,
changes of the timetable before, a cap on them, and undesired times.
A timetable holds a course at most once a period; of two lectures of one course at one time
only the first counts, and the other counts as missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from timetabling.problem import Timetable

__all__ = ["OF_ALL", "OF_COURSES", "Schedule"]


class Schedule:
    """A timetable seen by course: which room at which period."""

    def __init__(self, timetable: Timetable) -> None:
        self.problem = problem = timetable.problem
        self.room_at: list[dict[int, int]] = [{} for _ in problem.courses]
        for lecture in timetable.lectures:
            self.room_at[lecture.course].setdefault(lecture.period, lecture.room)
        day_of = problem.periods_per_day
        self.on_day = [Counter(p // day_of for p in at) for at in self.room_at]

    @cached_property
    def curricula(self) -> NDArray[np.int64]:
        """Lectures of each curriculum: shape (curricula, days, periods a day)."""
        problem = self.problem
        held = np.zeros((len(problem.courses), problem.num_periods), np.int64)
        for c, at in enumerate(self.room_at):
            held[c, list(at)] = 1
        loads = np.zeros((len(problem.curricula), problem.num_periods), np.int64)
        which = np.repeat(np.arange(len(loads)), [len(q.courses) for q in problem.curricula])
        np.add.at(loads, which, held[[c for q in problem.curricula for c in q.courses]])
        return loads.reshape(-1, problem.num_days, problem.periods_per_day)


def lectures(schedule: Schedule) -> int:
    """Lectures missing or too many."""
    courses = schedule.problem.courses
    return sum(
        abs(c.num_lectures - len(at)) for c, at in zip(courses, schedule.room_at, strict=True)
    )


def conflicts(schedule: Schedule) -> int:
    """Pairs of conflicting courses (same teacher or curriculum) at one period."""
    at = schedule.room_at
    return sum(
        len(at[a].keys() & at[b].keys())
        for a, others in enumerate(schedule.problem.conflicts)
        for b in others
        if a < b
    )


def availability(schedule: Schedule) -> int:
    """Lectures at a period at which their course is unavailable."""
    unavailable = schedule.problem.unavailable
    return sum((c, p) in unavailable for c, at in enumerate(schedule.room_at) for p in at)


def room_occupancy(schedule: Schedule) -> int:
    """Lectures beyond the first in a room at a period."""
    used = Counter((room, p) for at in schedule.room_at for p, room in at.items())
    return sum(count - 1 for count in used.values())


def pins(schedule: Schedule) -> int:
    """Pinned lectures that are not in their place, and lectures in another room than pinned."""
    broken = 0
    for course, period, room in schedule.problem.pins:
        at = schedule.room_at[course]
        if period is None:
            broken += sum(held != room for held in at.values())
        else:
            broken += period not in at or room not in (None, at[period])
    return broken


def changes(schedule: Schedule) -> int:
    """Lectures of the timetable before that are not kept at their period and in their room."""
    at = schedule.room_at
    return sum(at[c].get(period) != room for c, period, room in schedule.problem.before)


def max_changes(schedule: Schedule) -> int:
    """Changes beyond the most that are allowed."""
    most = schedule.problem.max_changes
    return 0 if most is None else max(0, changes(schedule) - most)


def room_capacity(schedule: Schedule) -> Sequence[int]:
    """Seats missing, over the lectures of each course."""
    seats = [room.capacity for room in schedule.problem.rooms]
    return [
        sum(max(0, course.num_students - seats[room]) for room in at.values())
        for course, at in zip(schedule.problem.courses, schedule.room_at, strict=True)
    ]


def min_working_days(schedule: Schedule) -> Sequence[int]:
    """Days missing to each course's minimum."""
    return [
        max(0, course.min_working_days - len(days))
        for course, days in zip(schedule.problem.courses, schedule.on_day, strict=True)
    ]


def room_stability(schedule: Schedule) -> Sequence[int]:
    """Rooms beyond the first of each course."""
    return [max(0, len(set(at.values())) - 1) for at in schedule.room_at]


def room_suitability(schedule: Schedule) -> Sequence[int]:
    """Lectures of each course in a room that is not suitable for it."""
    unsuitable = schedule.problem.unsuitable
    return [sum((c, r) in unsuitable for r in at.values()) for c, at in enumerate(schedule.room_at)]


def double_lectures(schedule: Schedule) -> Sequence[int]:
    """Lectures of each course on a day with another, but not beside one in the same room."""
    courses, per_day = schedule.problem.courses, schedule.problem.periods_per_day
    alone = [0] * len(courses)
    for c, at in enumerate(schedule.room_at):
        for p, room in at.items() if courses[c].wants_double_lectures else ():
            before = p % per_day > 0 and at.get(p - 1) == room
            after = p % per_day < per_day - 1 and at.get(p + 1) == room
            alone[c] += schedule.on_day[c][p // per_day] >= 2 and not before and not after
    return alone


def undesired_times(schedule: Schedule) -> Sequence[int]:
    """Lectures of each course at a period at which it should rather not be held."""
    undesired = schedule.problem.undesired
    return [sum((c, p) in undesired for p in at) for c, at in enumerate(schedule.room_at)]


def isolated_lectures(schedule: Schedule) -> int:
    """Lectures of a curriculum with no other of it in the period before or after."""
    here = schedule.curricula
    before, after = np.zeros_like(here), np.zeros_like(here)
    before[:, :, 1:], after[:, :, :-1] = here[:, :, :-1], here[:, :, 1:]
    return int(here[(before == 0) & (after == 0)].sum())


def windows(schedule: Schedule) -> int:
    """Free periods of a curriculum between two of its lectures on a day."""
    busy = schedule.curricula > 0
    begun = np.logical_or.accumulate(busy, axis=2)
    to_come = np.logical_or.accumulate(busy[:, :, ::-1], axis=2)[:, :, ::-1]
    return int((begun & to_come & ~busy).sum())


def student_load(schedule: Schedule) -> int:
    """Lectures a curriculum has below the fewest or above the most of a day it is held on."""
    if schedule.problem.daily_lectures is None:
        return 0
    fewest, most = schedule.problem.daily_lectures
    loads = schedule.curricula.sum(axis=2)
    beyond = np.maximum(np.maximum(fewest - loads, loads - most), 0)
    return int(beyond[loads > 0].sum())


def travel_distance(schedule: Schedule) -> int:
    """Pairs of lectures of a curriculum in consecutive periods of a day, in two buildings."""
    problem = schedule.problem
    building = [room.building for room in problem.rooms]
    moves = 0
    for curriculum in problem.curricula:
        there: dict[int, list[str]] = {}
        for c in curriculum.courses:
            for p, room in schedule.room_at[c].items():
                there.setdefault(p, []).append(building[room])
        for p, here in there.items():
            if (p + 1) % problem.periods_per_day:
                moves += sum(a != b for a in here for b in there.get(p + 1, ()))
    return moves


OF_COURSES: Mapping[str, Callable[[Schedule], Sequence[int]]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            room_capacity,
            min_working_days,
            room_stability,
            room_suitability,
            double_lectures,
            undesired_times,
        )
    }
)
"""Rules of single courses: how many units each course breaks."""

OF_ALL: Mapping[str, Callable[[Schedule], int]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            lectures,
            conflicts,
            availability,
            room_occupancy,
            pins,
            max_changes,
            isolated_lectures,
            windows,
            student_load,
            travel_distance,
            changes,
        )
    }
)
"""Rules of what several courses do together: how many units are broken."""
