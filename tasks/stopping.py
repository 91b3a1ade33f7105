"""Whether a job was told to stop searching and hand over its best, and whether it is cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["is_cancelled", "is_stopped", "searching", "stop_searching"]

# Jobs of this process.
_stopped: set[str] = set()
_cancelled: set[str] = set()


@contextmanager
def searching(job_id: str) -> Iterator[None]:
    """Search for a job: once the block is left, its id is free for another run."""
    try:
        yield
    finally:
        _stopped.discard(job_id)
        _cancelled.discard(job_id)


def stop_searching(job_id: str, *, cancel: bool) -> None:
    """Tell the searches of a job in this process to hand over the best they have.

    Parameters
    ----------
    cancel
        Whether the job is then to end as cancelled, and not as completed; not taken back.
    """
    if cancel:
        _cancelled.add(job_id)
    _stopped.add(job_id)


def is_stopped(job_id: str) -> bool:
    """Whether the job was told to stop."""
    return job_id in _stopped


def is_cancelled(job_id: str) -> bool:
    """Whether it was told to stop because nobody wants it any more."""
    return job_id in _cancelled
