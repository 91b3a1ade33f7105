"""The data folder: where instances are found by name, and where a job leaves what it made."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from timetabling.formats import check_names
from timetabling.problem import Problem
from tracking.job_files import folder_of

__all__ = ["CURVE", "PAGE", "SOLUTION", "TABLE", "find_instance", "holding_names", "job_folder"]

SOLUTION, TABLE, PAGE, CURVE = "timetable.sol", "timetable.csv", "timetable.html", "curve.csv"
"""Files of a job, beside `tracking.job_files.DOCUMENT` and its certificate."""


def find_instance(instance: Path, data_folder: Path) -> Path:
    """Find an instance's file.

    Parameters
    ----------
    instance
        A path; or a bare name, of a file in the data folder's ``instances``.

    Raises
    ------
    ValueError
        If there is none of that name, or it leads out of the folder.
    """
    if len(instance.parts) > 1:
        return instance
    folder = data_folder / "instances"
    with suppress(OSError, ValueError):  # no name that a file could have
        file = (folder / instance).resolve()
        if file.parent == folder.resolve() and file.is_file():
            return file
    raise ValueError(
        f"instance: expected a path, or the name of a file in {folder}, got {str(instance)!r}"
    )


def job_folder(job_id: str, data_folder: Path) -> Path:
    """The folder of a job's files; it is made.

    Raises
    ------
    ValueError
        If the job's id is ``.`` or ``..``, which are other folders' names.
    OSError
        If it cannot be made.
    """
    folder = folder_of(data_folder, job_id)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def holding_names(output: Path, problem: Problem, *, is_ours: bool) -> Path:
    """Choose a file for a timetable that can hold the names of its problem.

    Parameters
    ----------
    is_ours
        Whether it is in a job's folder: then it may be the table in place of `SOLUTION`.

    Raises
    ------
    ValueError
        If it cannot hold them, before any time is spent on a search.
    """
    try:
        check_names(output, problem)
    except ValueError as error:
        if is_ours:
            return output.with_name(TABLE)
        raise ValueError(f"{output}: {error}; a file that ends in .csv can hold all") from None
    return output
