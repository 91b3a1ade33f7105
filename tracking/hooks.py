"""The only file here that knows Prefect: a job's start and end come from its flow's states.

::

    @flow(**tracked(DEFAULT))
    def timetable(job_id: str | None = None) -> None:
        reporter = current_reporter()
        reporter.start_stage("loading")
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any, TypedDict

from prefect.client.schemas.objects import FlowRun, State
from prefect.context import FlowRunContext, TaskRunContext
from prefect.flows import Flow, FlowStateHook

from tracking import keys
from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT, Plan
from tracking.plan import plan as named_plan
from tracking.progress import Progress
from tracking.reporter import Reporter
from tracking.snapshot import End
from tracking.store import Store, Unavailable

__all__ = ["current_reporter", "job_id_of", "redis_url", "reporter_of", "tracked"]

_log = logging.getLogger(__name__)

_Hook = FlowStateHook[..., Any]
_Act = Callable[[Flow[..., Any], FlowRun, State[Any]], None]


class _StateHooks(TypedDict):
    on_running: list[_Hook]
    on_completion: list[_Hook]
    on_failure: list[_Hook]
    on_cancellation: list[_Hook]
    on_crashed: list[_Hook]


class _Registry:
    """The reporters of this process, by job."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reporters: dict[str, Reporter] = {}

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


_registry = _Registry()


def tracked(plan: Plan | None = None) -> _StateHooks:
    """State hooks that track a flow: ``@flow(**tracked(plan))``.

    The job's id is the run's parameter ``job_id`` if it has one, else the flow run's id.

    Parameters
    ----------
    plan
        The flow's stages; None looks the run's parameter ``plan`` up, a plan's name.
    """

    def track_start(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
        reporter = _registry.find(job_id_of(flow_run))
        if reporter is not None and reporter.run_id == str(flow_run.id):
            # Prefect also says "running" when a signal interrupts a run: that is no new attempt.
            if state.name == "Retrying" or reporter.ended:
                reporter.start_attempt()
            return
        reporter = Reporter(
            job_id_of(flow_run),
            _plan_of(flow_run, plan),
            redis_url(),
            run_id=str(flow_run.id),
        )
        _registry.add(reporter)
        reporter.start()

    def track_end(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG001
        status, reason = _end_of(state)
        reporter = _registry.find_run(str(flow_run.id))
        if reporter is None:
            _settle(flow_run, _plan_of(flow_run, plan), status, reason)
        elif status == "completed":
            reporter.mark_completed()
        elif status == "cancelled":
            reporter.mark_cancelled()
        elif status == "timeout":
            reporter.mark_timeout()
        else:
            reporter.mark_failed(reason)

    start, end = _logged(track_start), _logged(track_end)
    return _StateHooks(
        on_running=[start],
        on_completion=[end],
        on_failure=[end],
        on_cancellation=[end],
        on_crashed=[end],
    )


def current_reporter() -> Reporter:
    """The reporter of the flow run that this code runs in: in a flow's body or in a task's.

    Threads that Prefect does not know have no run: take the reporter along, or ask `reporter_of`.
    """
    task, flow = TaskRunContext.get(), FlowRunContext.get()
    run_id = None
    if task is not None:
        run_id = task.task_run.flow_run_id
    elif flow is not None and flow.flow_run is not None:
        run_id = flow.flow_run.id
    reporter = None if run_id is None else _registry.find_run(str(run_id))
    return _silent(f"flow run {run_id}") if reporter is None else reporter


def reporter_of(job_id: str) -> Reporter:
    """The reporter of a job that runs in this process, from any thread.

    In another process than the flow's there is none yet: what is returned then counts and
    publishes nothing, and a warning says so.
    """
    reporter = _registry.find(keys.check_job_id(job_id))
    return _silent(f"job {job_id}") if reporter is None else reporter


def job_id_of(flow_run: FlowRun) -> str:
    """The job that a flow run is.

    Raises
    ------
    ValueError
        If the run's parameter ``job_id`` is none.
    """
    given = flow_run.parameters.get("job_id")
    return keys.check_job_id(str(given) if given else str(flow_run.id))


def redis_url() -> str:
    """Where this process publishes: ``HORARIUM_REDIS_URL``, else a Redis of its own."""
    return os.environ.get("HORARIUM_REDIS_URL") or _own_redis().url


@functools.cache
def _own_redis() -> EmbeddedRedis:
    server = EmbeddedRedis()
    atexit.register(server.close)
    return server


def _silent(whose: str) -> Reporter:
    _log.warning("%s is not tracked in this process: reports from here are dropped", whose)
    return Reporter("untracked", DEFAULT, None)


def _logged(hook: _Act) -> _Hook:
    """Prefect would log what is wrong as a hook's crash; this says that only progress is lost."""

    @functools.wraps(hook)
    # The runner and the worker pass the arguments by these names.
    def logged(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
        try:
            hook(flow, flow_run, state)
        except Exception:  # noqa: BLE001 - no run may fail for its progress bar
            _log.exception("flow run %s: its progress is not tracked", flow_run.id)

    return logged


def _plan_of(flow_run: FlowRun, plan: Plan | None) -> Plan:
    return plan or named_plan(str(flow_run.parameters.get("plan") or DEFAULT.name))


def _end_of(state: State[Any]) -> tuple[End, str]:
    if state.is_completed():
        return "completed", ""
    if state.is_cancelled() or state.is_cancelling():
        return "cancelled", ""
    if state.name == "TimedOut":
        return "timeout", ""
    return "failed", state.message or state.name or "unknown"


def _settle(flow_run: FlowRun, plan: Plan, status: End, reason: str) -> None:
    """End a job whose reporter lived in another process, from what it left in Redis."""
    url = os.environ.get("HORARIUM_REDIS_URL")
    if not url:  # then its Redis has ended with it
        return
    store, job_id = Store(url), job_id_of(flow_run)
    try:
        stored = store.snapshot(job_id)
        progress = Progress(plan, job_id, time.time(), run_id=str(flow_run.id))
        if stored is not None:
            if stored["run_id"] != str(flow_run.id):
                return  # the job's id is in use for another run
            progress.take_over(stored)
        progress.end(status, time.time(), reason=reason)
        while not progress.over:
            answer = store.write(progress.next(time.time()))
            progress.skip_to(answer.seq)
    except Unavailable as trouble:
        _log.warning("job %s: Redis is away, its end is not written: %s", job_id, trouble)
    finally:
        store.close()
