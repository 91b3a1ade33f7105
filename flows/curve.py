"""What was found, and when: a line of a file whenever one of the figures changes."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

__all__ = ["Curve"]

COLUMNS = ("seconds", "stage", "violations", "cost", "bound")
_LOOK_SECONDS = 0.05


class Curve:
    """Writes a job's figures to a CSV file for as long as its block lasts.

    A figure that is not known yet is left empty. Each line is there for others as soon as it is
    written.

    Parameters
    ----------
    path
        The file; what it held is lost.
    latest
        Returns the newest snapshot, or None while there is none.

    Raises
    ------
    OSError
        If the file cannot be written.
    """

    def __init__(self, path: Path, latest: Callable[[], Mapping[str, Any] | None]) -> None:
        self._latest = latest
        self._file = path.open("w", encoding="utf-8", newline="", buffering=1)
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(COLUMNS)
        self._written: tuple[object, ...] = (None, None, None)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="curve", daemon=True)

    def __enter__(self) -> Self:
        """Begin: this is second 0."""
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Write what the last snapshot holds, and end."""
        self._over.set()
        self._thread.join()
        self._file.close()

    def _follow(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._write()
        self._write()

    def _write(self) -> None:
        snapshot = self._latest()
        if snapshot is None:
            return
        figures = tuple(
            int(value) if (value := snapshot["metadata"].get(name)) is not None else None
            for name in COLUMNS[2:]
        )
        if figures != self._written:
            self._written = figures
            seconds = f"{time.monotonic() - self._started:.2f}"
            self._writer.writerow((seconds, snapshot["stage"], *figures))
