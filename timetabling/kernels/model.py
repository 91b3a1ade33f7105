"""A problem and a formulation as flat arrays of small integers, for compiled code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timetabling.penalties import Formulation, weights_of
from timetabling.pins import place_pinned
from timetabling.problem import Lecture, Problem, Timetable

__all__ = [
    "COURSE_SAVING",
    "CURRICULA_SAVING",
    "DAYS_WEIGHT",
    "DOUBLE_WEIGHT",
    "MIN_DAYS",
    "PLACE_HELD",
    "STABILITY_WEIGHT",
    "Model",
    "Rules",
    "compile_model",
    "cost_of_nothing",
    "to_arrays",
    "to_timetable",
]

Ints = NDArray[np.int32]
Flags = NDArray[np.uint8]

NOWHERE = -1

# Of a lecture, what a pin holds.
PERIOD_HELD, PLACE_HELD = 1, 2

# Columns of `Model.own`: the least days, what one missing, another room and a lecture apart cost
# (0 if that does not matter), and the most that a move saves of its own rules, but for the room,
# and in curricula without clashes. One array: calls that are not inlined copy each on its own.
MIN_DAYS, DAYS_WEIGHT, STABILITY_WEIGHT, DOUBLE_WEIGHT, COURSE_SAVING, CURRICULA_SAVING = range(6)

# A room that lacks up to so many seats more than the best room is still worth proposing.
SEATS_WORTH_TRYING = 8


class Rules(NamedTuple):
    """Weights of the soft rules that are not about single courses, and what they measure.

    They are 0 for those the formulation leaves out. Those of courses are in the `Model`.
    """

    isolated: int
    windows: int
    load: int
    travel: int
    fewest_lectures: int
    most_lectures: int
    changes: int


class Model(NamedTuple):
    """All that a kernel reads and never writes.

    Lists of lists are kept as one array and the place where each list starts, with one more
    entry for the end: the curricula of course ``c`` are
    ``curricula[curricula_start[c] : curricula_start[c + 1]]``.
    """

    num_lectures: int
    num_courses: int
    num_rooms: int
    num_curricula: int
    num_days: int
    periods_per_day: int
    num_periods: int
    num_buildings: int
    rules: Rules
    lecture_course: Ints
    first_lecture: Ints
    unavailable: Flags  # (course, period)
    conflict: Flags  # (course, course)
    neighbours_start: Ints
    neighbours: Ints  # the courses a course conflicts with
    curricula_start: Ints
    curricula: Ints  # the curricula of a course
    members_start: Ints
    members: Ints  # the courses of a curriculum
    open_start: Ints
    open_periods: Ints  # the periods a course is available in; all if it is in none
    rooms_start: Ints
    rooms: Ints  # the rooms worth proposing for a course
    room_cost: Ints  # (course, room): seats missing and soft unsuitability, weighted
    period_cost: Ints  # (course, period): of undesired times; of no course if there are none
    room_violation: Flags  # (course, room): unsuitable, where that is a hard rule
    building: Ints
    own: Ints  # (course, 6): what concerns it alone, in the columns MIN_DAYS and so on
    num_held: int
    num_movable: int
    movable: Ints  # the lectures that may move
    hold: Flags  # (lecture,): what is pinned of it: nothing, the period, the room as well
    room_before: Ints  # (course, period): of the timetable before, NOWHERE if none
    num_before: int  # its lectures
    max_changes: int


def compile_model(problem: Problem, formulation: Formulation) -> Model:
    """Flatten a problem and the weights of a formulation."""
    courses, rooms = problem.courses, problem.rooms
    weight = formulation.weights.get

    def by_course(rule: str) -> Ints:
        return _ints(weights_of(problem, formulation, rule))

    fewest, most = problem.daily_lectures or (0, 0)
    buildings = {name: i for i, name in enumerate(dict.fromkeys(r.building for r in rooms))}

    unavailable = np.zeros((len(courses), problem.num_periods), np.uint8)
    for c, period in problem.unavailable:
        unavailable[c, period] = 1
    conflict = np.zeros((len(courses), len(courses)), np.uint8)
    for c, others in enumerate(problem.conflicts):
        conflict[c, list(others)] = 1
    # A course without lectures is nowhere, and no mate to be beside.
    members = [[c for c in q.courses if courses[c].num_lectures] for q in problem.curricula]
    curricula_of: list[list[int]] = [[] for _ in courses]
    for q, of_curriculum in enumerate(members):
        for c in of_curriculum:
            curricula_of[c].append(q)

    unsuitable = np.zeros((len(courses), len(rooms)), np.uint8)
    for c, room in problem.unsuitable:
        unsuitable[c, room] = 1
    students = np.array([c.num_students for c in courses], np.int32)
    seats = np.array([r.capacity for r in rooms], np.int32)
    missing = np.maximum(0, students[:, None] - seats[None, :])
    room_cost = missing * by_course("room_capacity")[:, None]
    room_cost += unsuitable * by_course("room_suitability")[:, None]
    room_violation = unsuitable * ("room_suitability" in formulation.hard)
    for c, room in problem.room_pins.items():
        room_violation[c] += np.arange(len(rooms)) != room
    rules = Rules(
        isolated=weight("isolated_lectures", 0),
        windows=weight("windows", 0),
        load=weight("student_load", 0) if problem.daily_lectures else 0,
        travel=weight("travel_distance", 0),
        fewest_lectures=fewest,
        most_lectures=most,
        changes=weight("changes", 0),
    )
    days, stability = by_course("min_working_days"), by_course("room_stability")
    doubles = by_course("double_lectures") * _ints(c.wants_double_lectures for c in courses)
    period_cost = np.zeros(
        (len(courses) if problem.undesired else 0, problem.num_periods), np.int32
    )
    undesired = by_course("undesired_times")
    for c, period in problem.undesired:
        period_cost[c, period] = undesired[c]
    dearest_period = period_cost.max(1) if len(period_cost) else np.int32(0)
    # Out of one day and into another: at most 3 lectures cease to be isolated, the first day's
    # span falls or the second day's hole is filled, both loads come one nearer to the limits.
    curriculum_saving = (
        3 * rules.isolated
        + problem.periods_per_day * rules.windows
        + 2 * max(1, fewest) * rules.load
        + 4 * rules.travel
    )
    own = np.zeros((len(courses), 6), np.int32)
    own[:, MIN_DAYS] = [c.min_working_days for c in courses]
    own[:, DAYS_WEIGHT], own[:, STABILITY_WEIGHT], own[:, DOUBLE_WEIGHT] = days, stability, doubles
    # Of lectures apart, at most 4 cease to be: the one that moves and one that it leaves alone on
    # its day, and two on the other day that it comes between.
    own[:, COURSE_SAVING] = days + stability + 4 * doubles + rules.changes + dearest_period
    own[:, CURRICULA_SAVING] = [len(each) * curriculum_saving for each in curricula_of]
    # Pinned lectures are the first of their course, in order, as `place_pinned` has them.
    hold = np.zeros(problem.num_lectures, np.uint8)
    first_lecture = _starts([range(course.num_lectures) for course in courses])
    num_held: Counter[int] = Counter()
    for (c, _), pinned_room in problem.pinned.items():
        hold[first_lecture[c] + num_held[c]] = PERIOD_HELD if pinned_room is None else PLACE_HELD
        num_held[c] += 1
    movable = np.flatnonzero(hold < PLACE_HELD).astype(np.int32)
    most_changes = len(problem.before) if problem.max_changes is None else problem.max_changes
    room_before = np.full((len(courses), problem.num_periods), NOWHERE, np.int32)
    for c, period, room in problem.before:
        room_before[c, period] = room

    worth = [_rooms_worth_trying(room_cost[c], room_violation[c]) for c in range(len(courses))]
    every_period = range(problem.num_periods)
    open_periods = [
        [p for p in every_period if not unavailable[c, p] and (c, p) not in problem.pinned]
        or every_period
        for c in range(len(courses))
    ]

    return Model(
        num_lectures=problem.num_lectures,
        num_courses=len(courses),
        num_rooms=len(rooms),
        num_curricula=len(problem.curricula),
        num_days=problem.num_days,
        periods_per_day=problem.periods_per_day,
        num_periods=problem.num_periods,
        num_buildings=len(buildings),
        rules=rules,
        lecture_course=_ints(problem.lecture_courses),
        first_lecture=first_lecture,
        unavailable=unavailable,
        conflict=conflict,
        neighbours_start=_starts(problem.conflicts),
        neighbours=_ints(c for others in problem.conflicts for c in sorted(others)),
        curricula_start=_starts(curricula_of),
        curricula=_ints(q for of_course in curricula_of for q in of_course),
        members_start=_starts(members),
        members=_ints(c for of_curriculum in members for c in of_curriculum),
        open_start=_starts(open_periods),
        open_periods=_ints(period for of_course in open_periods for period in of_course),
        rooms_start=_starts(worth),
        rooms=np.concatenate(worth),
        room_cost=room_cost.astype(np.int32),
        room_violation=room_violation.astype(np.uint8),
        period_cost=period_cost,
        building=_ints(buildings[r.building] for r in rooms),
        own=own,
        num_held=len(problem.pinned),
        num_movable=len(movable),
        movable=movable,
        hold=hold,
        room_before=room_before,
        num_before=len(problem.before),
        max_changes=min(len(problem.before), most_changes),
    )


def cost_of_nothing(model: Model) -> int:
    """What a timetable without a lecture costs: all days are missing, and all is changed."""
    days = model.own[:, DAYS_WEIGHT] * model.own[:, MIN_DAYS]
    return int(days.sum()) + model.rules.changes * model.num_before


def to_arrays(timetable: Timetable) -> tuple[Ints, Ints]:
    """Period and room of each lecture, shape (num_lectures,), -1 where it is not placed.

    Lectures are numbered as in `Problem.lecture_courses`. As in `penalties`, a course is held at
    most once a period: a second one counts as missing. Lectures too many are dropped. Those pinned
    to a period are in their place, also where the timetable has them elsewhere or not at all.
    """
    problem = timetable.problem
    timetable = place_pinned(timetable)
    room_at: list[dict[int, int]] = [{} for _ in problem.courses]
    for held in timetable.lectures:
        room_at[held.course].setdefault(held.period, held.room)
    periods = np.full(problem.num_lectures, -1, np.int32)
    rooms = np.full(problem.num_lectures, -1, np.int32)
    first = 0
    for course, at in zip(problem.courses, room_at, strict=True):
        for lecture, (period, room) in enumerate(list(at.items())[: course.num_lectures], first):
            periods[lecture], rooms[lecture] = period, room
        first += course.num_lectures
    return periods, rooms


def to_timetable(problem: Problem, periods: Ints, rooms: Ints) -> Timetable:
    """Build a timetable of the lectures that are placed."""
    placed = zip(problem.lecture_courses, periods.tolist(), rooms.tolist(), strict=True)
    return Timetable(problem, tuple(Lecture(c, p, r) for c, p, r in placed if p >= 0))


def _rooms_worth_trying(cost: Ints, violation: Ints) -> Ints:
    allowed = np.flatnonzero(violation == violation.min()).astype(np.int32)
    missing = cost[allowed]
    return np.compress(missing <= missing.min() + SEATS_WORTH_TRYING, allowed)


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int32)


def _starts(lists: Sequence[Sequence[int] | frozenset[int] | Ints]) -> Ints:
    return np.cumsum([0, *map(len, lists)], dtype=np.int32)
