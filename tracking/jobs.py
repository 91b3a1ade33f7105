"""The jobs of this process: those that it runs, and those of others that it works for."""

from __future__ import annotations

import atexit
import functools
import logging
import os
import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tracking import keys
from tracking.accuracy import Accuracy
from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT
from tracking.relay import Relay
from tracking.reporter import Reporter
from tracking.requests import Heed, Request
from tracking.snapshot import Snapshot
from tracking.unit import Unit

__all__ = [
    "JOBS",
    "accuracy_so_far",
    "ask",
    "heeding",
    "job_of",
    "last_snapshot",
    "redis_url",
    "reporter_of",
    "untracked",
]

_log = logging.getLogger(__name__)


class Registry:
    """Reporters and relays, by job."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal may interrupt one look with another
        self._reporters: dict[str, Reporter] = {}
        self._relays: dict[str, Relay] = {}

    def find(self, job_id: str) -> Reporter | None:
        with self._lock:
            return self._reporters.get(job_id)

    def find_run(self, run_id: str) -> Reporter | None:
        with self._lock:
            return next((r for r in self._reporters.values() if r.run_id == run_id), None)

    def add(self, reporter: Reporter) -> None:
        """Keep it, and let go of those whose jobs have ended."""
        with self._lock:
            going_on = {name: r for name, r in self._reporters.items() if not r.ended}
            self._reporters = going_on | {reporter.job_id: reporter}

    def relays(self) -> list[Relay]:
        with self._lock:
            return list(self._relays.values())

    def relay(self, job_id: str, url: str) -> Relay:
        """The relay to a job of another process; lets go of those long unused."""
        with self._lock:
            self._relays = {name: r for name, r in self._relays.items() if not r.is_idle}
            if job_id not in self._relays:
                self._relays[job_id] = Relay(job_id, url)
            return self._relays[job_id]


JOBS = Registry()
"""All of this process."""


def reporter_of(job_id: str, *, unit: str = "", attempt: int = 1, stage: str = "") -> Unit:
    """What to report to for a job, from any thread or process that knows its id.

    Parameters
    ----------
    unit
        Which piece of the work; empty is all that this process does of it.
    attempt
        At that piece; what a later one counts takes the place of an earlier one's.
    stage
        Which the unit is part of; by default the stage in work.
    """
    reporter = JOBS.find(keys.check_job_id(job_id))
    if reporter is not None:
        return reporter.unit(unit, attempt=attempt, stage=stage) if unit else reporter
    url = os.environ.get("HORARIUM_REDIS_URL")
    if not url:
        return untracked(f"job {job_id}")
    all_of_this_process = f"process {platform.node()} {os.getpid()}"
    relay = JOBS.relay(job_id, url)
    return relay.unit(unit or all_of_this_process, attempt=attempt, stage=stage)


def job_of(job_id: str) -> Reporter:
    """The reporter of a job that this process runs.

    Raises
    ------
    ValueError
        If it runs none of that id.
    """
    reporter = JOBS.find(keys.check_job_id(job_id))
    if reporter is None:
        raise ValueError(f"job {job_id!r}: expected one that runs in this process")
    return reporter


@contextmanager
def heeding(job_id: str, heed: Heed) -> Iterator[None]:
    """While the block lasts, do what a job is asked, here or elsewhere: see `Requests.heeding`.

    Of a job of another process see `Relay.heeding`. One that is not tracked is not asked.
    """
    reporter, url = JOBS.find(keys.check_job_id(job_id)), os.environ.get("HORARIUM_REDIS_URL")
    if reporter is not None:
        with reporter.requests.heeding(heed):
            yield
    elif url:
        with JOBS.relay(job_id, url).heeding(heed):
            yield
    else:
        yield


def ask(job_id: str, request: Request) -> None:
    """Ask what works in other processes for a job of this one; waits for nothing.

    They hear of it once the job has published, within a second.
    """
    reporter = JOBS.find(keys.check_job_id(job_id))
    if reporter is not None:
        reporter.requests.ask(request)


def last_snapshot(job_id: str) -> Snapshot | None:
    """What a job of this process has published last, if it is tracked and has said anything."""
    reporter = JOBS.find(keys.check_job_id(job_id))
    return None if reporter is None else reporter.last_snapshot


def accuracy_so_far(job_id: str) -> Accuracy | None:
    """How right the bar and the time left of a job of this process are, should it end now."""
    reporter = JOBS.find(keys.check_job_id(job_id))
    return None if reporter is None else reporter.accuracy


def redis_url() -> str:
    """Where this process publishes: ``HORARIUM_REDIS_URL``, else a Redis of its own."""
    return os.environ.get("HORARIUM_REDIS_URL") or _own_redis().url


def untracked(whose: str) -> Reporter:
    """What code that belongs to no job reports to: it counts, and tells nobody."""
    _log.warning(
        "%s is not tracked in this process: reports from here are dropped. In another process than "
        "the flow's, HORARIUM_REDIS_URL says where the job is",
        whose,
    )
    return Reporter("untracked", DEFAULT, None)


@functools.cache
def _own_redis() -> EmbeddedRedis:
    server = EmbeddedRedis()
    atexit.register(server.close)
    return server
