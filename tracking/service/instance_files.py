"""Files in the data folder: instances with a name, and what somebody sent."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from tracking.service.problems import Problem

__all__ = [
    "SUFFIXES",
    "clean_name",
    "instances_in",
    "keep_uploads",
    "remove_old_uploads",
    "remove_uploads",
    "save_uploads",
]

SUFFIXES = (".ctt", ".ectt", ".xlsx", ".fet")

_LONGEST_NAME = 60  # characters: 255 bytes in any alphabet, with room for a suffix
_DAY_SECONDS = 86_400
_JOB = ".job"  # in an upload's folder: which job it is for


def instances_in(data_folder: Path) -> dict[str, Path]:
    """The instances that can be chosen by name; a link that leads out of the folder is none."""
    folder = data_folder / "instances"
    if not folder.is_dir():
        return {}
    inside = folder.resolve()
    with os.scandir(folder) as entries:
        paths = sorted(Path(entry.path) for entry in entries if entry.is_file())
    return {
        path.name: path.absolute()
        for path in paths
        if path.suffix.lower() in SUFFIXES and path.resolve().parent == inside
    }


def clean_name(name: str) -> str:
    r"""A name that somebody gave a file, fit for a file of ours: no folder, nothing hidden.

    Examples
    --------
    >>> clean_name("../../etc/passwd"), clean_name("C:\\Plans\\Herbst 2026.ectt"), clean_name("..")
    ('passwd', 'Herbst 2026.ectt', 'instance')
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = re.sub(r"[^\w.\- ]", "_", last).strip(". ")
    stem, dot, suffix = clean.rpartition(".")
    if not dot:
        return clean[:_LONGEST_NAME] or "instance"
    return f"{stem[:_LONGEST_NAME]}.{suffix[:8]}"


def save_uploads(files: Mapping[str, BinaryIO], data_folder: Path) -> Path:
    """Save what somebody sent, by path in a folder of its own; gives that folder.

    What was sent more than a day ago, and became no job's, is removed.

    Raises
    ------
    Problem
        507, if it cannot be saved; then nothing of it is.
    """
    uploads = data_folder.absolute() / "uploads"
    folder = uploads / secrets.token_hex(16)
    partial = folder.with_name(f".{folder.name}")
    try:
        remove_old_uploads(uploads)
        partial.mkdir(parents=True)
        for name, file in files.items():
            (partial / name).parent.mkdir(exist_ok=True)
            with (partial / name).open("xb") as saved:
                shutil.copyfileobj(file, saved)
        partial.rename(folder)
    except OSError as trouble:
        shutil.rmtree(partial, ignore_errors=True)
        raise Problem(507, "not-saved", f"files: cannot be saved: {trouble.strerror}") from None
    return folder


def keep_uploads(files: Iterable[Path], data_folder: Path, job_id: str) -> None:
    """Keep those of a job's files that were sent, for as long as the data folder is kept."""
    uploads = data_folder.absolute() / "uploads"
    sent = [file.relative_to(uploads) for file in files if uploads in file.parents]
    for name in {path.parts[0] for path in sent}:
        if (uploads / name).is_dir():
            (uploads / name / _JOB).write_text(job_id, encoding="ascii")


def remove_uploads(folder: Path) -> None:
    """Remove what was sent, and its folder, unless it is a job's."""
    if not (folder / _JOB).exists():
        shutil.rmtree(folder, ignore_errors=True)


def remove_old_uploads(uploads: Path) -> None:
    """Remove what was sent more than a day ago and became no job's."""
    if not uploads.is_dir():
        return
    for folder in uploads.iterdir():
        # Another who sends something may give one its name, or remove it, meanwhile.
        with contextlib.suppress(FileNotFoundError):
            is_old = time.time() - folder.lstat().st_mtime > _DAY_SECONDS
            if is_old and not (folder / _JOB).exists():
                shutil.rmtree(folder, ignore_errors=True)
