"""Whether a job was told to stop searching and hand over the best it has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["is_stopped", "searching", "stop_searching"]

_stopped: set[str] = set()  # jobs of this process


@contextmanager
def searching(job_id: str) -> Iterator[None]:
    """Search for a job: once the block is left, its id is free for another run."""
    try:
        yield
    finally:
        _stopped.discard(job_id)


def stop_searching(job_id: str) -> None:
    """Tell the searches of a job in this process to hand over the best they have."""
    _stopped.add(job_id)


def is_stopped(job_id: str) -> bool:
    """Whether the job was told to stop."""
    return job_id in _stopped
