"""Files in and out: instances (.ctt, .ectt) and timetables, one file a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from timetabling.formats import ctt, ectt, lectures, solution
from timetabling.formats.text import InputError, check_file
from timetabling.problem import Problem, Timetable

__all__ = ["InputError", "check_names", "read_problem", "read_solution", "write_solution"]

_READERS: Mapping[str, Callable[[Path], Problem]] = MappingProxyType(
    {".ctt": ctt.read, ".ectt": ectt.read}
)
_TIMETABLE_READERS: Mapping[str, Callable[[Path, Problem], Timetable]] = MappingProxyType(
    {".csv": lectures.read_csv, ".xlsx": lectures.read_workbook}
)


def read_problem(path: Path) -> Problem:
    """Read an instance, in the format that the suffix of its name says.

    Raises
    ------
    InputError
        If the format is not known, or the file does not follow it; it names every problem.
    OSError
        If reading fails half-way.
    """
    check_file(path)  # a missing file or a directory is the plainer complaint
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        known = " or ".join(_READERS)
        raise InputError(f"{path}: expected a name that ends in {known}, got {path.suffix!r}")
    return reader(path)


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
    return _TIMETABLE_READERS.get(path.suffix.lower(), solution.read_solution)(path, problem)


def write_solution(timetable: Timetable, path: Path) -> None:
    """Write a timetable in one step: as a table (.csv), or else in the format of ITC-2007.

    Raises
    ------
    ValueError
        If the format cannot hold the name of a course or room, because of a space.
    OSError
        If the file cannot be written; what was there stays.
    """
    write = lectures.write_csv if path.suffix.lower() == ".csv" else solution.write_solution
    write(timetable, path)


def check_names(path: Path, problem: Problem) -> None:
    """Check that `write_solution` can write such a file, and put the names of a problem into it.

    Raises
    ------
    ValueError
        If it cannot: a workbook is for `timetabling.exports`, and some formats hold no space.
    """
    if path.suffix.lower() == ".xlsx":
        raise ValueError("expected a name that ends in .sol or .csv, got '.xlsx'")
    if path.suffix.lower() != ".csv":
        solution.check_names(problem)
