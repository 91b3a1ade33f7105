"""The four ways in which this pipeline says how far it is, each in terms of the tracker's counts.

No percentage of a job is computed here: a stage is begun, and so many units of so many are done.
"""

from __future__ import annotations

import math
from typing import Protocol

from examples.clips.plan import ENDS, PLAN, ClipStage

__all__ = ["Counter", "Updates"]

_UNITS_PER_POINT = 100  # an explicit percentage counts in hundredths, as fine as the bar shows


class Counter(Protocol):
    """What of the tracker's reporters is used here."""

    def start_stage(self, stage: str) -> None:
        """Work on a stage begins."""

    def update_stage_progress(self, completed: int, total: int) -> None:
        """`completed` of the stage's `total` units are done."""

    def update(self, message: str) -> None:
        """Say in words what was found."""


class Updates:
    """Takes one attempt of a job from stage to stage, forward only.

    An update to a stage or a percentage that the job is past is a late one, and left out: the
    tracker would take it for a retry of the whole flow.

    Parameters
    ----------
    reporter
        The job's.
    """

    def __init__(self, reporter: Counter) -> None:
        self._reporter = reporter
        self._index = -1  # of the stage in work, none yet

    def to_stage(self, stage: ClipStage, message: str = "") -> None:
        """Work on a stage begins; the stages before it are done or left out.

        Raises
        ------
        ValueError
            If it is an end: that is told by the flow, which returns, raises or is cancelled.
        """
        if stage in ENDS:
            working = ", ".join(known.id for known in PLAN.stages)
            raise ValueError(
                f"stage: expected one of {working}, got {stage.value!r}; a job's end is told by "
                "how its flow ends"
            )
        self._begin(PLAN.index(stage.value))
        self._say(message)

    def to_status(self, status: str, message: str = "") -> None:
        """Like `to_stage`, for a stage's name as other systems send it, such as ``DOWNLOADED``.

        Raises
        ------
        ValueError
            If there is no such stage, or if it is an end.
        """
        self.to_stage(ClipStage(status), message)

    def to_percent(self, percent: float, message: str = "") -> None:
        """Work has come to a place on the bar, in whatever stage that is.

        Raises
        ------
        ValueError
            If `percent` is not 0 to 100.
        """
        if not 0 <= percent <= 100:
            raise ValueError(f"percent: expected 0 to 100, got {percent}")
        index = max(i for i, stage in enumerate(PLAN.stages) if stage.start <= percent)
        if index < self._index:
            return
        self._begin(index)
        stage = PLAN.stages[index]
        self.within(
            math.floor((percent - stage.start) * _UNITS_PER_POINT + 1e-6),
            round(stage.weight * _UNITS_PER_POINT),
            message,
        )

    def within(self, completed: int, total: int, message: str = "") -> None:
        """`completed` of `total` units of the stage in work are done.

        Raises
        ------
        ValueError
            If these are not counts, or if no stage has begun.
        """
        if self._index < 0:
            raise ValueError("stage: expected one to have begun before its units are counted")
        if not 0 <= completed <= total or total < 1:
            raise ValueError(
                f"units: expected 0 <= completed <= total and total >= 1, "
                f"got completed {completed}, total {total}"
            )
        self._reporter.update_stage_progress(completed, total)
        self._say(message)

    def _begin(self, index: int) -> None:
        if index > self._index:
            self._index = index
            self._reporter.start_stage(PLAN.stages[index].id)

    def _say(self, message: str) -> None:
        if message:
            self._reporter.update(message)
