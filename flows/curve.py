"""What was found, and when: a line of CSV whenever one of the figures changes."""

from __future__ import annotations

import csv
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Self, TextIO

__all__ = ["Curve"]

COLUMNS = ("seconds", "stage", "violations", "cost", "bound")
_LOOK_SECONDS = 0.05


class Curve:
    """Writes a job's figures as CSV for as long as its block lasts.

    A figure that is not known yet is left empty.

    Parameters
    ----------
    file
        Written line by line.
    latest
        Returns the newest snapshot, or None while there is none.
    """

    def __init__(self, file: TextIO, latest: Callable[[], Mapping[str, Any] | None]) -> None:
        self._latest = latest
        self._lock = threading.Lock()
        self._writer = csv.writer(file, lineterminator="\n")
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

    def _follow(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._write()
        self._write()

    def _write(self) -> None:
        snapshot = self._latest()
        if snapshot is not None:
            self.add(snapshot["stage"], **snapshot["metadata"])

    def add(self, stage: str, **found: float | None) -> None:
        """Write figures that no snapshot has shown yet, unless they are the same as before."""
        figures = tuple(
            int(value) if (value := found.get(name)) is not None else None for name in COLUMNS[2:]
        )
        with self._lock:
            if figures != self._written:
                self._written = figures
                seconds = f"{time.monotonic() - self._started:.2f}"
                self._writer.writerow((seconds, stage, *figures))
