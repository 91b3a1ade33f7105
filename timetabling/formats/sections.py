"""What reading .ctt and .ectt has in common.

A thing that is wrong is reported where it stands, and reading goes on, so that one error names
all problems of the file; what only follows from a missing section or a bad header is not named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from timetabling.formats.outline import Outline
from timetabling.formats.spelling import Spelling
from timetabling.formats.text import InputError, Report, quote, read_lines, whole_number
from timetabling.problem import (
    MAX_DAYS,
    MAX_LECTURES,
    MAX_PERIODS_PER_DAY,
    Course,
    Curriculum,
    Problem,
    Room,
)

__all__ = ["DAILY_LECTURES", "Columns", "Grammar", "read"]

DAILY_LECTURES = "Min_Max_Daily_Lectures"

Columns = Mapping[str, type]
T = TypeVar("T")

_UNAVAILABLE: Columns = {"course": str, "day": int, "period": int}
_LIMITS = {
    "Days": (1, MAX_DAYS),
    "Periods_per_day": (1, MAX_PERIODS_PER_DAY),
    "Courses": (1, None),
    "Rooms": (1, None),
    DAILY_LECTURES: (0, MAX_LECTURES),
}
_UNSUITABLE: Columns = {"course": str, "room": str}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """What differs from format to format.

    Parameters
    ----------
    other_headers
        Headers beside ``Name`` and those of `counted_by`, and how many numbers each holds.
    counted_by
        The sections, and of each the header that says how many lines it has.
    course, room
        The words of a line in COURSES and ROOMS, by field of `Course` and `Room`, and their types.
    """

    other_headers: Mapping[str, int]
    counted_by: Mapping[str, str]
    course: Columns
    room: Columns


def read(path: Path, grammar: Grammar) -> Problem:
    """Read an instance in the given grammar.

    Raises
    ------
    InputError
        If the file does not follow the grammar, or is at odds with itself.
    OSError
        If reading fails half-way.
    """
    lines = read_lines(path)
    if not lines:
        raise InputError(f"{path}:1: expected a header Name:, got an empty file")
    report = Report(path)
    num_numbers = {**grammar.other_headers, **dict.fromkeys(grammar.counted_by.values(), 1)}
    outline = Outline(lines, ["Name", *num_numbers], grammar.counted_by, report)
    numbers = _read_headers(outline, num_numbers, report)
    _check_counts(outline, grammar, numbers, report)
    # With the widest value for a header that is wrong the rest can still be checked.
    (num_days,) = numbers.get("Days", [MAX_DAYS])
    (periods_per_day,) = numbers.get("Periods_per_day", [MAX_PERIODS_PER_DAY])
    courses = _Names(outline, "COURSES", report)
    rooms = _Names(outline, "ROOMS", report)
    _Names(outline, "CURRICULA", report)

    def curriculum(words: list[str]) -> Curriculum:
        if len(words) < 2:
            raise ValueError("expected a name, a number and that many courses, got one word")
        name, num_courses, *members = words
        expected = whole_number(num_courses)
        if expected != len(members):
            raise ValueError(
                f"curriculum {quote(name)}: expected {expected} courses, got {len(members)}"
            )
        for member, times in Counter(members).items():
            if times > 1:
                raise ValueError(f"curriculum {quote(name)}: got course {quote(member)} twice")
        return Curriculum(id=name, courses=courses.find(members))

    def unavailable(course: str, day: int, period: int) -> tuple[int, int]:
        if day >= num_days or period >= periods_per_day:
            last = f"{num_days - 1} {periods_per_day - 1}"
            raise ValueError(f"expected day and period up to {last}, got {day} {period}")
        return courses.find([course])[0], day * periods_per_day + period

    def unsuitable(course: str, room: str) -> tuple[int, int]:
        return courses.find([course])[0], rooms.find([room])[0]

    def parse(section: str, parser: Callable[[list[str]], T]) -> Iterator[T]:
        for line in outline.rows(section):
            try:
                yield parser(line.words)
            except ValueError as error:
                report.add(line.number, str(error))

    def table(section: str, columns: Columns, kind: Callable[..., T]) -> Iterator[T]:
        return parse(section, lambda words: kind(**_fields(words, columns)))

    all_courses = tuple(table("COURSES", grammar.course, Course))
    all_rooms = tuple(table("ROOMS", grammar.room, Room))
    all_curricula = tuple(parse("CURRICULA", curriculum))
    all_unavailable = frozenset(table("UNAVAILABILITY_CONSTRAINTS", _UNAVAILABLE, unavailable))
    all_unsuitable = frozenset(table("ROOM_CONSTRAINTS", _UNSUITABLE, unsuitable))
    report.check()
    fewest, most = numbers.get(DAILY_LECTURES, (None, None))
    return Problem(
        name=" ".join(outline.headers["Name"].words[1:]),
        num_days=num_days,
        periods_per_day=periods_per_day,
        courses=all_courses,
        rooms=all_rooms,
        curricula=all_curricula,
        unavailable=all_unavailable,
        unsuitable=all_unsuitable,
        daily_lectures=None if fewest is None or most is None else (fewest, most),
    )


class _Names:
    """The names that the lines of a section begin with, and their places in it."""

    def __init__(self, outline: Outline, section: str, report: Report) -> None:
        self._section = section
        self._is_missing = section not in outline
        self._places: dict[str, int] = {}
        for place, (number, words) in enumerate(outline.rows(section)):
            name = words[0]
            if name.endswith(":"):
                report.add(number, f"expected a name that does not end in ':', got {quote(name)}")
            if self._places.setdefault(name, place) != place:
                report.add(number, f"expected each name in {section} once, got {quote(name)} again")
        self._spelling = Spelling(self._places)

    def find(self, names: list[str]) -> tuple[int, ...]:
        """Look up the places of some names; in a missing section, any place will do."""
        if self._is_missing:
            return tuple(range(len(names)))
        unknown = [quote(name) for name in names if name not in self._places]
        if unknown:
            shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
            hint = self._spelling.hint(next(name for name in names if name not in self._places))
            raise ValueError(f"expected names defined in {self._section}, got {shown}{hint}")
        return tuple(self._places[name] for name in names)


def _read_headers(
    outline: Outline, num_numbers: Mapping[str, int], report: Report
) -> dict[str, list[int]]:
    """Numbers of the headers that are there and right."""
    numbers = {}
    for name, count in num_numbers.items():
        if name in outline.headers:
            number, (_, *words) = outline.headers[name]
            try:
                numbers[name] = _header_numbers(name, words, count)
            except ValueError as error:
                report.add(number, f"{name}: {error}")
    if "Name" in outline.headers and len(outline.headers["Name"].words) < 2:
        report.add(outline.headers["Name"].number, "Name: expected a name, got none")
    return numbers


def _header_numbers(name: str, words: list[str], count: int) -> list[int]:
    if len(words) != count:
        raise ValueError(f"expected {count} words after it, got {len(words)}")
    numbers = [whole_number(word) for word in words]
    low, high = _LIMITS.get(name, (0, None))
    for number in numbers:
        if number < low:
            raise ValueError(f"expected at least {low}, got {number}")
        if high is not None and number > high:
            raise ValueError(f"expected at most {high}, got {number}")
    if numbers != sorted(numbers):
        raise ValueError(f"expected the smaller number first, got {' '.join(words)}")
    return numbers


def _check_counts(
    outline: Outline, grammar: Grammar, numbers: Mapping[str, list[int]], report: Report
) -> None:
    for section, header in grammar.counted_by.items():
        if header in numbers and section in outline:
            expected, got = numbers[header][0], sum(1 for _ in outline.rows(section))
            if got != expected:
                report.add(
                    outline.headers[header].number,
                    f"{header}: expected {expected} lines in section {section}, got {got}",
                )


def _fields(words: list[str], columns: Columns) -> dict[str, Any]:
    if len(words) != len(columns):
        raise ValueError(f"expected {len(columns)} words ({' '.join(columns)}), got {len(words)}")
    fields: dict[str, Any] = {}
    problems = []
    for (column, kind), word in zip(columns.items(), words, strict=True):
        try:
            fields[column] = _PARSERS[kind](word)
        except ValueError as error:
            problems.append(f"{column}: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    return fields


def _yes_or_no(word: str) -> bool:
    if word not in ("0", "1"):
        raise ValueError(f"expected 0 or 1, got {quote(word)}")
    return word == "1"


_PARSERS: Mapping[type, Callable[[str], Any]] = {str: str, int: whole_number, bool: _yes_or_no}
