"""What a job has last heard of the reports of other processes, and what is new in it. Pure."""

from __future__ import annotations

import json
from typing import Any

from tracking.scripts.publish import Elsewhere

__all__ = ["Hearsay"]


class Hearsay:
    """Tells news from what was heard before.

    The ledger in Redis numbers what tasks elsewhere have said, and gives the last of it each time.
    One that was lost, and is filled again, says nothing at first: that is no news either.
    """

    def __init__(self) -> None:
        self._stage = ""
        self._last = Elsewhere()
        self._words = ""
        self._seconds: dict[str, float] = {}
        self._size: float | None = None

    def counts(self, stage: str) -> tuple[int, int]:
        """Sums of a stage over the units of other processes, completed and in all."""
        if stage != self._stage:
            return 0, 0
        return self._last.completed, self._last.total

    def hear(self, elsewhere: Elsewhere, stage: str) -> tuple[str, str]:
        """Take what the ledger says while a stage is in work.

        Returns
        -------
        The stages that a task elsewhere has started, and completed, since it was last heard;
        empty if none.
        """
        before, self._last, self._stage = self._last, elsewhere, stage
        started = "" if elsewhere.begun == before.begun else elsewhere.begun
        completed = "" if elsewhere.done == before.done else elsewhere.done
        return started.partition(" ")[2], completed.partition(" ")[2]

    def words(self, elsewhere: Elsewhere) -> dict[str, Any] | None:
        """The last message and figures of tasks elsewhere, once."""
        if elsewhere.said in ("", self._words):
            return None
        self._words = elsewhere.said
        said: dict[str, Any] = json.loads(elsewhere.said.partition(" ")[2])
        return said

    def expectations(self, elsewhere: Elsewhere) -> tuple[dict[str, float], float | None]:
        """What tasks elsewhere expect now and did not before: seconds of stages, and the size.

        The rest must not be told again: the flow itself may know better meanwhile.
        """
        told: dict[str, Any] = json.loads(elsewhere.expected or "{}")
        seconds = {
            stage: value
            for stage, value in told.get("seconds", {}).items()
            if value != self._seconds.get(stage)
        }
        size = told.get("size", self._size)
        is_new, self._size = size != self._size, size
        self._seconds |= seconds
        return seconds, size if is_new else None
