"""Whether a job of this process was told to stop and hand over its best, or is cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tracking.jobs import ask

__all__ = ["cancel", "is_cancelled", "is_stopped", "searching", "stop_searching"]

# Jobs of this process.
_stopped: set[str] = set()
_cancelled: set[str] = set()
_broken_off: set[str] = set()


@contextmanager
def searching(job_id: str) -> Iterator[None]:
    """Search for a job: once the block is left, its id is free for another run.

    Left by an exception, searches that still go on in threads stop: Prefect waits for them.
    """
    _broken_off.discard(job_id)
    try:
        yield
    except BaseException:
        _broken_off.add(job_id)
        raise
    finally:
        _stopped.discard(job_id)
        _cancelled.discard(job_id)


def stop_searching(job_id: str, *, cancel: bool) -> None:
    """Tell the searches of a job in this process to hand over the best they have.

    With `cancel` it is then to end as cancelled, not as completed; that is not taken back.
    """
    if cancel:
        _cancelled.add(job_id)
    _stopped.add(job_id)


def cancel(job_id: str) -> None:
    """Cancel a job of this process, and its searches in others; fit for a signal's handler."""
    stop_searching(job_id, cancel=True)
    ask(job_id, "cancel")


def is_stopped(job_id: str) -> bool:
    """Whether the job was told to stop, or broke off and nothing it still finds is wanted."""
    return job_id in _stopped or job_id in _broken_off


def is_cancelled(job_id: str) -> bool:
    """Whether it was told to stop because nobody wants it any more."""
    return job_id in _cancelled
