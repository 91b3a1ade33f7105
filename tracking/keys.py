"""The only place that spells Redis keys and channels, and says how long they live."""

from __future__ import annotations

import re

__all__ = [
    "ALL_JOBS",
    "ALL_LEASES",
    "HISTORY_TTL_SECONDS",
    "LEASE_MILLISECONDS",
    "TTL_SECONDS",
    "check_job_id",
    "events",
    "history",
    "job_of_lease",
    "lease",
    "ledger",
    "progress",
    "request",
]

TTL_SECONDS = 7200
"""A job's keys expire this long after the last write to them."""

LEASE_MILLISECONDS = 15_000
"""A job whose lease was not renewed for this long has lost its process."""

HISTORY_TTL_SECONDS = 400 * 86_400
"""How long is remembered how earlier runs went: a yearly job still finds its last run."""

ALL_JOBS = "progress:job:*"
"""Pattern of the channels of all jobs."""

ALL_LEASES = "progress:job:*:lease"
"""Pattern of the leases of all jobs."""

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


def ledger(job_id: str) -> str:
    """Key of the hash that counts what was reported from all processes but the job's own."""
    return f"{progress(job_id)}:ledger"


def lease(job_id: str) -> str:
    """Key that is there for as long as the job's process lives."""
    return f"{progress(job_id)}:lease"


def job_of_lease(key: bytes) -> str:
    """The job that a lease is of."""
    return key.decode().split(":")[2]


def request(job_id: str) -> str:
    """Key of what a running job is asked: ``finish`` or ``cancel``."""
    return f"request:job:{check_job_id(job_id)}"


def history(plan: str, deployment: str) -> str:
    """Key of the bounded list of how earlier runs of a plan and a deployment went."""
    return f"progress:history:{plan}:{deployment}"
