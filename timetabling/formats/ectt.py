"""The extended .ectt format (Bonutti et al. 2012): buildings, double lectures, room constraints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from timetabling.formats import ctt, sections
from timetabling.formats.outline import END
from timetabling.formats.text import check_word, write_text
from timetabling.problem import Problem

__all__ = ["GRAMMAR", "read", "write"]

GRAMMAR = sections.Grammar(
    other_headers={**ctt.GRAMMAR.other_headers, sections.DAILY_LECTURES: 2},
    counted_by={
        "COURSES": "Courses",
        "ROOMS": "Rooms",
        "CURRICULA": "Curricula",
        "UNAVAILABILITY_CONSTRAINTS": "UnavailabilityConstraints",
        "ROOM_CONSTRAINTS": "RoomConstraints",
    },
    course={**ctt.GRAMMAR.course, "wants_double_lectures": bool},
    room={**ctt.GRAMMAR.room, "building": str},
)


def read(path: Path) -> Problem:
    """Read an .ectt file.

    Raises
    ------
    InputError
        If the file does not follow the format, or is at odds with itself.
    OSError
        If reading fails half-way.
    """
    return sections.read(path, GRAMMAR)


def write(problem: Problem, path: Path) -> None:
    """Write an .ectt file that reads back as the same problem.

    Raises
    ------
    ValueError
        If the format cannot hold the problem: a name with a space, a room without a building,
        no daily lectures, pins, undesired times, weights of courses.
    OSError
        If the file cannot be written; what was there stays.
    """
    write_text(path, "\n".join([*_lines(problem), END, ""]))


def _lines(problem: Problem) -> Iterator[str]:
    for word in problem.name.split(" "):
        check_word("name of the problem", word)
    if problem.daily_lectures is None:
        raise ValueError("daily lectures: expected the fewest and the most, got None")
    if problem.pins:
        raise ValueError(f"pins: expected none, which .ectt cannot hold, got {len(problem.pins)}")
    for what, these in (
        ("undesired times", problem.undesired),
        ("weights of courses", problem.course_weights),
    ):
        if these:
            raise ValueError(f"{what}: expected none, which .ectt cannot hold, got {len(these)}")
    fewest, most = problem.daily_lectures
    yield f"Name: {problem.name}"
    yield f"Courses: {len(problem.courses)}"
    yield f"Rooms: {len(problem.rooms)}"
    yield f"Days: {problem.num_days}"
    yield f"Periods_per_day: {problem.periods_per_day}"
    yield f"Curricula: {len(problem.curricula)}"
    yield f"{sections.DAILY_LECTURES}: {fewest} {most}"
    yield f"UnavailabilityConstraints: {len(problem.unavailable)}"
    yield f"RoomConstraints: {len(problem.unsuitable)}"
    yield from ("", "COURSES:")
    for course in problem.courses:
        _check_id("course", course.id)
        check_word(f"course {course.id!r}: teacher", course.teacher)
        yield (
            f"{course.id} {course.teacher} {course.num_lectures} {course.min_working_days}"
            f" {course.num_students} {int(course.wants_double_lectures)}"
        )
    yield from ("", "ROOMS:")
    for room in problem.rooms:
        _check_id("room", room.id)
        check_word(f"room {room.id!r}: building", room.building)
        yield f"{room.id} {room.capacity} {room.building}"
    yield from ("", "CURRICULA:")
    for curriculum in problem.curricula:
        _check_id("curriculum", curriculum.id)
        members = [problem.courses[c].id for c in curriculum.courses]
        yield " ".join([curriculum.id, str(len(members)), *members])
    yield from ("", "UNAVAILABILITY_CONSTRAINTS:")
    for c, period in sorted(problem.unavailable):
        day, slot = divmod(period, problem.periods_per_day)
        yield f"{problem.courses[c].id} {day} {slot}"
    yield from ("", "ROOM_CONSTRAINTS:")
    for c, r in sorted(problem.unsuitable):
        yield f"{problem.courses[c].id} {problem.rooms[r].id}"
    yield ""


def _check_id(what: str, name: str) -> None:
    check_word(what, name)
    if name == END or name.endswith(":"):
        raise ValueError(f"{what}: expected a name other than {END} and without ':' at its end")
