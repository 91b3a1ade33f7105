"""The end of a job, set by another process than its own, from what Prefect knows."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL

from tracking.keys import check_job_id
from tracking.plan import Plan
from tracking.progress import Progress
from tracking.snapshot import ENDS, End, Life, ended
from tracking.store import Store, Unavailable

__all__ = ["end_elsewhere", "end_of", "job_id_of", "settle"]

_log = logging.getLogger(__name__)


def settle(job_id: str, url: str) -> Life | None:
    """Say whether a job works, stalls, is lost or has ended; end a lost one if Prefect knows how.

    A process that was killed sets no end. Where Prefect has noticed, its state becomes the job's.

    Returns
    -------
    None if there is no such job.

    Raises
    ------
    Unavailable
        If Redis does not answer.
    """
    with _store(url) as store:
        seen = store.look(job_id)
        if seen is None or seen[1] != "lost":
            return None if seen is None else seen[1]
        try:
            run_id = UUID(seen[0]["run_id"])
        except ValueError:  # of a reporter that no flow run has made
            return "lost"
        if not PREFECT_API_URL.value():
            return "lost"
        with get_client(sync_client=True) as client:
            try:
                state = client.read_flow_run(run_id).state
            except ObjectNotFound:
                return "lost"
        if state is None or not state.is_final():
            return "lost"
        _write_end(store, job_id, *end_of(state))
        return "ended"


def end_elsewhere(job_id: str, run_id: str, plan: Plan, status: End, reason: str) -> None:
    """End a job whose reporter lives, or lived, in another process."""
    url = os.environ.get("HORARIUM_REDIS_URL")
    if not url:  # then its Redis has ended with it
        return
    with _store(url) as store:
        try:
            stored = store.snapshot(job_id)
            if stored is None:
                progress = Progress(plan, job_id, time.time(), run_id=run_id)
                store.write(progress.next(time.time()))
            elif stored["run_id"] != run_id:
                return  # the job's id is in use for another run
            _write_end(store, job_id, status, reason)
        except Unavailable as trouble:
            _log.warning("job %s: Redis is away, its end is not written: %s", job_id, trouble)


def job_id_of(flow_run: FlowRun) -> str:
    """The job that a flow run is.

    Raises
    ------
    ValueError
        If the run's parameter ``job_id`` is none.
    """
    given = flow_run.parameters.get("job_id")
    return check_job_id(str(given) if given else str(flow_run.id))


def end_of(state: State[Any]) -> tuple[End, str]:
    """How a run ended by its last state, and why it failed."""
    if state.is_completed():
        return "completed", ""
    if state.is_cancelled() or state.is_cancelling():
        return "cancelled", ""
    if state.name == "TimedOut":
        return "timeout", ""
    return "failed", state.message or state.name or "unknown"


def _write_end(store: Store, job_id: str, status: End, reason: str) -> None:
    """Write a job's end over its last snapshot, unless it has one."""
    while (stored := store.snapshot(job_id)) is not None and stored["status"] not in ENDS:
        answer = store.write(ended(stored, status, time.time(), reason))
        if answer.verdict != "older":
            return


@contextmanager
def _store(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()
