"""What tells one instance from another: a SHA-256 over its file, or the files of its folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from timetabling.formats.csv_folder import files_of
from timetabling.formats.text import InputError

__all__ = ["digest_of"]


def digest_of(path: Path) -> str:
    """The digest of a file, as `sha256sum` gives it; of a folder, over its CSV files.

    For a folder it is the digest of what ``LC_ALL=C sha256sum *.csv`` prints there: a line a file,
    sorted by name. Files are those that are read, so ``ROOMS.CSV`` is one of them.

    Raises
    ------
    InputError
        If it is not there or cannot be read.
    """
    try:
        if not path.is_dir():
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        lines = "".join(f"{digest_of(file)}  {file.name}\n" for file in files_of(path))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    return hashlib.sha256(lines.encode()).hexdigest()
