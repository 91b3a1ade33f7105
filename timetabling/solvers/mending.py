"""Small changes of an instance that would end a clash, each tried by solving again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from timetabling.problem import Pin, Problem, Room
from timetabling.search import Stop
from timetabling.solvers.cpsat_rules import Rule, try_rules
from timetabling.solvers.judging import PART_WORK
from timetabling.solvers.shrinking import Clash

__all__ = ["PRICES", "Repair", "mend"]

MAX_TRIED = 200
"""Repairs tried a clash."""

PRICES = {
    "allow": 1,
    "unpin": 1,
    "leave": 2,
    "fewer": 3,
    "teacher": 4,
    "suit": 4,
    "room": 5,
}
"""What a change is thought to cost a university; cheaper ones are tried first.

A period more, a pin less, a course out of one curriculum, a lecture less, another teacher, a room
that is made suitable, a room more."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A change of the instance that ends a clash.

    Parameters
    ----------
    kind
        One of `PRICES`.
    rule
        What of the clash it changes.
    course
        Index of the course it concerns, None for a room more.
    """

    kind: str
    rule: Rule
    course: int | None = None

    @property
    def price(self) -> int:
        """By its kind."""
        return PRICES[self.kind]

    def apply(self, problem: Problem) -> Problem:
        """The instance with this change."""
        c, courses = self.course, problem.courses
        if self.kind == "allow":
            return replace(problem, unavailable=problem.unavailable - {self.rule.of})
        if self.kind == "unpin":
            _, p, r = self.rule.of
            pin = Pin(self.rule.of[0], None if p < 0 else p, None if r < 0 else r)
            return replace(problem, pins=problem.pins - {pin})
        if self.kind == "suit":
            return replace(problem, unsuitable=problem.unsuitable - {self.rule.of})
        if self.kind == "room":
            most = max(room.capacity for room in problem.rooms)
            names = {room.id for room in problem.rooms}
            name = next(n for i in range(len(names) + 1) if (n := f"new room {i + 1}") not in names)
            return replace(problem, rooms=(*problem.rooms, Room(id=name, capacity=most)))
        if self.kind == "leave":
            (q,) = self.rule.of
            curricula = list(problem.curricula)
            members = tuple(x for x in curricula[q].courses if x != c)
            curricula[q] = replace(curricula[q], courses=members)
            return replace(problem, curricula=tuple(curricula))
        assert c is not None  # noqa: S101 - the kinds that are left change a course
        course = courses[c]
        if self.kind == "fewer":
            changed = replace(course, num_lectures=course.num_lectures - 1)
        else:
            changed = replace(course, teacher=f"another than {course.teacher} for {course.id}")
        return replace(problem, courses=(*courses[:c], changed, *courses[c + 1 :]))


def mend(problem: Problem, clash: Clash, *, stop: Stop, seed: int) -> list[Repair]:
    """The repairs that end a clash, cheapest first; each was tried on the rules of the clash."""
    here = set(clash.courses)
    small = replace(
        problem,  # what is asked of other courses would be copied for each repair
        unavailable=frozenset(x for x in problem.unavailable if x[0] in here),
        unsuitable=frozenset(x for x in problem.unsuitable if x[0] in here),
        before=(),
    )
    lifts: list[Repair] = []
    others: list[Repair] = []
    for repair in _candidates(problem, clash):
        (lifts if repair.kind in _LIFTS and clash.is_minimal else others).append(repair)
    # Without any one rule of a minimal clash there is a timetable for the others.
    found = list(lifts)
    for repair in others[:MAX_TRIED]:
        if stop():
            break
        changed = repair.apply(small)
        rules = [rule for rule in clash.rules if repair.kind not in _LIFTS or rule != repair.rule]
        if try_rules(changed, rules, stop=stop, seed=seed, work=PART_WORK).is_possible:
            found.append(repair)
    return sorted(found, key=lambda repair: repair.price)


_LIFTS = ("allow", "unpin", "suit")
"""Repairs that leave out a rule of the clash."""


def _candidates(problem: Problem, clash: Clash) -> Iterator[Repair]:
    """Changes that touch a rule of the clash, cheapest first."""
    here = {rule.of[0] for rule in clash.rules if rule.kind == "lectures"}
    pinned = Counter(pin.course for pin in problem.pins if pin.period is not None)
    found = []
    for rule in clash.rules:
        if rule.kind == "unavailable":
            found.append(Repair("allow", rule, rule.of[0]))
        elif rule.kind == "pin":
            found.append(Repair("unpin", rule, rule.of[0]))
        elif rule.kind == "suitability":
            found.append(Repair("suit", rule, rule.of[0]))
        elif rule.kind == "rooms":
            found.append(Repair("room", rule))
        elif rule.kind == "lectures":
            least = max(pinned[rule.of[0]], int(problem.num_lectures == 1))
            if problem.courses[rule.of[0]].num_lectures > least:
                found.append(Repair("fewer", rule, rule.of[0]))
        elif rule.kind == "curriculum":
            members = sorted(here.intersection(problem.curricula[rule.of[0]].courses))
            found += [Repair("leave", rule, c) for c in members]
        else:
            taught = [c for c in sorted(here) if problem.courses[c].teacher == rule.of[0]]
            found += [Repair("teacher", rule, c) for c in taught]
    return iter(sorted(found, key=lambda repair: repair.price))
