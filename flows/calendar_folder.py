"""A folder of calendars: read for what they told, and replaced as a whole."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from timetabling.exports.calendars import WHOLE

__all__ = ["read_calendars", "write_calendars"]


def read_calendars(folder: Path) -> dict[str, bytes]:
    """Read the calendars of a folder, by their names in it; none if it is new or empty.

    Raises
    ------
    ValueError
        If something else is in it: it would be lost with the folder.
    OSError
        If one cannot be read.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return {}
    files = [path for path in folder.rglob("*") if not path.is_dir()]
    other = next((path for path in files if path.suffix != ".ics" or path.is_symlink()), None)
    if other is not None or not (folder / WHOLE).is_file():
        what = f"one with {other.relative_to(folder)}" if other else f"one without {WHOLE}"
        if not folder.is_dir():
            what = "a file"
        raise ValueError(f"expected a new folder, or one of calendars, got {what}")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def write_calendars(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put a folder in the place of the one that is there, once it is whole.

    Raises
    ------
    OSError
        If it cannot be written; what was there stays.
    """
    folder = folder.resolve()
    token = secrets.token_hex(8)
    new, old = (folder.with_name(f".{token}.{kind}") for kind in ("new", "old"))
    try:
        for name, data in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with suppress(FileNotFoundError):
            folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:
            with suppress(FileNotFoundError):
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
