"""What was reported of a job's stages: units finished, and how long a unit takes. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from tracking.plan import Plan, Stage

__all__ = ["JobWork", "StageWork"]

_UNKNOWN_STAGE_SECONDS = 60.0  # a stage nobody has measured yet,
_DOUBT_OF_THE_UNKNOWN = 10.0  # which seems half done after ten times as long
_FASTEST_UNIT_SECONDS = 0.02
_STALL_SECONDS = 30.0  # less is never a stall, however short a unit usually is
_STALL_UNITS = 4.0
# The pace is that of the last points: so many seconds and units or more. Those of a moment are one.
_WINDOW_SECONDS, _WINDOW_UNITS, _MOMENT_SECONDS = 60.0, 5, 0.5


@dataclass(slots=True)
class StageWork:
    """Counts of one stage, and the pace they came at.

    Every time is in seconds on the job's own clock, which never falls. `expected` is how long
    the whole stage was said to take, if it was.

    Parameters
    ----------
    began
        When work on it began; None before.
    completed, total
        Units finished, and all units; a total of 0 says that nobody knows.
    ended
        When all work was done, whatever was counted; None before.
    """

    began: float | None = None
    completed: int = 0
    total: int = 0
    ended: float | None = None
    last_unit: float = 0.0
    _measured: float | None = None
    _points: deque[tuple[float, int]] = field(default_factory=deque)  # time, and units finished

    def __post_init__(self) -> None:
        self.last_unit = self.began or 0.0
        self._points.append((self.last_unit, self.completed))

    @property
    def finished(self) -> bool:
        """Whether all work is done."""
        return self.ended is not None

    @property
    def seconds(self) -> float | None:
        """How long it took; None if it has not ended, or was skipped."""
        return None if self.ended is None or self.began is None else self.ended - self.began

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
        """Take what is finished now; fewer than before, where a retry does its work again."""
        if total is not None:
            self.total = max(0, total)
        if self.total:
            self.total = max(self.total, completed)
        if completed > self.completed:
            seconds = (elapsed - self.last_unit) / (completed - self.completed)
            before = self._measured
            if before is None:
                before = seconds if expected is None else self.unit_seconds(expected)
            self._measured = before + 0.3 * (seconds - before)
            self.last_unit = elapsed
            self._see(elapsed, completed)
        elif completed < self.completed:
            self._points = deque([(elapsed, completed)])
        self.completed = completed

    def _see(self, elapsed: float, completed: int) -> None:
        """Keep the last points: a window, and the one before it."""
        points = self._points
        if len(points) > 1 and elapsed - points[-2][0] < _MOMENT_SECONDS:
            points.pop()
        points.append((elapsed, completed))
        while (
            len(points) > 2
            and elapsed - points[1][0] >= _WINDOW_SECONDS
            and completed - points[1][1] >= _WINDOW_UNITS
        ):
            points.popleft()

    def rest_by_pace(self, elapsed: float, fraction: float) -> float | None:
        """How long the stage still takes at the pace of the last points; None before a unit is in.

        Parameters
        ----------
        fraction
            How much of the stage is done, the part of the unit in work included.
        """
        if not self.measured or self.began is None:
            return None
        since, completed = self._points[0]
        gained = fraction - completed / self.total
        if self.completed <= completed or gained <= 0:  # counted afresh: at the pace of the whole
            since, gained = self.began, fraction
        return (elapsed - since) * (1 - fraction) / gained

    def unit_seconds(self, expected: float | None) -> float:
        """How long a unit usually takes; the whole stage is one while its total is unknown."""
        if self._measured is not None and self.total:
            return max(self._measured, _FASTEST_UNIT_SECONDS)
        stage_seconds = _UNKNOWN_STAGE_SECONDS if expected is None else expected
        return max(stage_seconds / max(1, self.total), _FASTEST_UNIT_SECONDS)

    def part_done(self, elapsed: float, expected: float | None) -> float:
        """How much of the unit in work seems done by the time it has taken: below 1.

        Straight up to nine tenths, then a hyperbola of the same slope there, which goes on for
        ever. While nobody knows how long it takes, a far slower one.
        """
        if self.fraction >= 1 or self.began is None:
            return 0.0
        since = self.last_unit if self.total else self.began
        ratio = (elapsed - since) / self.unit_seconds(expected)
        if expected is None and self._measured is None:
            return ratio / (ratio + _DOUBT_OF_THE_UNKNOWN)
        return ratio if ratio <= 0.9 else 1 - 0.01 / (ratio - 0.8)

    def overdue(self, elapsed: float, expected: float | None) -> float:
        """How long the unit in work has taken beyond twice what is usual."""
        return max(0.0, elapsed - self.last_unit - 2 * self.unit_seconds(expected))

    def stalled(self, elapsed: float, expected: float | None) -> bool:
        """Whether no unit was finished for so long that people should look."""
        if self.fraction >= 1 or self.began is None:
            return False
        patience = max(_STALL_SECONDS, _STALL_UNITS * self.unit_seconds(expected))
        return elapsed - self.last_unit > patience


class JobWork:
    """The work of all stages, and which of them is in work.

    Parameters
    ----------
    plan
        The stages; may be replaced by one with the same stages and other weights.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.index = 0
        """Of the stage in work."""
        self.stages = [StageWork() for _ in plan.stages]

    @property
    def stage(self) -> Stage:
        """The stage in work."""
        return self.plan.stages[self.index]

    @property
    def current(self) -> StageWork:
        """What was reported of the stage in work."""
        return self.stages[self.index]

    @property
    def begun(self) -> bool:
        """Whether the stage in work was started; between two stages it was not."""
        return self.current.began is not None

    def percent(self) -> float:
        """Of the whole, by finished units alone."""
        return self.stage.start + self.current.fraction * self.stage.weight

    def begin(self, index: int, elapsed: float) -> None:
        """Work on a stage begins, for the first time or anew; those before it are done."""
        self.finish_before(index, elapsed)
        self.index = index
        self.stages[index] = StageWork(elapsed)

    def finish(self, elapsed: float) -> None:
        """The stage in work is done."""
        self.current.ended = elapsed
        if self.index < len(self.stages) - 1:
            self.index += 1

    def finish_before(self, index: int, elapsed: float) -> None:
        """All stages before one are done, or were skipped."""
        for work in self.stages[:index]:
            if work.ended is None:
                work.ended = elapsed

    def restart(self, index: int) -> None:
        """A stage and those after it are all to be done again."""
        self.index = index
        self.stages[index:] = [StageWork() for _ in self.plan.stages[index:]]

    def seconds(self) -> dict[str, float]:
        """How long stages took, by id, as far as they were gone through to their end."""
        took = zip(self.plan.stages, self.stages, strict=True)
        return {stage.id: work.seconds for stage, work in took if work.seconds is not None}
