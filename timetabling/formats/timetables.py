"""Timetables, whatever their format: of a problem, or made before it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from timetabling.formats import lectures, solution
from timetabling.formats.text import Report
from timetabling.problem import Lecture, Problem, Timetable

__all__ = ["read_before", "read_solution"]

Read = Callable[[Path, Problem, Report], Iterator[tuple[int, Lecture | None, list[str]]]]
"""Gives each line with its lecture, or None and what the problem does not have of it; a line that
can be no lecture's is reported."""

_READERS: Mapping[str, Read] = MappingProxyType(
    {".csv": lectures.read_csv, ".xlsx": lectures.read_workbook}
)


def read_solution(path: Path, problem: Problem) -> Timetable:
    """Read a timetable of the problem: a table (.csv, .xlsx), or else in the format of ITC-2007.

    Lectures may be missing, all of them even, or too many: that is for `penalties` to count.

    Raises
    ------
    InputError
        If the file does not follow its format, or names what the problem has not.
    OSError
        If reading fails half-way.
    """
    report = Report(path)
    found = []
    for number, lecture, problems in _read(path, problem, report):
        if lecture is None:
            report.add(number, "; ".join(problems))
        else:
            found.append(lecture)
    report.check()
    return Timetable(problem, tuple(found))


def read_before(path: Path, problem: Problem) -> tuple[tuple[Lecture, ...], tuple[str, ...]]:
    """Read a timetable that was made for the problem before it changed, as `read_solution` does.

    Returns
    -------
    lectures, gone
        Those that the problem still knows, a course once a period; and a line of words for each
        other: its course, room, day or period is gone, or its course was held then already.

    Raises
    ------
    InputError
        If the file does not follow its format: days and periods are numbers in any case.
    OSError
        If reading fails half-way.
    """
    report = Report(path)
    kept: dict[tuple[int, int], Lecture] = {}
    gone = []
    for number, lecture, problems in _read(path, problem, report):
        if lecture is None:
            gone.append(f"{path.name}:{number}: {'; '.join(problems)}")
        elif lecture[:2] in kept:
            gone.append(f"{path.name}:{number}: the course is held then already")
        else:
            kept[lecture[:2]] = lecture
    report.check()
    return tuple(kept.values()), tuple(gone)


def _read(
    path: Path, problem: Problem, report: Report
) -> Iterator[tuple[int, Lecture | None, list[str]]]:
    return _READERS.get(path.suffix.lower(), solution.read)(path, problem, report)
