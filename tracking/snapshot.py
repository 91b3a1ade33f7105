"""The snapshot of a job: the only thing that readers see."""

from __future__ import annotations

import math
from typing import Any, Literal, TypedDict, get_args

__all__ = [
    "ENDS",
    "STATUSES",
    "End",
    "Life",
    "Snapshot",
    "StagePlace",
    "Status",
    "ended",
    "figure",
    "is_newer",
    "life",
]

End = Literal["completed", "failed", "cancelled", "timeout"]
Status = Literal["queued", "initializing", "running", "completed", "failed", "cancelled", "timeout"]

Life = Literal["working", "stalled", "lost", "ended"]

ENDS: frozenset[str] = frozenset(get_args(End))
"""Statuses after which nothing more is published."""

STATUSES: tuple[str, ...] = get_args(Status)


class StagePlace(TypedDict):
    """A stage, what people read for it, and where it lies on the bar, in percent."""

    id: str
    label: str
    start: float
    end: float


class Snapshot(TypedDict):
    """How far a job is. Percentages are 0 to 100 with 2 places, times whole Unix seconds.

    ``published_at`` alone has milliseconds: how long a snapshot takes to its readers is counted
    from there.

    ``run_id`` tells a retry of the same run, which never moves the bar backward, from a new run
    under an old job id, which starts at 0. ``attempt`` grows by one with either. ``seq`` grows by
    one at each snapshot, whatever the attempt. ``work_progress`` is the percentage confirmed by
    finished units, where ``overall_progress`` also moves between them.

    ``stages`` are all of the job's, in the order they run, and ``stage_start`` and ``stage_end``
    say where the one in work lies: a plan with learned weights decides that for each job. The true
    time left should lie between ``eta_low_seconds`` and ``eta_high_seconds`` nine times of ten.
    ``stalled`` says that the job lives and no unit of work has been finished for long.
    """

    job_id: str
    run_id: str
    attempt: int
    seq: int
    status: Status
    stage: str
    stage_label: str
    stage_start: float
    stage_end: float
    stage_progress: float
    overall_progress: float
    work_progress: float
    eta_seconds: int | None
    eta_low_seconds: int | None
    eta_high_seconds: int | None
    stalled: bool
    started_at: int
    last_updated: int
    published_at: float
    message: str
    stages: list[StagePlace]
    metadata: dict[str, Any]


def is_newer(snapshot: Snapshot, than: Snapshot | None) -> bool:
    """Whether a reader that has seen one snapshot should show the other.

    A later `started_at` counts too: Redis may have been emptied between two runs, and the second
    then counts from 1 again.
    """
    if than is None or snapshot["started_at"] > than["started_at"]:
        return True
    return snapshot["started_at"] == than["started_at"] and snapshot["seq"] > than["seq"]


def life(snapshot: Snapshot, *, leased: bool) -> Life:
    """Whether the job of a snapshot works, stalls, is lost or has ended.

    Parameters
    ----------
    leased
        Whether its lease is there, which the job's process renews while it lives.
    """
    if snapshot["status"] in ENDS:
        return "ended"
    if not leased:
        return "lost"
    return "stalled" if snapshot["stalled"] else "working"


def ended(snapshot: Snapshot, status: End, now: float, reason: str = "") -> Snapshot:
    """The end of a job of which only the last snapshot is known; its process is gone.

    Parameters
    ----------
    now
        Unix seconds.
    reason
        Why it failed, if it did.
    """
    end = Snapshot(**snapshot)
    end["status"] = status
    end["seq"] += 1
    end["eta_seconds"] = end["eta_low_seconds"] = end["eta_high_seconds"] = 0
    end["stalled"] = False
    end["last_updated"] = max(end["last_updated"], int(now))
    end["published_at"] = round(float(now), 3)
    if status == "completed":
        end["overall_progress"] = end["work_progress"] = end["stage_progress"] = 100.0
    if reason:
        end["message"] = reason
        end["metadata"] = {**end["metadata"], "error": reason}
    return end


def figure(value: float) -> float | int | None:
    """A number as JSON has it: NumPy's become Python's, and what is not finite becomes null."""
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number
