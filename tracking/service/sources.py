"""What is said of a job: by the job itself, and by who else may know it."""

from __future__ import annotations

import json
import logging
from typing import Any, Protocol

from tracking.snapshot import ENDS, STATUSES, Snapshot, ended

__all__ = ["JobSource", "as_lost", "carried_on", "read_snapshot"]

_log = logging.getLogger(__name__)


class JobSource(Protocol):
    """Who else than Redis may know a job."""

    async def snapshot(self, job_id: str) -> Snapshot | None:
        """How far the job is, as far as that is known."""


def as_lost(snapshot: Snapshot) -> Snapshot:
    """The same of a job whose process is gone, until it is known how the job ended."""
    return Snapshot(**snapshot, lost=True)  # type: ignore[typeddict-unknown-key]


def read_snapshot(data: bytes) -> tuple[Snapshot, bytes] | None:
    """What a job has published, and its text; None if it is no snapshot."""
    try:
        found: Any = json.loads(data)
        is_snapshot = found["status"] in STATUSES and isinstance(
            found["seq"] + found["started_at"], int
        )
    except (ValueError, TypeError, KeyError):
        is_snapshot = False
    if not is_snapshot:
        _log.warning("expected a snapshot, got %.100r", data)
        return None
    return found, data


def carried_on(seen: Snapshot | None, told: Snapshot) -> Snapshot | None:
    """What viewers should see of a job when Redis is silent and Prefect is not.

    Prefect knows a run's state and not how far it is: of a job that was seen further, its end
    alone is news.

    Parameters
    ----------
    seen
        What the job itself has published last.
    told
        What Prefect says of it.
    """
    if seen is None:
        return told
    if told["status"] not in ENDS or seen["status"] in ENDS:
        return None
    end = ended(
        seen,
        told["status"],  # type: ignore[arg-type]
        told["last_updated"],
        str(told["metadata"].get("error", "")),
    )
    end["metadata"] = {**end["metadata"], **told["metadata"]}
    return end
