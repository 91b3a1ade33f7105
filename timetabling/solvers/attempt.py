"""A quick search for a timetable that keeps chosen rules, and who is in the way if none is found.

Exact models of thousands of courses are large, but a compiled local search soon has a timetable of
all of them if there is one. If not, the few courses for whose lectures it finds no place, and those
that hold the places these could have, are where to look for a proof: see Gregoire, Mazure and
Piette, "Using local search to find MSSes and MUSes", European Journal of Operational Research 199
(2009). The search itself proves nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from timetabling.penalties import FORMULATIONS, evaluate
from timetabling.problem import Pin, Problem, Room, Timetable
from timetabling.search import SilentObserver, Stop, WorkLimit
from timetabling.solvers.cpsat import keep, place_missing
from timetabling.solvers.cpsat_rules import Rule
from timetabling.view import wronged

__all__ = ["Attempt", "attempt", "only"]

HARD = replace(FORMULATIONS["UD4"], weights={})
"""All hard rules that there are: an instance of `only` holds no more than is asked for."""
MOVES_A_LECTURE = 2_000
SHARE = 0.5
"""Of what is left of the budget, at most."""
COMPLETING_WORK = 3_000_000
"""Units, of CP-SAT."""
NUM_GENERATIONS, PATIENCE = 60, 10
"""Generations of the search, and those without fewer broken rules until it is given up. On
Erlangen's and on generated instances with one planted clash, 11 to 23 generations of twice as many
moves led to one broken rule."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a search found.

    Parameters
    ----------
    timetable
        Of an instance of `only`; nothing but its pinned lectures breaks a rule.
    missing
        The courses that lack lectures, or whose pinned ones break a rule. Without any, all rules
        are kept.
    """

    timetable: Timetable
    missing: tuple[int, ...]

    def can_be_completed(self, stop: Stop, seed: int) -> bool:
        """Whether room for what is missing is soon made by moving others out of the way."""
        limit = WorkLimit(COMPLETING_WORK, cancelled=stop)
        found = place_missing(
            self.timetable.problem,
            formulation=HARD,
            start=self.timetable,
            stop=limit,
            seed=seed,
            observer=SilentObserver(),
        )
        return evaluate(found.timetable, HARD).is_feasible

    def near(self, course: int) -> Iterator[int]:
        """A course, those in its way, those in the way of these, and so on; most so first."""
        problem = self.timetable.problem
        held: defaultdict[int, set[int]] = defaultdict(set)
        users: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        for c, p, r in self.timetable.lectures:
            held[c].add(p)
            users[p, r].append(c)
        reached = {course}
        left = deque([course])
        while left:
            c = left.popleft()
            yield c
            ways: Counter[int] = Counter()
            fit = _fit(problem, c)
            for p in range(problem.num_periods):
                if (c, p) in problem.unavailable and p not in held[c]:
                    continue
                ways.update(d for d in problem.conflicts[c] if p in held[d])
                if all((p, r) in users for r in fit):
                    ways.update(d for r in fit for d in users[p, r])
            nearest = sorted(ways.keys() - reached, key=lambda d: (-ways[d], d))
            reached.update(nearest)
            left.extend(nearest)


def _fit(problem: Problem, course: int) -> list[int]:
    """The rooms that a course may use."""
    pinned = problem.room_pins.get(course)
    rooms = range(len(problem.rooms)) if pinned is None else (pinned,)
    return [r for r in rooms if (course, r) not in problem.unsuitable]


def attempt(
    problem: Problem, rules: Collection[Rule], *, stop: Stop, seed: int, effort: int = 1
) -> Attempt:
    """Search for a timetable that keeps some rules, until nothing gets better.

    Parameters
    ----------
    stop
        Ends it early; what it does is not spent there.
    effort
        How many times the usual number of moves it may take.
    """
    from timetabling.solvers import genetic  # loads the kernels: small instances need none

    asked = only(problem, rules)
    watcher = _Watcher()
    until = 1 - (1 - stop.fraction()) * (1 - SHARE)
    limit = WorkLimit(
        MOVES_A_LECTURE * asked.num_lectures * effort,
        cancelled=lambda: (
            stop() or stop.fraction() > until or watcher.generations_without > PATIENCE
        ),
    )
    found = genetic.solve(
        asked,
        formulation=HARD,
        start=None,
        stop=limit,
        seed=seed,
        observer=watcher,
        num_generations=NUM_GENERATIONS,
    ).timetable
    if not evaluate(found, HARD).is_feasible:
        found = keep(found, HARD)
    return Attempt(found, tuple(sorted(wronged(found, HARD))))


class _Watcher(SilentObserver):
    """Counts the generations since the last one that broke fewer rules."""

    def __init__(self) -> None:
        self.generations_without = 0
        self._fewest = float("inf")

    def update(self, message: str, **figures: float) -> None:  # noqa: ARG002
        """Look at the broken rules."""
        self.generations_without += 1
        if figures["violations"] < self._fewest:
            self._fewest, self.generations_without = figures["violations"], 0


def only(problem: Problem, rules: Collection[Rule]) -> Problem:
    """The instance that asks for some rules and for nothing else; courses keep their numbers.

    Its rooms are others if rooms may hold any number of lectures: then there is one for each
    course, and it suits the course if any did.
    """
    asked: defaultdict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for kind, of in rules:
        asked[kind].add(of)
    here = {c for (c,) in asked["lectures"]}
    courses = tuple(
        replace(
            course,
            num_lectures=course.num_lectures if c in here else 0,
            teacher=f"t {course.teacher}" if (course.teacher,) in asked["teacher"] else f"c {c}",
        )
        for c, course in enumerate(problem.courses)
    )
    pins = {
        Pin(c, None if p < 0 else p, None if r < 0 else r) for c, p, r in asked["pin"] if c in here
    }
    unsuitable = {(c, r) for c, r in asked["suitability"]}
    rooms = problem.rooms
    if not asked["rooms"]:
        unsuitable = _without_any_room(problem, unsuitable, pins)
        pins = {pin._replace(room=None) for pin in pins if pin.period is not None}
        rooms = tuple(Room(id=f"{c}", capacity=1) for c in range(len(courses)))
    return replace(
        problem,
        courses=courses,
        rooms=rooms,
        curricula=tuple(
            curriculum if (q,) in asked["curriculum"] else replace(curriculum, courses=())
            for q, curriculum in enumerate(problem.curricula)
        ),
        unavailable=frozenset((c, p) for c, p in asked["unavailable"]),
        unsuitable=frozenset(unsuitable),
        undesired=frozenset(),
        course_weights=frozenset(),
        pins=frozenset(pins),
        before=(),
        max_changes=None,
    )


def _without_any_room(
    problem: Problem, unsuitable: set[tuple[int, int]], pins: set[Pin]
) -> set[tuple[int, int]]:
    """Courses that, or a pinned lecture of which, no room suits, with as many rooms as courses."""
    every = set(range(len(problem.rooms)))
    bad: defaultdict[int, set[int]] = defaultdict(set)
    for c, r in unsuitable:
        bad[c].add(r)
    fits = {c: every - bad[c] for c in range(len(problem.courses))}
    for pin in pins:
        if pin.period is None and pin.room is not None:
            fits[pin.course] &= {pin.room}
    stuck = {c for c in fits if not fits[c]}
    for pin in pins:
        if pin.period is not None and pin.room not in {None, *fits[pin.course]}:
            stuck.add(pin.course)
    return {(c, r) for c in stuck for r in range(len(problem.courses))}
