"""What every engine shares: who watches it, what stops it, and what it returns.

An engine is one function in `timetabling.solvers`::

    solve(problem, *, formulation, start, stop, seed, observer) -> Result

It returns the best timetable it saw, never worse than `start` with what is pinned in its place
(`timetabling.pins`), and moves nothing that is pinned; it asks `stop` often enough
to end within a second of being told to; under a `WorkLimit` the same seed gives the same
timetable.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from timetabling.problem import Timetable

__all__ = ["Observer", "Result", "SilentObserver", "Stop", "TimeLimit", "WorkLimit"]


class Observer(Protocol):
    """Watches a search. Called synchronously, from any thread; must return at once."""

    def update_stage_progress(self, completed: int, total: int) -> None:
        """`completed` units of work of `total` are finished."""

    def update(self, message: str, **figures: float) -> None:
        """Say in words, and in figures such as ``cost`` and ``violations``, what was found."""


class SilentObserver:
    """Watches and says nothing."""

    def update_stage_progress(self, completed: int, total: int) -> None:
        """Ignore it."""

    def update(self, message: str, **figures: float) -> None:
        """Ignore it."""


class Stop(Protocol):
    """A budget, and the wish to end early. Safe to ask from any thread."""

    def __call__(self) -> bool:
        """Whether the search should end now."""

    def fraction(self) -> float:
        """Share of the budget that is used, 0 to 1; never falls."""

    def spend(self, work: int) -> None:
        """Report `work` units just done: a move of a local search is one unit."""

    @property
    def work_left(self) -> int | None:
        """Units of work left, or None if the budget is not counted in work."""


def _never() -> bool:
    return False


class WorkLimit:
    """Stop after `work` units: the same seed then gives the same timetable.

    Parameters
    ----------
    work
        Units of work: moves of a local search; a deterministic second of CP-SAT is a million.
    used
        Share of the work that was done before.
    cancelled
        Asked as well; True ends the search early.
    """

    def __init__(
        self, work: int, *, used: float = 0.0, cancelled: Callable[[], bool] = _never
    ) -> None:
        if work < 0:
            raise ValueError(f"work limit: expected at least 0, got {work}")
        self._work = work
        self._done = round(used * work)  # exact: a fraction has more digits than any work
        self._cancelled = cancelled
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        """Whether the work is done, or the search was cancelled."""
        return self._done >= self._work or self._cancelled()

    def fraction(self) -> float:
        """Share of the work that is done."""
        return min(1.0, self._done / self._work) if self._work else 1.0

    def spend(self, work: int) -> None:
        """Count `work` units as done."""
        with self._lock:
            self._done += work

    @property
    def work_left(self) -> int | None:
        """Units of work left."""
        return max(0, self._work - self._done)


class TimeLimit:
    """Stop after `seconds` on the given clock.

    Parameters
    ----------
    seconds
        The budget; 0 stops at once.
    clock
        Returns seconds that never fall, such as `time.monotonic`.
    used
        Share of the budget that was used before.
    cancelled
        Asked as well; True ends the search early.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float],
        *,
        used: float = 0.0,
        cancelled: Callable[[], bool] = _never,
    ) -> None:
        self._seconds = seconds
        self._used = used
        self._clock = clock
        self._started = clock()
        self._cancelled = cancelled

    def __call__(self) -> bool:
        """Whether the time is over, or the search was cancelled."""
        return self.fraction() >= 1.0 or self._cancelled()

    def fraction(self) -> float:
        """Share of the time that is over."""
        if self._seconds <= 0:
            return 1.0
        passed = max(0.0, self._clock() - self._started) / self._seconds
        return min(1.0, self._used + passed)

    def spend(self, work: int) -> None:
        """Ignore the work: time is what counts."""

    @property
    def work_left(self) -> int | None:
        """None: this budget is not counted in work."""
        return None


@dataclass(frozen=True, slots=True)
class Result:
    """What a search returns.

    Parameters
    ----------
    timetable
        The best it saw.
    violations, cost
        Of that timetable, by `timetabling.penalties`: broken hard rules, weighted soft penalties.
    units
        Units of the stage finished: clusters, generations, batches of episodes.
    """

    timetable: Timetable
    violations: int
    cost: int
    units: int
