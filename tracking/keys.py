"""The only place that spells Redis keys and channels, and says how long they live."""

from __future__ import annotations

import re

__all__ = ["TTL_SECONDS", "check_job_id", "events", "progress"]

TTL_SECONDS = 7200
"""Every key expires this long after the last write to it."""

_JOB_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


def check_job_id(job_id: str) -> str:
    """Return the id if it may name a job.

    Raises
    ------
    ValueError
        If it is not 1 to 128 of ``A-Za-z0-9._-``.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise ValueError(f"job id: expected 1 to 128 of A-Za-z0-9._- characters, got {job_id!r}")
    return job_id


def progress(job_id: str) -> str:
    """Key of a job's snapshot, and the channel on which each new one is published."""
    return f"progress:job:{check_job_id(job_id)}"


def events(job_id: str) -> str:
    """Key of the bounded stream of a job's snapshots; an entry's id is its ``seq`` and ``-0``."""
    return f"{progress(job_id)}:events"
