"""The files of a job, in its folder of the data folder: written by it, listed for readers."""

from __future__ import annotations

import os
from pathlib import Path

from tracking.keys import check_job_id

__all__ = ["DOCUMENT", "files_of", "folder_of"]

DOCUMENT = "timetable.json"
"""What a job has made, with what it costs and why."""


def folder_of(data_folder: Path, job_id: str) -> Path:
    """Where a job's files are, whether or not there is such a folder yet.

    Raises
    ------
    ValueError
        If the id is none, or ``.`` or ``..``, which are other folders' names.
    """
    if job_id in (".", ".."):
        raise ValueError(f"job id: expected one that can name a folder, got {job_id!r}")
    return data_folder / "jobs" / check_job_id(job_id)


def files_of(data_folder: Path, job_id: str) -> dict[str, Path]:
    """The files of a job, by name: no folder, no link, nothing hidden, nothing half written.

    Who asks for a file by name is answered from here, so that no name leads anywhere else.
    """
    try:
        folder = folder_of(data_folder, job_id)
    except ValueError:
        return {}
    if folder.is_symlink() or not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {
            entry.name: folder.absolute() / entry.name
            for entry in sorted(entries, key=lambda entry: entry.name)
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
        }
