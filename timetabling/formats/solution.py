"""The solution format of ITC-2007, track 3: ``course room day period``, one line a lecture.

Names of the competition are single words. Those of tables may have spaces: they are put between
double quotes, and a quote in such a name is doubled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from timetabling.formats.text import (
    InputError,
    Report,
    is_plain,
    quote,
    read_lines,
    whole_number,
    write_text,
)
from timetabling.problem import Lecture, Pin, Problem, Timetable

__all__ = ["read", "read_pins", "solution_text", "write_solution"]

ANY = "-"


def read(
    path: Path, problem: Problem, report: Report
) -> Iterator[tuple[int, Lecture | None, list[str]]]:
    """Read each line with its lecture, or None and what the problem does not have of it.

    A line without four words, of which the last two are numbers, is reported.

    Raises
    ------
    InputError
        If the file cannot be read, or has too many lines to report.
    OSError
        If reading fails half-way.
    """
    names = _Names(problem)
    for number, (course, room, day, slot) in _words(path, report):
        problems = [names.unknown("course", course)] * (course not in names.courses)
        problems += [names.unknown("room", room)] * (room not in names.rooms)
        wrong_times, are_numbers = names.wrong_times(day, slot)
        problems += wrong_times
        if not are_numbers:
            report.add(number, "; ".join(problems))
        elif problems:
            yield number, None, problems
        else:
            place = names.courses[course], names.period(day, slot), names.rooms[room]
            yield number, Lecture(*place), []


def solution_text(timetable: Timetable) -> str:
    """A timetable in this format, sorted by course and period.

    Raises
    ------
    ValueError
        If a name cannot be on one line.
    """
    problem = timetable.problem
    courses = [_word("course", course.id) for course in problem.courses]
    rooms = [_word("room", room.id) for room in problem.rooms]
    lines = []
    # Rooms are left as they come: of a course twice at one period, the first one counts.
    for lecture in sorted(timetable.lectures, key=lambda x: (x.course, x.period)):
        day, slot = divmod(lecture.period, problem.periods_per_day)
        lines.append(f"{courses[lecture.course]} {rooms[lecture.room]} {day} {slot}\n")
    return "".join(lines)


def read_pins(path: Path, problem: Problem) -> frozenset[Pin]:
    """Read places that lectures must keep: as in a solution, with ``-`` for what is left open.

    Day and period are both given or both left open; with neither, all lectures of the course are
    held in the room.

    Raises
    ------
    InputError
        If a line is not of that form, names what the problem has not, or clashes with another.
    OSError
        If reading fails half-way.
    """
    report = Report(path)
    names = _Names(problem)
    pins = set()
    for number, words in _words(path, report):
        course, room, day, slot = words
        problems = [names.unknown("course", course)] * (course not in names.courses)
        if room != ANY and room not in names.rooms:
            problems.append(names.unknown("room", room))
        if (day == ANY) != (slot == ANY):
            problems.append(f"expected a day and a period, or {ANY} for both, got {day} {slot}")
        elif day == ANY == room:
            problems.append("expected a room, or a day and a period, got neither")
        elif day != ANY:
            problems += names.wrong_times(day, slot)[0]
        if problems:
            report.add(number, "; ".join(problems))
            continue
        period = None if day == ANY else names.period(day, slot)
        pins.add(Pin(names.courses[course], period, names.rooms.get(room)))
    report.check()
    try:
        replace(problem, pins=problem.pins | pins)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    return frozenset(pins)


def write_solution(timetable: Timetable, path: Path) -> None:
    """Write a timetable, sorted by course and period, in one step.

    Raises
    ------
    ValueError
        If the name of a course or room would not read back, because of a line end or the like.
    OSError
        If the file cannot be written; what was there stays.
    """
    write_text(path, solution_text(timetable))


_WORDS = re.compile(r'"(?:[^"]|"")*"(?!\S)|\S+')


def _name(word: str) -> str:
    is_quoted = len(word) > 1 and word[0] == word[-1] == '"'
    return word[1:-1].replace('""', '"') if is_quoted else word


def _word(what: str, name: str) -> str:
    if not is_plain(name):
        raise ValueError(f"{what}: expected a name on one line, of plain characters, got {name!r}")
    if name.split() == [name] and not name.startswith('"'):
        return name
    return '"' + name.replace('"', '""') + '"'


class _Names:
    """What the words of a line stand for."""

    def __init__(self, problem: Problem) -> None:
        self.courses = {course.id: c for c, course in enumerate(problem.courses)}
        self.rooms = {room.id: r for r, room in enumerate(problem.rooms)}
        self.sizes = (problem.num_days, problem.periods_per_day)

    def unknown(self, what: str, word: str) -> str:
        return f"{what}: expected one of the instance, got {quote(word)}"

    def wrong_times(self, *when: str) -> tuple[list[str], bool]:
        """Complaints about a day and a period, and whether each is a number at least."""
        problems, are_numbers = [], True
        for what, word, size in zip(("day", "period"), when, self.sizes, strict=True):
            try:
                if whole_number(word) >= size:
                    problems.append(f"{what}: expected 0 to {size - 1}, got {word}")
            except ValueError as error:
                problems.append(f"{what}: {error}")
                are_numbers = False
        return problems, are_numbers

    def period(self, day: str, slot: str) -> int:
        return int(day) * self.sizes[1] + int(slot)


def _words(path: Path, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Each line that is not blank and has four words, with its number."""
    for number, line in enumerate(read_lines(path), 1):
        words = [_name(word) for word in _WORDS.findall(line)]
        if len(words) == 4:
            yield number, words
        elif words:
            report.add(number, f"expected 4 words (course room day period), got {len(words)}")
