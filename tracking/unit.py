"""What a task holds to say how far it is: a counter in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

__all__ = ["Unit", "Units"]

_MOST = 2**53  # above this, Redis's scripts do not count in ones


class Owner(Protocol):
    """What a unit belongs to: its job, as this process knows it."""

    @property
    def job_id(self) -> str:
        """The job."""

    def begin_stage(self, unit: Unit, stage: str) -> None:
        """A unit says that work on a stage begins."""

    def end_stage(self, unit: Unit) -> None:
        """A unit says that all work of its stage is done."""

    def expect(self, seconds: Mapping[str, float] | None = None, *, size: float | None) -> None:
        """Take what is known before the work."""

    def update(self, message: str, **figures: float) -> None:
        """Take what was found, in words and figures."""

    def drop(self, what: str) -> None:
        """Log a report that is none."""


class Unit:
    """A piece of a stage's work, as one attempt of one task counts it.

    Every call changes something in memory and returns: it waits for nothing, and raises nothing
    into the work. Safe to call from any thread.

    Parameters
    ----------
    owner
        The job.
    key
        Which piece of work: the same for each attempt at it, and no other's in the job.
    attempt
        Which attempt at it this is; what a later one counts takes the place of an earlier one's.
    stage
        The stage that it is part of; empty is the stage in work.
    """

    def __init__(self, owner: Owner, key: str, attempt: int, stage: str) -> None:
        self._owner = owner
        self.key = key
        self.attempt = attempt
        self.stage = stage
        self.generation = ""  # of the job when this began; see scripts/report.lua
        self.restart()

    def restart(self) -> None:
        """Count from 0, of a total that nobody knows."""
        self.completed = self.total = 0
        self._counted = 0  # when it was last looked at

    @property
    def job_id(self) -> str:
        """The job."""
        return self._owner.job_id

    @property
    def counted(self) -> int:
        """What is completed, as it is told others: whole and not below 0, whatever was counted."""
        try:
            self._counted = _whole(self.completed)
        except (TypeError, ValueError, OverflowError):
            self._owner.drop(f"completed: expected a number, got {self.completed!r}")
            self.completed = self._counted
        return self._counted

    def advance(self, n: int = 1) -> None:
        """`n` more of the stage's items are finished; `n` is at least 0."""
        try:
            # No lock: nothing between the reading and the writing lets another thread in, as long
            # as there is the GIL. A test counts from many threads. Nor is `n` looked at: that costs
            # more than the addition, and `counted` makes the best of it.
            self.completed += n
        except TypeError:
            self._owner.drop(f"advance: expected a number, got {n!r}")

    def update_stage_progress(self, completed: int, total: int) -> None:
        """`completed` of `total` items are finished; fewer than before is a late report."""
        self.update_work_progress(completed)
        try:
            self.total = _whole(total)
        except (TypeError, ValueError, OverflowError):
            self._owner.drop(f"total: expected a number, got {total!r}")

    def update_work_progress(self, completed: int) -> None:
        """`completed` items are finished; their total stays what it was."""
        try:
            self.completed = max(self.completed, _whole(completed))
        except (TypeError, ValueError, OverflowError):
            self._owner.drop(f"completed: expected a number, got {completed!r}")

    def start_stage(self, stage: str, *, expected_seconds: float | None = None) -> None:
        """Work on a stage begins, and this is part of it; the stages before it are done."""
        if expected_seconds is not None:
            self.expect({stage: expected_seconds})
        self._owner.begin_stage(self, stage)

    def complete_stage(self) -> None:
        """All work of the stage is done: the bar goes to the stage's end."""
        self._owner.end_stage(self)

    def expect(
        self, seconds: Mapping[str, float] | None = None, *, size: float | None = None
    ) -> None:
        """Say what is known before the work: the time left rests on it.

        Parameters
        ----------
        seconds
            How long stages are thought to take, by id.
        size
            How large the problem is, in the same unit for all runs of the plan: a stage of which
            nobody expects anything is thought to take what earlier runs took, scaled by it.
        """
        self._owner.expect(seconds, size=size)

    def update(self, message: str, **figures: float) -> None:
        """Say in words, and in figures such as ``cost`` and ``violations``, what was found."""
        self._owner.update(message, **figures)


class Units:
    """The units of one job that this process counts, the latest attempt at each.

    Not safe for threads: the caller holds a lock.
    """

    def __init__(self) -> None:
        self._units: dict[str, Unit] = {}

    def __iter__(self) -> Iterator[Unit]:
        """Every unit that counts."""
        return iter(self._units.values())

    def add(self, unit: Unit) -> Unit:
        """Count a unit from now on, unless a later attempt at it is known.

        Returns
        -------
        The unit to report to: the one that is there, if it is of the same attempt.
        """
        there = self._units.get(unit.key)
        if there is not None and there.attempt == unit.attempt:
            return there
        if there is None or there.attempt < unit.attempt:
            self._units[unit.key] = unit
        return unit

    def counts(self, unit: Unit) -> bool:
        """Whether no later attempt at it is known."""
        return self._units.get(unit.key) is unit

    def remove(self, unit: Unit) -> None:
        """Count one no more."""
        if self.counts(unit):
            del self._units[unit.key]

    def clear(self) -> None:
        """Count none of them any more."""
        self._units.clear()

    def sums(self, stage: str) -> tuple[int, int]:
        """How much of a stage is completed, and the total, over all its units."""
        of_stage = [unit for unit in self._units.values() if unit.stage == stage]
        return sum(unit.counted for unit in of_stage), sum(unit.total for unit in of_stage)


def _whole(number: float) -> int:
    return min(max(0, int(number)), _MOST)
