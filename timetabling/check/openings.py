"""Where lectures may still go: what unavailability, pins and hard suitability leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from timetabling.penalties import Formulation
from timetabling.problem import Pin, Problem

__all__ = ["Openings", "groups_of_teachers", "openings", "rooms_open_to"]


@dataclass(frozen=True, slots=True)
class Openings:
    """A problem after its pins are set; sets of periods and of rooms are bits of a number.

    Parameters
    ----------
    problem
        What it is of.
    left
        Lectures of each course that are not pinned to a period.
    free
        For each course, the periods at which these may be held.
    rooms
        For each course, the rooms it may be in.
    pinned
        Lectures pinned to a period: pairs of course and period, and the rooms each may be in.
    clashes
        For each course, those it must never meet: by teacher, by curriculum, or because both
        have only one room, the same.
    """

    problem: Problem
    left: tuple[int, ...]
    free: tuple[int, ...]
    rooms: tuple[int, ...]
    pinned: dict[tuple[int, int], int]
    clashes: tuple[frozenset[int], ...]

    def names(self, courses: Iterable[int]) -> tuple[str, ...]:
        """Names of courses."""
        return tuple(self.problem.courses[c].id for c in courses)

    def lectures(self, courses: Iterable[int]) -> int:
        """Lectures of some courses that are not pinned to a period."""
        return sum(self.left[c] for c in courses)

    def union(self, courses: Iterable[int]) -> int:
        """Periods at which some lecture of these courses may be held."""
        every = 0
        for c in courses:
            every |= self.free[c]
        return every


def openings(problem: Problem, rules: Formulation, pins: Iterable[Pin]) -> Openings:
    """Set the pins, none of which contradicts another or the problem."""
    kept = list(pins)
    rooms = rooms_open_to(problem, rules)
    for pin in kept:
        if pin.period is None and pin.room is not None:
            rooms[pin.course] = 1 << pin.room
    clashes = _clashes(problem, rooms)
    free = [(1 << problem.num_periods) - 1] * len(problem.courses)
    for c, p in problem.unavailable:
        free[c] &= ~(1 << p)
    left = [course.num_lectures for course in problem.courses]
    sole = _by_sole_room(rooms)
    pinned: dict[tuple[int, int], int] = {}
    for pin in kept:
        if pin.period is None:
            continue
        c, room = pin.course, rooms[pin.course] if pin.room is None else 1 << pin.room
        pinned[c, pin.period] = room
        left[c] -= 1
        for other in {c, *clashes[c], *sole.get(room, ())}:
            free[other] &= ~(1 << pin.period)
    return Openings(problem, tuple(left), tuple(free), tuple(rooms), pinned, clashes)


def rooms_open_to(problem: Problem, rules: Formulation) -> list[int]:
    """For each course, the rooms that no hard rule keeps it out of."""
    rooms = [(1 << len(problem.rooms)) - 1] * len(problem.courses)
    if "room_suitability" in rules.hard:
        for c, r in problem.unsuitable:
            rooms[c] &= ~(1 << r)
    return rooms


def groups_of_teachers(problem: Problem) -> dict[str, tuple[int, ...]]:
    """Courses of each teacher."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for c, course in enumerate(problem.courses):
        groups[course.teacher].append(c)
    return {teacher: tuple(courses) for teacher, courses in groups.items()}


def _clashes(problem: Problem, rooms: list[int]) -> tuple[frozenset[int], ...]:
    clashes = list(problem.conflicts)
    for courses in _by_sole_room(rooms).values():
        group = frozenset(courses)
        for c in courses:
            clashes[c] |= group - {c}
    return tuple(clashes)


def _by_sole_room(rooms: list[int]) -> dict[int, list[int]]:
    """Courses that have only one room, by its bit."""
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for c, mask in enumerate(rooms):
        if mask.bit_count() == 1:
            groups[mask].append(c)
    return groups
