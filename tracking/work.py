"""What was reported of one stage: units finished, and how long a unit takes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StageWork"]

_UNKNOWN_STAGE_SECONDS = 60.0  # a stage nobody has measured yet
_FASTEST_UNIT_SECONDS = 0.02


@dataclass(slots=True)
class StageWork:
    """Counts of one stage, and the pace they came at.

    Every time is in seconds on the job's own clock, which never falls. `expected` is how long
    the whole stage was said to take, if it was.

    Parameters
    ----------
    began
        When work on it began.
    completed, total
        Units finished, and all units; a total of 0 says that nobody knows.
    finished
        All work is done, whatever was counted.
    """

    began: float = 0.0
    completed: int = 0
    total: int = 0
    finished: bool = False
    last_unit: float = 0.0
    _measured: float | None = None

    def __post_init__(self) -> None:
        self.last_unit = self.began

    @property
    def fraction(self) -> float:
        """How much of the stage is done, by finished units alone, 0 to 1."""
        if self.finished:
            return 1.0
        return self.completed / self.total if self.total else 0.0

    @property
    def measured(self) -> bool:
        """Whether finished units tell how fast the stage goes."""
        return self.completed > 0 and self.total > 0

    def count(
        self, completed: int, total: int | None, elapsed: float, expected: float | None
    ) -> None:
        """Take a report; fewer units than before are a late one, and ignored."""
        if completed < self.completed:
            return
        if total is not None:
            self.total = max(0, total)
        if self.total:
            self.total = max(self.total, completed)
        if completed == self.completed:
            return
        seconds = (elapsed - self.last_unit) / (completed - self.completed)
        before = self._measured
        if before is None:
            before = seconds if expected is None else self.unit_seconds(expected)
        self._measured = before + 0.3 * (seconds - before)
        self.last_unit = elapsed
        self.completed = completed

    def unit_seconds(self, expected: float | None) -> float:
        """How long a unit usually takes; the whole stage is one while its total is unknown."""
        if self._measured is not None and self.total:
            return max(self._measured, _FASTEST_UNIT_SECONDS)
        stage_seconds = _UNKNOWN_STAGE_SECONDS if expected is None else expected
        return max(stage_seconds / max(1, self.total), _FASTEST_UNIT_SECONDS)

    def part_done(self, elapsed: float, expected: float | None) -> float:
        """How much of the unit in work seems done by the time it has taken: below 1.

        Straight up to nine tenths, then a hyperbola of the same slope there, which goes on for
        ever.
        """
        if self.fraction >= 1:
            return 0.0
        since = self.last_unit if self.total else self.began
        ratio = (elapsed - since) / self.unit_seconds(expected)
        return ratio if ratio <= 0.9 else 1 - 0.01 / (ratio - 0.8)

    def overdue(self, elapsed: float, expected: float | None) -> float:
        """How long the unit in work has taken beyond twice what is usual."""
        return max(0.0, elapsed - self.last_unit - 2 * self.unit_seconds(expected))
