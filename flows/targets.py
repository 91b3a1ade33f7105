"""Files that a run is to write."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["check_output", "check_place", "check_solution"]


def check_output(output: Path, instance: Path, *others: Path) -> Path:
    """Refuse early what could not be written at the end, or would overwrite another file.

    Raises
    ------
    ValueError
        Says which file, and what is expected in its place.
    """
    if output.is_dir():
        raise ValueError(f"{output}: expected a file to write to, got a folder")
    check_place(output)
    if _is_same(output, instance):
        raise ValueError(f"{output}: expected a new file, got the instance itself")
    if output.suffix.lower() == ".csv" and _is_same(output.absolute().parent, instance):
        # It would be read as one of the instance's tables from then on.
        raise ValueError(f"{output}: expected another folder for a .csv file than the instance's")
    for other in others:
        if _is_same(output, other):
            raise ValueError(f"{output}: expected another file for the curve than for a timetable")
    return output


def check_solution(output: Path, instance: Path) -> Path:
    """Refuse early a timetable's file as `check_output` does, and one that runs do not write.

    Raises
    ------
    ValueError
        Says what is expected in its place.
    """
    if output.suffix.lower() == ".xlsx":
        raise ValueError(
            f"{output}: expected a name that ends in .sol or .csv; horarium export writes workbooks"
        )
    return check_output(output, instance)


def check_place(output: Path) -> None:
    """Refuse early a file or folder whose own folder is not there, or cannot be written to.

    Raises
    ------
    ValueError
        Says which.
    """
    folder = output.absolute().parent
    if not folder.is_dir():
        raise ValueError(f"{output}: expected an existing folder, got {output.parent}")
    if not os.access(folder, os.W_OK):
        raise ValueError(f"{output}: expected a folder that can be written to, got {output.parent}")


def _is_same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute() or (
        one.exists() and other.exists() and one.samefile(other)
    )
