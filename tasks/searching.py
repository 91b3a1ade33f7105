"""How a task searches: it spends an allowance, and stops when its job is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.budget import Allowance
from tasks.resuming import unfinished
from tasks.stopping import is_stopped
from timetabling.search import SilentObserver, Stop
from tracking.jobs import heeding
from tracking.unit import Unit

__all__ = ["CountingOnly", "search"]


@contextmanager
def search(allowance: Allowance) -> Iterator[Stop]:
    """Begin to spend an allowance, in whatever process the task runs.

    What was cut short by a wish to stop is handed on, and not kept.
    """
    told = threading.Event()

    def cancelled() -> bool:
        return told.is_set() or is_stopped(allowance.job_id)

    with heeding(allowance.job_id, lambda _: told.set()):
        yield allowance.stop(cancelled)
        if cancelled():
            unfinished()


class CountingOnly(SilentObserver):
    """Counts for a task, and says nothing of what was found."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def update_stage_progress(self, completed: int, total: int) -> None:
        self._unit.update_stage_progress(completed, total)
