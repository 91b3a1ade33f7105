"""Files in and out: instances and timetables, one file a format."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from timetabling.formats import csv_folder, ctt, ectt, fet, lectures, solution, workbook
from timetabling.formats.solution import read_pins
from timetabling.formats.text import InputError, check_file
from timetabling.formats.timetables import read_before, read_solution
from timetabling.problem import Problem, Timetable

__all__ = [
    "InputError",
    "read_before",
    "read_pins",
    "read_problem",
    "read_solution",
    "write_problem",
    "write_solution",
]

_READERS: Mapping[str, Callable[[Path], Problem]] = MappingProxyType(
    {".ctt": ctt.read, ".ectt": ectt.read, ".xlsx": workbook.read}
)
_WRITERS: Mapping[str, Callable[[Problem, Path], None]] = MappingProxyType(
    {"": csv_folder.write, ".ectt": ectt.write, ".xlsx": workbook.write}
)


def _warn(left_out: str) -> None:
    warnings.warn(left_out, stacklevel=3)


def read_problem(path: Path, *, tell: Callable[[str], object] = _warn) -> Problem:
    """Read an instance, in the format that the suffix of its name says; a folder is one of tables.

    Parameters
    ----------
    tell
        Called with each thing in the file that a problem cannot hold, and that was left out or
        changed: only a .fet file has such. Without it, Python's warnings tell.

    Raises
    ------
    InputError
        If the format is not known, or the file does not follow it; it names every problem.
    OSError
        If reading fails half-way.
    """
    suffix = path.suffix.lower()
    if _is_folder(path) and suffix not in _READERS:
        return csv_folder.read(path)
    check_file(path)  # a missing file is the plainer complaint
    if suffix == ".fet":
        return fet.read(path, tell)
    if suffix not in _READERS:
        known = ", ".join((*_READERS, ".fet"))
        raise InputError(
            f"{path}: expected a folder of .csv files, or a name that ends in {known}, "
            f"got {path.suffix!r}"
        )
    return _READERS[suffix](path)


def write_solution(timetable: Timetable, path: Path) -> None:
    """Write a timetable in one step: as a table (.csv), or else in the format of ITC-2007.

    Raises
    ------
    ValueError
        If a name cannot be on one line.
    OSError
        If the file cannot be written; what was there stays.
    """
    write = lectures.write_csv if path.suffix.lower() == ".csv" else solution.write_solution
    write(timetable, path)


def write_problem(problem: Problem, path: Path) -> None:
    """Write an instance that reads back as the same: .ectt, .xlsx, or, without a suffix, a folder.

    Raises
    ------
    ValueError
        If the format is not known, or cannot hold the problem.
    OSError
        If it cannot be written; what was there stays.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ValueError(
            f"{path}: expected a name that ends in .ectt or .xlsx, or a folder's, without one, "
            f"got {path.suffix!r}"
        )
    writer(problem, path)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
