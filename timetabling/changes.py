"""What changed between two timetables: which lectures moved, who is concerned, what it costs.

The two may be of two instances, such as before and after a room closed: courses, rooms, teachers
and curricula are known again by their names, periods by their day and their place in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from timetabling.problem import Problem, Timetable

__all__ = ["Change", "Concerned", "Difference", "Place", "compare"]


class Place(NamedTuple):
    """Where a lecture is held: day and period from 1, and the name of the room."""

    day: int
    period: int
    room: str


class Change(NamedTuple):
    """A lecture of a course that is held elsewhere, no longer (to None) or newly (from None)."""

    course: str
    before: Place | None
    after: Place | None


class Concerned(NamedTuple):
    """A teacher or a curriculum, and how many of its lectures changed, of how many before."""

    name: str
    changed: int
    lectures: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed.

    Parameters
    ----------
    changes
        In order of the courses' names and of where the lectures were.
    teachers, curricula
        Those with a change, the most concerned first.
    freed, booked
        Bookings of rooms that ended and that are new, by the room's name.
    """

    changes: tuple[Change, ...]
    teachers: tuple[Concerned, ...]
    curricula: tuple[Concerned, ...]
    freed: tuple[tuple[str, int], ...]
    booked: tuple[tuple[str, int], ...]


def compare(old: Timetable, new: Timetable) -> Difference:
    """Find the changes from one timetable to another, as few as there can be.

    A lecture that is held at the same time in the same room is none. Those of a course that are
    left are matched: first those at one time, whose room alone changes, then those of one day, then
    in order. Of a course twice at one time, only the first counts, as in `penalties`.
    """
    places = [_places(old), _places(new)]
    changes = [
        Change(course, before, after)
        for course in sorted({*places[0], *places[1]})
        for before, after in _match(places[0].get(course, ()), places[1].get(course, ()))
    ]
    ended = [change.before.room for change in changes if change.before is not None]
    begun = [change.after.room for change in changes if change.after is not None]
    changed = Counter(change.course for change in changes)
    problems = old.problem, new.problem
    return Difference(
        changes=tuple(changes),
        teachers=_concerned(changed, places[0], [_teachers(problem) for problem in problems]),
        curricula=_concerned(changed, places[0], [_curricula(problem) for problem in problems]),
        freed=tuple(sorted(Counter(ended).items())),
        booked=tuple(sorted(Counter(begun).items())),
    )


def _places(timetable: Timetable) -> dict[str, list[Place]]:
    problem = timetable.problem
    seen: dict[tuple[int, int], int] = {}
    for lecture in timetable.lectures:
        seen.setdefault(lecture[:2], lecture.room)
    places: dict[str, list[Place]] = defaultdict(list)
    for (course, period), room in sorted(seen.items()):
        day, slot = divmod(period, problem.periods_per_day)
        place = Place(day + 1, slot + 1, problem.rooms[room].id)
        places[problem.courses[course].id].append(place)
    return places


def _match(
    before: Iterable[Place], after: Iterable[Place]
) -> list[tuple[Place | None, Place | None]]:
    """Pair the places that differ: as many pairs as can be, the nearest first."""
    left, come = sorted({*before} - {*after}), sorted({*after} - {*before})
    pairs: list[tuple[Place | None, Place | None]] = []
    for alike in (2, 1, 0):  # day and period, day alone, nothing
        for place in [*left]:
            other = next((x for x in come if x[:alike] == place[:alike]), None)
            if other is not None:
                left.remove(place)
                come.remove(other)
                pairs.append((place, other))
    pairs += [(place, None) for place in left]
    pairs.sort(key=lambda pair: pair[0] or ())
    return pairs + [(None, place) for place in come]


def _concerned(
    changed: Counter[str], places: dict[str, list[Place]], groups: list[dict[str, set[str]]]
) -> tuple[Concerned, ...]:
    """Groups of courses, of either instance, by how many of their lectures changed."""
    found = []
    for name in {*groups[0], *groups[1]}:
        members = groups[0].get(name, set()) | groups[1].get(name, set())
        number = sum(changed[course] for course in members)
        if number:
            held = sum(len(places.get(course, ())) for course in members)
            found.append(Concerned(name, number, held))
    return tuple(sorted(found, key=lambda x: (-x.changed, x.name)))


def _teachers(problem: Problem) -> dict[str, set[str]]:
    courses: dict[str, set[str]] = defaultdict(set)
    for course in problem.courses:
        courses[course.teacher].add(course.id)
    return courses


def _curricula(problem: Problem) -> dict[str, set[str]]:
    return {q.id: {problem.courses[c].id for c in q.courses} for q in problem.curricula}
