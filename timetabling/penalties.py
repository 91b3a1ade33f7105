"""THE cost of a timetable: one function a rule, and the weighted sum of each formulation.

No formulation has `changes`: who wants few gives the rule a weight (`price_changes`).

Rules and weights: Bonutti, De Cesco, Di Gaspero and Schaerf (2012), section 2 and table 1.
A timetable holds a course at most once a period; of two lectures of one course at one time
only the first counts, and the other counts as missing.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from timetabling.problem import Problem, Timetable

__all__ = [
    "FORMULATIONS",
    "MAX_WEIGHT",
    "Formulation",
    "FormulationName",
    "Score",
    "evaluate",
    "formulation",
    "price_changes",
]

FormulationName = Literal["UD1", "UD2", "UD3", "UD4", "UD5"]
"""The names that `formulation` knows."""

MAX_WEIGHT = 100
"""The most that a unit of a soft rule may cost.

A million seats missing at that price, and a move's effect on 10,000 curricula of 60 periods a day,
still fit the 32 bits that kernels keep a price of one move in.
"""


@dataclass(frozen=True, slots=True)
class Formulation:
    """A choice of rules: the hard ones by name, the soft ones with the weight of a unit."""

    name: str
    hard: tuple[str, ...]
    weights: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Score:
    """Broken hard rules (counts) and soft penalties (weighted), by rule."""

    violations: Mapping[str, int]
    penalties: Mapping[str, int]

    @property
    def num_violations(self) -> int:
        """Broken hard rules, all together."""
        return sum(self.violations.values())

    @property
    def cost(self) -> int:
        """Soft penalties, all together."""
        return sum(self.penalties.values())

    @property
    def is_feasible(self) -> bool:
        """Whether no hard rule is broken."""
        return self.num_violations == 0

    @property
    def order(self) -> tuple[int, int]:
        """What better means: fewer violations first, then a lower cost."""
        return self.num_violations, self.cost


class _Schedule:
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


def lectures(schedule: _Schedule) -> int:
    """Lectures missing or too many."""
    courses = schedule.problem.courses
    return sum(
        abs(c.num_lectures - len(at)) for c, at in zip(courses, schedule.room_at, strict=True)
    )


def conflicts(schedule: _Schedule) -> int:
    """Pairs of conflicting courses (same teacher or curriculum) at one period."""
    at = schedule.room_at
    return sum(
        len(at[a].keys() & at[b].keys())
        for a, others in enumerate(schedule.problem.conflicts)
        for b in others
        if a < b
    )


def availability(schedule: _Schedule) -> int:
    """Lectures at a period at which their course is unavailable."""
    unavailable = schedule.problem.unavailable
    return sum((c, p) in unavailable for c, at in enumerate(schedule.room_at) for p in at)


def room_occupancy(schedule: _Schedule) -> int:
    """Lectures beyond the first in a room at a period."""
    used = Counter((room, p) for at in schedule.room_at for p, room in at.items())
    return sum(count - 1 for count in used.values())


def pins(schedule: _Schedule) -> int:
    """Pinned lectures that are not in their place, and lectures in another room than pinned."""
    broken = 0
    for course, period, room in schedule.problem.pins:
        at = schedule.room_at[course]
        if period is None:
            broken += sum(held != room for held in at.values())
        else:
            broken += period not in at or room not in (None, at[period])
    return broken


def changes(schedule: _Schedule) -> int:
    """Lectures of the timetable before that are not kept at their period and in their room."""
    at = schedule.room_at
    return sum(at[c].get(period) != room for c, period, room in schedule.problem.before)


def max_changes(schedule: _Schedule) -> int:
    """Changes beyond the most that are allowed."""
    most = schedule.problem.max_changes
    return 0 if most is None else max(0, changes(schedule) - most)


def room_capacity(schedule: _Schedule) -> int:
    """Seats missing, over all lectures."""
    courses, rooms = schedule.problem.courses, schedule.problem.rooms
    return sum(
        max(0, course.num_students - rooms[room].capacity)
        for course, at in zip(courses, schedule.room_at, strict=True)
        for room in at.values()
    )


def min_working_days(schedule: _Schedule) -> int:
    """Days missing to each course's minimum."""
    courses = schedule.problem.courses
    return sum(
        max(0, course.min_working_days - len(days))
        for course, days in zip(courses, schedule.on_day, strict=True)
    )


def room_stability(schedule: _Schedule) -> int:
    """Rooms beyond the first of each course."""
    return sum(max(0, len(set(at.values())) - 1) for at in schedule.room_at)


def room_suitability(schedule: _Schedule) -> int:
    """Lectures in a room that is not suitable for their course."""
    unsuitable = schedule.problem.unsuitable
    return sum((c, r) in unsuitable for c, at in enumerate(schedule.room_at) for r in at.values())


def double_lectures(schedule: _Schedule) -> int:
    """Lectures on a day with another of their course, but not beside one in the same room."""
    per_day = schedule.problem.periods_per_day
    alone = 0
    for course, at, days in zip(
        schedule.problem.courses, schedule.room_at, schedule.on_day, strict=True
    ):
        if course.wants_double_lectures:
            for p, room in at.items():
                before = p % per_day > 0 and at.get(p - 1) == room
                after = p % per_day < per_day - 1 and at.get(p + 1) == room
                alone += days[p // per_day] >= 2 and not before and not after
    return alone


def isolated_lectures(schedule: _Schedule) -> int:
    """Lectures of a curriculum with no other of it in the period before or after."""
    here = schedule.curricula
    before, after = np.zeros_like(here), np.zeros_like(here)
    before[:, :, 1:], after[:, :, :-1] = here[:, :, :-1], here[:, :, 1:]
    return int(here[(before == 0) & (after == 0)].sum())


def windows(schedule: _Schedule) -> int:
    """Free periods of a curriculum between two of its lectures on a day."""
    busy = schedule.curricula > 0
    begun = np.logical_or.accumulate(busy, axis=2)
    to_come = np.logical_or.accumulate(busy[:, :, ::-1], axis=2)[:, :, ::-1]
    return int((begun & to_come & ~busy).sum())


def student_load(schedule: _Schedule) -> int:
    """Lectures a curriculum has below the fewest or above the most of a day it is held on."""
    if schedule.problem.daily_lectures is None:
        return 0
    fewest, most = schedule.problem.daily_lectures
    loads = schedule.curricula.sum(axis=2)
    beyond = np.maximum(np.maximum(fewest - loads, loads - most), 0)
    return int(beyond[loads > 0].sum())


def travel_distance(schedule: _Schedule) -> int:
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


RULES: Mapping[str, Callable[[_Schedule], int]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            lectures,
            conflicts,
            availability,
            room_occupancy,
            pins,
            max_changes,
            room_capacity,
            min_working_days,
            room_stability,
            room_suitability,
            double_lectures,
            isolated_lectures,
            windows,
            student_load,
            travel_distance,
            changes,
        )
    }
)

_ALWAYS_HARD = ("lectures", "conflicts", "availability", "room_occupancy", "pins", "max_changes")

# Rules that are not spoken of where a problem does not have what they are about.
_ABOUT: Mapping[str, Callable[[Problem], bool]] = MappingProxyType(
    {
        "pins": lambda problem: bool(problem.pins),
        "max_changes": lambda problem: problem.max_changes is not None,
    }
)

FORMULATIONS: Mapping[str, Formulation] = MappingProxyType(
    {
        name: Formulation(name, _ALWAYS_HARD + extra_hard, weights)
        for name, extra_hard, weights in (
            ("UD1", (), {"room_capacity": 1, "min_working_days": 5, "isolated_lectures": 1}),
            (
                "UD2",
                (),
                {
                    "room_capacity": 1,
                    "min_working_days": 5,
                    "isolated_lectures": 2,
                    "room_stability": 1,
                },
            ),
            (
                "UD3",
                (),
                {"room_capacity": 1, "windows": 4, "student_load": 2, "room_suitability": 3},
            ),
            (
                "UD4",
                ("room_suitability",),
                {
                    "room_capacity": 1,
                    "min_working_days": 1,
                    "windows": 1,
                    "student_load": 1,
                    "double_lectures": 1,
                },
            ),
            (
                "UD5",
                (),
                {
                    "room_capacity": 1,
                    "min_working_days": 5,
                    "isolated_lectures": 1,
                    "windows": 2,
                    "student_load": 2,
                    "travel_distance": 2,
                },
            ),
        )
    }
)


def formulation(name: str, weights: Mapping[str, int] | None = None) -> Formulation:
    """Look a formulation up by its name, UD1 to UD5, and change what its soft rules cost.

    Parameters
    ----------
    weights
        What a unit of a soft rule costs, 0 to `MAX_WEIGHT`, where that is not what the formulation
        says. Any soft rule may be added; 0 leaves a rule out.

    Returns
    -------
    Formulation
        Its name tells what is changed: "UD2 with isolated_lectures 0, windows 3".

    Raises
    ------
    ValueError
        If there is no formulation or no soft rule of that name, if the rule is a hard one here, or
        if the weight is out of its range.
    """
    try:
        base = FORMULATIONS[name]
    except KeyError:
        raise ValueError(
            f"formulation: expected one of {', '.join(FORMULATIONS)}, got {name!r}"
        ) from None
    given = weights or {}
    for rule, weight in given.items():
        _check_weight(base, rule, weight)
    # In one order, whatever the order they are given in: repr is part of what results are known by.
    changed = {
        rule: given[rule]
        for rule in RULES
        if rule in given and given[rule] != base.weights.get(rule, 0)
    }
    if not changed:
        return base
    told = ", ".join(f"{rule} {weight}" for rule, weight in changed.items())
    counted = {rule: weight for rule, weight in {**base.weights, **changed}.items() if weight}
    return Formulation(f"{base.name} with {told}", base.hard, counted)


def _check_weight(base: Formulation, rule: str, weight: int) -> None:
    soft = [known for known in RULES if known not in _ALWAYS_HARD]
    if rule in base.hard:
        raise ValueError(f"weight of {rule}: expected a soft rule, got a hard one of {base.name}")
    if rule not in soft:
        near = difflib.get_close_matches(rule, soft, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"weights: expected one of {', '.join(soft)}, got {rule!r}{meant}")
    if not 0 <= weight <= MAX_WEIGHT:
        raise ValueError(f"weight of {rule}: expected 0 to {MAX_WEIGHT}, got {weight}")


def price_changes(rules: Formulation, price: int) -> Formulation:
    """Let each change of `Problem.before` cost so much; 0 leaves the rule out."""
    others = {rule: weight for rule, weight in rules.weights.items() if rule != "changes"}
    return replace(rules, weights=others | ({"changes": price} if price else {}))


def evaluate(timetable: Timetable, rules: Formulation) -> Score:
    """Count every rule, from scratch; pins and a cap only where the problem has them."""
    schedule = _Schedule(timetable)
    counted = [name for name in rules.hard if name not in _ABOUT or _ABOUT[name](schedule.problem)]
    return Score(
        violations={name: RULES[name](schedule) for name in counted},
        penalties={name: RULES[name](schedule) * weight for name, weight in rules.weights.items()},
    )
