"""Files that a job has written, in its folder of the data folder."""

from __future__ import annotations

import os
from pathlib import Path

from tracking.keys import check_job_id

__all__ = ["files_of", "media_type"]

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".json": "application/json",
    ".sol": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def files_of(data_folder: Path, job_id: str) -> dict[str, Path]:
    """The files of a job, by name: no folder, no link, nothing hidden, nothing half written.

    Who asks for a file by name is answered from here, so that no name leads anywhere else.
    """
    folder = data_folder / "jobs" / check_job_id(job_id)
    if not job_id.strip(".") or folder.is_symlink() or not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {
            entry.name: folder.absolute() / entry.name
            for entry in sorted(entries, key=lambda entry: entry.name)
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith(".")
        }


def media_type(name: str) -> str:
    """Of a file, by its name."""
    return _MEDIA_TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
