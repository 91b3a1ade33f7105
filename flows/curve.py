"""What was found, and when: a point, and a line of CSV, whenever one of the figures changes."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from timetabling.formats.text import InputError, quote, read_lines

__all__ = ["Curve", "GrowingText", "Point", "read_curve"]


class Point(NamedTuple):
    """What was known from a moment on, in seconds since the curve's begin; None is not known."""

    seconds: float
    stage: str
    violations: int | None
    cost: int | None
    bound: int | None


class Curve:
    """Keeps a job's figures, and writes them as CSV; a figure that is not known is left empty.

    It begins, at second 0, when it is made.

    Parameters
    ----------
    file
        Written line by line.
    """

    def __init__(self, file: TextIO) -> None:
        self.points: list[Point] = []
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(Point._fields)

    def see(self, snapshot: Mapping[str, Any]) -> None:
        """Keep what a snapshot holds."""
        self.add(snapshot["stage"], **snapshot["metadata"])

    def add(self, stage: str, **found: float | None) -> None:
        """Keep figures, unless they are the same as before."""
        figures = tuple(
            int(value) if (value := found.get(name)) is not None else None
            for name in ("violations", "cost", "bound")
        )
        with self._lock:
            known = self.points[-1][2:] if self.points else (None, None, None)
            if figures != known:
                point = Point(round(time.monotonic() - self._began, 2), stage, *figures)
                self.points.append(point)
                self._writer.writerow(point)


class GrowingText(io.StringIO):
    """Text that is in a file too, as it grows; no run fails for what cannot be written there.

    Parameters
    ----------
    path
        Begun anew. Opened for each piece, so that another file may take its place at any time.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        with suppress(OSError):
            path.unlink(missing_ok=True)

    def write(self, text: str) -> int:
        """Write a piece."""
        with suppress(OSError), self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(text)
        return super().write(text)


def read_curve(path: Path) -> list[Point]:
    """Read what was found when.

    Raises
    ------
    InputError
        If a line is none that `Curve` wrote; says which.
    """
    lines = read_lines(path)
    header = ",".join(Point._fields)
    if not lines or lines[0] != header:
        raise InputError(f"{path}:1: expected {header}, got {quote(lines[0] if lines else '')}")
    points = []
    for number, row in enumerate(csv.reader(lines[1:]), 2):
        try:
            seconds, stage, *figures = row
            violations, cost, bound = (int(figure) if figure else None for figure in figures)
            points.append(Point(float(seconds), stage, violations, cost, bound))
        except ValueError:
            raise InputError(
                f"{path}:{number}: expected {header}, got {quote(','.join(row))}"
            ) from None
    return points
