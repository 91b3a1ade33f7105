"""The snapshot of a job: the only thing that readers see."""

from __future__ import annotations

import math
from typing import Any, Literal, TypedDict, get_args

__all__ = ["ENDS", "STATUSES", "End", "Snapshot", "Status", "figure", "is_newer"]

End = Literal["completed", "failed", "cancelled", "timeout"]
Status = Literal["queued", "initializing", "running", "completed", "failed", "cancelled", "timeout"]

ENDS: frozenset[str] = frozenset(get_args(End))
"""Statuses after which nothing more is published."""

STATUSES: tuple[str, ...] = get_args(Status)


class Snapshot(TypedDict):
    """How far a job is. Percentages are 0 to 100 with 2 places, times whole Unix seconds.

    ``run_id`` tells a retry of the same run, which never moves the bar backward, from a new run
    under an old job id, which starts at 0. ``attempt`` grows by one with either. ``seq`` grows by
    one at each snapshot, whatever the attempt. ``work_progress`` is the percentage confirmed by
    finished units, where ``overall_progress`` also moves between them.
    """

    job_id: str
    run_id: str
    attempt: int
    seq: int
    status: Status
    stage: str
    stage_label: str
    stage_progress: float
    overall_progress: float
    work_progress: float
    eta_seconds: int | None
    started_at: int
    last_updated: int
    message: str
    metadata: dict[str, Any]


def is_newer(snapshot: Snapshot, than: Snapshot | None) -> bool:
    """Whether a reader that has seen one snapshot should show the other.

    A later `started_at` counts too: Redis may have been emptied between two runs, and the second
    then counts from 1 again.
    """
    if than is None or snapshot["started_at"] > than["started_at"]:
        return True
    return snapshot["started_at"] == than["started_at"] and snapshot["seq"] > than["seq"]


def figure(value: float) -> float | int | None:
    """A number as JSON has it: NumPy's become Python's, and what is not finite becomes null."""
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number
