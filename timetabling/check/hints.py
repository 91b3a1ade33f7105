"""What is likely to go wrong, or to be a slip of whoever wrote the data."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from timetabling.check.finding import Finding
from timetabling.check.openings import Openings, groups_of_teachers
from timetabling.check.words import count, names, pairs_of, when
from timetabling.problem import Problem

__all__ = ["similar_names", "tight", "unused"]

TIGHT_PERIODS = 2
"""Periods left over at most, for a teacher or a curriculum to be called tight."""
_LONG_NAME = 6
"""Letters from which on one of them may be a slip: Rossi and Rosso are two."""


def similar_names(problem: Problem) -> Iterator[Finding]:
    """Teachers whose names differ so little that they may be one: clashes are missed then."""
    groups = groups_of_teachers(problem)
    for alike in _alike(groups):
        yield Finding(
            rule="similar_names",
            message=f"teachers {' and '.join(repr(name) for name in alike)} have almost the same "
            "name: if they are one person, courses that clash are not kept apart",
            repair="if they are one person, write the name in one way",
            needed=1,
            available=len(alike),
            teachers=alike,
            courses=tuple(problem.courses[c].id for name in alike for c in groups[name]),
        )


def tight(week: Openings) -> Iterator[Finding]:
    """Teachers, curricula and periods with next to nothing left over."""
    for teacher, courses in groups_of_teachers(week.problem).items():
        yield from _tight(week, courses, f"teacher {teacher}", teachers=(teacher,))
    for curriculum in week.problem.curricula:
        who = f"curriculum {curriculum.id}"
        yield from _tight(week, curriculum.courses, who, curricula=(curriculum.id,))
    yield from _crowded(week)


def unused(week: Openings) -> Iterator[Finding]:
    """What is there twice, or for nothing."""
    problem = week.problem
    lectures = [course.num_lectures for course in problem.courses]
    of_courses: defaultdict[frozenset[int], list[str]] = defaultdict(list)
    for curriculum in problem.curricula:
        held = frozenset(c for c in curriculum.courses if lectures[c])
        of_courses[held].append(curriculum.id)
    empty = of_courses.pop(frozenset(), [])
    for courses, ids in of_courses.items():
        if len(ids) > 1:
            yield Finding(
                rule="same_curriculum",
                message=f"curricula {names(ids)} have the same courses: "
                "what one costs is counted for each",
                repair="keep one of them, unless it should count more than others",
                needed=1,
                available=len(ids),
                courses=week.names(sorted(courses)),
                curricula=tuple(ids),
            )
    for name in empty:
        yield Finding(
            rule="empty_curriculum",
            message=f"curriculum {name} has no lectures",
            repair="add its courses, or leave it out",
            needed=1,
            available=0,
            curricula=(name,),
        )
    for course in problem.courses:
        if not course.num_lectures:
            yield Finding(
                rule="course_without_lectures",
                message=f"course {course.id} has no lectures",
                repair="give their number, or leave it out",
                needed=1,
                available=0,
                courses=(course.id,),
            )
    usable = 0
    for c, rooms in enumerate(week.rooms):
        usable |= rooms if lectures[c] else 0
    for r, room in enumerate(problem.rooms):
        if not usable >> r & 1:
            yield Finding(
                rule="unused_room",
                message=f"room {room.id} is open to no course",
                repair="make it suitable for some course, or leave it out",
                needed=1,
                available=0,
                rooms=(room.id,),
            )


def _tight(
    week: Openings,
    courses: Iterable[int],
    who: str,
    *,
    teachers: tuple[str, ...] = (),
    curricula: tuple[str, ...] = (),
) -> Iterator[Finding]:
    members = [c for c in courses if week.left[c]]
    free = week.union(members)
    needed, available = week.lectures(members), free.bit_count()
    if not members or not 0 <= available - needed <= TIGHT_PERIODS:
        return
    per_day = week.problem.periods_per_day
    spare = count(available - needed, "period") if available > needed else "none"
    yield Finding(
        rule="tight_teacher" if teachers else "tight_curriculum",
        message=f"{who}: {count(needed, 'lecture')} in {count(available, 'period')} "
        f"({when(free, per_day)}), {spare} to spare",
        repair="free more periods, so that a search has a choice",
        needed=needed,
        available=available,
        courses=week.names(members),
        teachers=teachers,
        curricula=curricula,
        periods=pairs_of(free, per_day),
    )


def _crowded(week: Openings) -> Iterator[Finding]:
    """Periods that would have more lectures than rooms, if each course were spread evenly."""
    problem = week.problem
    expected = [0.0] * problem.num_periods
    for c, left in enumerate(week.left):
        open_at = week.free[c].bit_count()
        for period in range(problem.num_periods) if open_at else ():
            if week.free[c] >> period & 1:
                expected[period] += left / open_at
    for _, period in week.pinned:
        expected[period] += 1
    rooms = len(problem.rooms)
    crowded = sum(1 << period for period, number in enumerate(expected) if number > rooms + 0.5)
    if crowded:
        per_day = problem.periods_per_day
        yield Finding(
            rule="crowded_periods",
            message=f"{when(crowded, per_day)}: up to {max(expected):.0f} lectures a period are "
            f"to be expected from when courses are available, for {count(rooms, 'room')}",
            repair="free other periods for some of the courses, or add rooms",
            needed=round(max(expected)),
            available=rooms,
            periods=pairs_of(crowded, per_day),
        )


def _alike(all_names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Names that are one but for case, spaces, marks and the order of words, or for one letter."""
    of_key: defaultdict[str, list[str]] = defaultdict(list)
    for name in all_names:
        of_key[_key(name)].append(name)
    near: defaultdict[str, list[str]] = defaultdict(list)  # by the name without one letter
    for key, same in of_key.items():
        if len(same) > 1:
            yield tuple(same)
        if len(key) >= _LONG_NAME and not any(letter.isdigit() for letter in key):
            for i in range(len(key)):
                near[f"{key[:i]}_{key[i + 1 :]}"].append(key)
            for i in range(len(key) + 1):  # a letter that one of them has and another has not
                near[f"{key[:i]}_{key[i:]}"].append(key)
    pairs = {
        tuple(sorted({*keys}))
        for keys in near.values()
        if len({*keys}) > 1 and len({word.count(" ") for word in keys}) == 1
    }
    for keys in sorted(pairs):
        yield tuple(of_key[key][0] for key in keys)


def _key(name: str) -> str:
    """The words of a name in small letters without marks, in the order of the alphabet."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    words = re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return " ".join(sorted(words))
