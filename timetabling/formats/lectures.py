"""A timetable as people keep it: a table with a row a lecture, in a CSV file or a workbook.

Four columns are read, `course`, `day`, `period` and `room`; all others are for people. Days and
periods are counted from 1.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from timetabling.formats.cells import guarded, unguarded
from timetabling.formats.sheets import Odd
from timetabling.formats.spelling import Spelling
from timetabling.formats.text import (
    InputError,
    Report,
    quote,
    read_lines,
    whole_number,
    write_text,
)
from timetabling.formats.xlsx import read_sheets
from timetabling.problem import Lecture, Problem, Timetable

__all__ = ["NEEDED", "SHEET", "read_csv", "read_workbook", "write_csv"]

NEEDED = ("course", "day", "period", "room")
"""The columns that say where a lecture is."""

SHEET = "Timetable"
"""The sheet of a workbook that is read."""

Cells = Iterable[tuple[int, Sequence[str]]]
"""Rows with their numbers, the first is 1."""

Lectures = Iterator[tuple[int, Lecture | None, list[str]]]
"""Rows with their lectures, or with what the problem does not have of them."""


def read_csv(path: Path, problem: Problem, report: Report) -> Lectures:
    """Read a timetable from a CSV file; cells are apart by a comma, a semicolon or a tab.

    Gives each row with its lecture, or None and what the problem does not have of it. A row that
    is too short, or whose day or period is no number from 1, is reported.

    Raises
    ------
    InputError
        If it is no such file, or a column is missing.
    OSError
        If reading fails half-way.
    """
    return _read(_rows_of_csv(path), problem, report)


def read_workbook(path: Path, problem: Problem, report: Report) -> Lectures:
    """Read a timetable from the sheet `SHEET` of an Excel workbook, as `read_csv` does.

    Raises
    ------
    InputError
        If it is no workbook or has no such sheet, or a column is missing.
    """
    return _read(_rows_of_workbook(path), problem, report)


def write_csv(timetable: Timetable, path: Path) -> None:
    """Write the four columns that are read, in the lectures' order, in one step.

    Raises
    ------
    OSError
        If the file cannot be written; what was there stays.
    """
    problem, text = timetable.problem, io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NEEDED)
    for lecture in timetable.lectures:
        day, slot = divmod(lecture.period, problem.periods_per_day)
        course, room = problem.courses[lecture.course].id, problem.rooms[lecture.room].id
        writer.writerow([guarded(course), day + 1, slot + 1, guarded(room)])
    write_text(path, text.getvalue())


def _rows_of_csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    lines = read_lines(path)
    header = lines[0] if lines else ""
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"{path}:{number}: expected cells as in a CSV file, got one that does not end "
                f"well: {error}"
            ) from None
        if row is None:
            return
        yield number, [unguarded(cell) for cell in row]


def _rows_of_workbook(path: Path) -> Iterator[tuple[int, list[str]]]:
    seen, hidden = read_sheets(path)
    sheet = next((sheet for sheet in (*seen, *hidden) if sheet.title == SHEET), None)
    if sheet is None:
        there = ", ".join(quote(sheet.title) for sheet in seen)
        raise InputError(f"{path}: expected a sheet {SHEET!r}, got {there}")
    for number, row in sheet.rows:
        yield number, [f"({cell.what})" if isinstance(cell, Odd) else cell for cell in row]


def _read(rows: Cells, problem: Problem, report: Report) -> Lectures:
    filled = ((number, row) for number, row in rows if any(cell.strip() for cell in row))
    number, header = next(filled, (1, []))
    place = _columns(number, header, report)
    report.check()
    courses = {course.id: c for c, course in enumerate(problem.courses)}
    rooms = {room.id: r for r, room in enumerate(problem.rooms)}
    of_courses, of_rooms = Spelling(courses), Spelling(rooms)
    for number, row in filled:
        if len(row) <= max(place.values()):
            report.add(number, f"expected {len(header)} cells as in the first row, got {len(row)}")
            continue
        cell = {name: row[column] for name, column in place.items()}
        problems: list[str] = []
        course = _index("course", cell["course"], courses, of_courses, problems)
        room = _index("room", cell["room"], rooms, of_rooms, problems)
        day = _counted("day", cell["day"].strip(), problem.num_days, problems)
        slot = _counted("period", cell["period"].strip(), problem.periods_per_day, problems)
        if day is None or slot is None:
            report.add(number, "; ".join(problems))
        elif problems:
            yield number, None, problems
        else:
            yield number, Lecture(course, day * problem.periods_per_day + slot, room), []


def _columns(number: int, header: Sequence[str], report: Report) -> Mapping[str, int]:
    """Where the columns are that say where a lecture is."""
    names = [name.strip().lower() for name in header]
    spelling = Spelling(each for each in names if each not in NEEDED)
    place = {}
    for name in NEEDED:
        if names.count(name) == 1:
            place[name] = names.index(name)
            continue
        got = f"got {names.count(name)} of them" if name in names else "got none"
        near = "" if name in names else spelling.hint(name)
        report.add(number, f"expected a column {name!r} in the first row, {got}{near}")
    return place


def _index(
    what: str, name: str, known: Mapping[str, int], spelling: Spelling, problems: list[str]
) -> int:
    if name not in known:
        name = name.strip()
    if name not in known:
        near = spelling.hint(name)
        problems.append(f"{what}: expected one of the instance, got {quote(name)}{near}")
    return known.get(name, 0)


def _counted(what: str, word: str, size: int, problems: list[str]) -> int | None:
    """Turn a number counted from 1 into an index; None if it is no such number at all."""
    try:
        number = whole_number(word)
    except ValueError as error:
        problems.append(f"{what}: {error}")
        return None
    if not 1 <= number <= size:
        problems.append(f"{what}: expected 1 to {size}, got {word}")
    return number - 1 if number else None
