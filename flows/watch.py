"""Follow a job of any process in a terminal, until it ends or is lost."""

from __future__ import annotations

import threading
from contextlib import suppress

from rich.console import Console

from flows.terminal import Display
from tracking.settling import settle
from tracking.snapshot import Snapshot
from tracking.store import Store, Unavailable

__all__ = ["watch_job"]

_LOOK_SECONDS = 1.0


def watch_job(job_id: str, redis_url: str, console: Console) -> Snapshot | None:
    """Draw a job's snapshots as they come.

    Returns
    -------
    Its end; None if its process is lost, and Prefect does not know how it ended.

    A Redis that goes away while this looks is waited for.

    Raises
    ------
    ValueError
        If there is no such job.
    Unavailable
        If Redis does not answer at the start.
    """
    store = Store(redis_url)
    latest = store.snapshot(job_id)
    if latest is None:
        raise ValueError(f"job {job_id!r}: expected one that runs or ran in the last two hours")
    over = threading.Event()

    def follow() -> None:
        nonlocal latest
        while not over.is_set():
            with suppress(Unavailable):
                for snapshot in store.subscribe(job_id):
                    latest = snapshot
                over.set()
            over.wait(_LOOK_SECONDS)

    threading.Thread(target=follow, daemon=True).start()
    with Display(console, None, lambda: latest):
        while not over.wait(_LOOK_SECONDS):
            with suppress(Unavailable):
                if settle(job_id, redis_url) == "lost":
                    over.set()
                    return None
    return latest
