"""Files in and out: instances (.ctt, .ectt) and solutions, one file a format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from timetabling.formats import ctt, ectt
from timetabling.formats.solution import read_before, read_pins, read_solution, write_solution
from timetabling.formats.text import InputError, check_file
from timetabling.problem import Problem

__all__ = [
    "InputError",
    "read_before",
    "read_pins",
    "read_problem",
    "read_solution",
    "write_solution",
]

_READERS: Mapping[str, Callable[[Path], Problem]] = MappingProxyType(
    {".ctt": ctt.read, ".ectt": ectt.read}
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
