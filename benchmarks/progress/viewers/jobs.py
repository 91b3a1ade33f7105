"""Jobs that publish at a steady pace: real snapshots through the real store, in one process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.store import Store, Unavailable

__all__ = ["write"]

_STAGE = "cpsat_solving"
_UNITS = 1_000_000  # of a job's stage: none is done before its time
_NOTICE_SECONDS = 0.5  # for whoever must know from when on snapshots count


def write(pipe: Connection, redis_url: str, names: Sequence[str]) -> None:
    """Be the process of the jobs, until nobody holds the pipe's other end any more.

    It is told ``("pace", seconds)``, between two snapshots of one job, or None for silence;
    ``("begin", None)``, and answers the time from which on snapshots count; ``("end", None)``,
    falls silent, and answers how many of each job counted.
    """
    store = Store(redis_url)
    jobs = [Progress(DEFAULT, name, time.time()) for name in names]
    for job in jobs:
        job.start_stage(_STAGE, time.time())
        _publish(store, job)
    counts, since = [0] * len(jobs), float("inf")
    pace: float | None = None
    began, turn = time.monotonic(), 0
    pipe.send("live")
    while True:
        # One after the other, so that their snapshots are spread over the time.
        wait = None if pace is None else began + turn * pace / len(jobs) - time.monotonic()
        if not pipe.poll(None if wait is None else max(0.0, wait)):
            counts[turn % len(jobs)] += _publish(store, jobs[turn % len(jobs)]) >= since
            turn += 1
            continue
        try:
            command, argument = pipe.recv()
        except EOFError:
            return
        if command == "pace":
            pace, began, turn = argument, time.monotonic(), 0
        elif command == "begin":
            counts, since = [0] * len(jobs), time.time() + _NOTICE_SECONDS
            pipe.send(since)
        elif command == "end":
            pace = None
            pipe.send(counts)


def _publish(store: Store, job: Progress) -> float:
    """Gives the time that the snapshot says it was published at."""
    now = time.time()
    job.count(job.completed + 1, _UNITS, now)
    snapshot = job.next(now)
    while True:
        # Each must arrive, even where a busy machine makes Redis late.
        with suppress(Unavailable):
            store.write(snapshot, generation="benchmark", stage=_STAGE)
            return snapshot["published_at"]
