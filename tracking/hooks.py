"""Prefect's side of tracking: a job's start and end come from its flow's states.

::

    @flow(**tracked(PLAN))
    def nightly() -> None:
        reporter = current_reporter()
        reporter.start_stage("compute")
        compute.map(range(100))

    @task(retries=2)
    def compute(item: int) -> None:
        current_reporter().advance()
"""

from __future__ import annotations

import atexit
import functools
import logging
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypedDict
from uuid import UUID

from prefect import Task
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import ObjectNotFound
from prefect.flows import Flow, FlowStateHook
from prefect.settings import PREFECT_API_URL

from tracking import keys
from tracking.artifacts import Artifacts
from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT, Plan
from tracking.plan import plan as named_plan
from tracking.progress import Progress
from tracking.relay import Relay
from tracking.reporter import Reporter
from tracking.snapshot import ENDS, End, Life, ended
from tracking.store import Store, Unavailable
from tracking.unit import Unit

__all__ = [
    "counted",
    "current_reporter",
    "job_id_of",
    "job_of",
    "redis_url",
    "reporter_of",
    "settle",
    "tracked",
]

_log = logging.getLogger(__name__)


class _FlowHooks(TypedDict):
    on_running: list[FlowStateHook[..., Any]]
    on_completion: list[FlowStateHook[..., Any]]
    on_failure: list[FlowStateHook[..., Any]]
    on_cancellation: list[FlowStateHook[..., Any]]
    on_crashed: list[FlowStateHook[..., Any]]


class _TaskHooks(TypedDict):
    on_completion: list[Callable[[Task[..., Any], TaskRun, State[Any]], None]]


class _Registry:
    """The jobs that this process runs, and those of other processes that it works for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reporters: dict[str, Reporter] = {}
        self._run_counts: dict[str, int] = {}
        self._relays: dict[str, Relay] = {}

    def find(self, job_id: str) -> Reporter | None:
        with self._lock:
            return self._reporters.get(job_id)

    def find_run(self, run_id: str) -> Reporter | None:
        with self._lock:
            return next((r for r in self._reporters.values() if r.run_id == run_id), None)

    def add(self, reporter: Reporter, run_count: int) -> None:
        """Keep it, and let go of those whose jobs have ended."""
        with self._lock:
            going_on = {name: r for name, r in self._reporters.items() if not r.ended}
            self._reporters = going_on | {reporter.job_id: reporter}
            runs = {r.run_id for r in self._reporters.values()}
            self._run_counts = {r: n for r, n in self._run_counts.items() if r in runs}
            self._run_counts[reporter.run_id] = run_count

    def is_new_attempt(self, run_id: UUID) -> bool:
        """Whether a run that says again that it is running was retried, and not just interrupted.

        Prefect counts the attempts, but a flow's own copy of that number is an old one.
        """
        with get_client(sync_client=True) as client:
            run_count = client.read_flow_run(run_id).run_count
        with self._lock:
            before = self._run_counts.get(str(run_id), run_count)
            self._run_counts[str(run_id)] = run_count
        return run_count > before

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


_registry = _Registry()

# The job of the flow that this thread or asynchronous task runs; Prefect copies it to the threads
# of tasks, and untracked sub-flows inherit it.
_job: ContextVar[Reporter | None] = ContextVar("tracked job", default=None)


class _Hook:
    """A state hook. An object of an importable class, so that flows can be sent to workers."""

    def __init__(self, plan: Plan | None) -> None:
        self.plan = plan
        self.__name__ = "track"  # what Prefect's log calls it

    # The runner and the worker pass the arguments by these names.
    def __call__(self, flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG002
        """Do it; no run may fail for its progress bar."""
        try:
            self.act(flow_run, state)
        except Exception:  # noqa: BLE001
            # Prefect would log a crash of the hook; this says that only progress is lost.
            _log.exception("flow run %s: its progress is not tracked", flow_run.id)

    def act(self, flow_run: FlowRun, state: State[Any]) -> None:
        """Do what the state asks for."""
        raise NotImplementedError

    def plan_of(self, flow_run: FlowRun) -> Plan:
        """The plan of a run: the flow's, or the one that its parameter ``plan`` names."""
        return self.plan or named_plan(str(flow_run.parameters.get("plan") or DEFAULT.name))


class _Start(_Hook):
    def act(self, flow_run: FlowRun, state: State[Any]) -> None:  # noqa: ARG002
        reporter = _registry.find(job_id_of(flow_run))
        if reporter is not None and reporter.run_id == str(flow_run.id):
            if reporter.ended or _registry.is_new_attempt(flow_run.id):
                reporter.start_attempt()
        else:
            reporter = Reporter(
                job_id_of(flow_run),
                self.plan_of(flow_run),
                redis_url(),
                run_id=str(flow_run.id),
                deployment=_deployment_name(flow_run.deployment_id),
            )
            _registry.add(reporter, flow_run.run_count + 1)
            reporter.start()
            Artifacts(reporter, flow_run.id).start()
        _job.set(reporter)


class _End(_Hook):
    def act(self, flow_run: FlowRun, state: State[Any]) -> None:
        status, reason = _end_of(state)
        reporter = _registry.find_run(str(flow_run.id))
        if reporter is None:
            _settle(flow_run, self.plan_of(flow_run), status, reason)
            return
        if _job.get() is reporter:
            _job.set(None)
        if status == "completed":
            reporter.mark_completed()
        elif status == "cancelled":
            reporter.mark_cancelled()
        elif status == "timeout":
            reporter.mark_timeout()
        else:
            reporter.mark_failed(reason)


def tracked(plan: Plan | None = None) -> _FlowHooks:
    """State hooks that track a flow: ``@flow(**tracked(plan))``.

    The job's id is the run's parameter ``job_id`` if it has one, else the flow run's id.

    Parameters
    ----------
    plan
        The flow's stages; None looks the run's parameter ``plan`` up, a plan's name.
    """
    start, end = _Start(plan), _End(plan)
    return _FlowHooks(
        on_running=[start],
        on_completion=[end],
        on_failure=[end],
        on_cancellation=[end],
        on_crashed=[end],
    )


def counted() -> _TaskHooks:
    """State hooks that count a task: ``@task(**counted())``.

    A run of it that has not counted by itself is one unit of the stage's work, finished when the
    run is completed, or skipped because its result is cached.
    """
    return _TaskHooks(on_completion=[_count_run])


def _count_run(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> None:
    unit = _unit_of(task, task_run)
    if not unit.completed:
        unit.advance()
    _flush(task, task_run, state)


def _flush(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> None:  # noqa: ARG001
    """Before a task in another process than the job's ends, what it has counted is passed on."""
    for relay in _registry.relays():
        relay.flush()


def current_reporter() -> Unit:
    """What the running task or flow reports to, in whatever process and thread it runs.

    In a flow, or in a sub-flow that is not tracked by itself, it is the job's `Reporter`: what it
    counts belongs to the stage in work. In a task it is a `Unit` for this attempt at the task: when
    it is tried again, it counts afresh. Threads that Prefect does not know have no run: take the
    reporter along, or ask `reporter_of`.
    """
    task = TaskRunContext.get()
    if task is not None:
        return _unit_of(task.task, task.task_run)
    reporter = _running_job()
    if reporter is not None:
        return reporter
    flow = FlowRunContext.get()
    if flow is not None and flow.flow_run is not None:
        return reporter_of(_job_elsewhere(flow))
    return _silent("code outside of a run")


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
    reporter = _registry.find(keys.check_job_id(job_id))
    if reporter is not None:
        return reporter.unit(unit, attempt=attempt, stage=stage) if unit else reporter
    url = os.environ.get("HORARIUM_REDIS_URL")
    if not url:
        return _silent(f"job {job_id}")
    all_of_this_process = f"process {platform.node()} {os.getpid()}"
    relay = _registry.relay(job_id, url)
    return relay.unit(unit or all_of_this_process, attempt=attempt, stage=stage)


def job_of(job_id: str) -> Reporter:
    """The reporter of a job that this process runs.

    Raises
    ------
    ValueError
        If it runs none of that id.
    """
    reporter = _registry.find(keys.check_job_id(job_id))
    if reporter is None:
        raise ValueError(f"job {job_id!r}: expected one that runs in this process")
    return reporter


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
        if not seen[0]["run_id"] or not PREFECT_API_URL.value():
            return "lost"
        with get_client(sync_client=True) as client:
            try:
                state = client.read_flow_run(UUID(seen[0]["run_id"])).state
            except ObjectNotFound:
                return "lost"
        if state is None or not state.is_final():
            return "lost"
        _write_end(store, job_id, *_end_of(state))
        return "ended"


@functools.cache
def _own_redis() -> EmbeddedRedis:
    server = EmbeddedRedis()
    atexit.register(server.close)
    return server


def _running_job() -> Reporter | None:
    """The job that this process runs and this code belongs to."""
    flow = FlowRunContext.get()
    if flow is not None and flow.flow_run is not None:
        reporter = _registry.find_run(str(flow.flow_run.id))
        if reporter is not None:
            return reporter
    reporter = _job.get()
    return None if reporter is None or reporter.ended else reporter


def _unit_of(task: Task[..., Any], task_run: TaskRun) -> Unit:
    """The unit that an attempt at a task counts."""
    key, attempt = str(task_run.id), max(1, task_run.run_count)
    reporter = None
    if task_run.flow_run_id is not None:
        reporter = _registry.find_run(str(task_run.flow_run_id))
    reporter = reporter or _running_job()
    if reporter is not None:
        return reporter.unit(key, attempt=attempt)
    flow = FlowRunContext.get()
    if flow is None or flow.flow_run is None:
        return _silent(f"task run {task_run.id}")
    # In another process than the flow's. The task was sent here, and is this process's own.
    for hooks in (task.on_completion_hooks, task.on_failure_hooks):
        if _flush not in hooks and _count_run not in hooks:
            hooks.append(_flush)
    return reporter_of(_job_elsewhere(flow), unit=key, attempt=attempt)


def _job_elsewhere(context: FlowRunContext) -> str:
    """The job, in another process, that a flow run is or, as a sub-flow, belongs to."""
    run, flow = context.flow_run, context.flow
    assert run is not None  # noqa: S101 - the caller has looked
    if flow is not None and any(isinstance(hook, _Start) for hook in flow.on_running_hooks):
        return job_id_of(run)
    return _job_of_ancestor(run.id) if run.parent_task_run_id else job_id_of(run)


@functools.lru_cache(maxsize=128)
def _job_of_ancestor(run_id: UUID) -> str:
    """The job of the outermost flow run that a sub-flow belongs to, which only Prefect knows."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(run_id)
        while run.parent_task_run_id is not None:
            parent = client.read_task_run(run.parent_task_run_id).flow_run_id
            if parent is None:
                break
            run = client.read_flow_run(parent)
    return job_id_of(run)


def _deployment_name(deployment_id: UUID | None) -> str:
    if deployment_id is None:
        return ""
    with get_client(sync_client=True) as client:
        return client.read_deployment(deployment_id).name


def _silent(whose: str) -> Reporter:
    _log.warning("%s is not tracked in this process: reports from here are dropped", whose)
    return Reporter("untracked", DEFAULT, None)


def _end_of(state: State[Any]) -> tuple[End, str]:
    if state.is_completed():
        return "completed", ""
    if state.is_cancelled() or state.is_cancelling():
        return "cancelled", ""
    if state.name == "TimedOut":
        return "timeout", ""
    return "failed", state.message or state.name or "unknown"


def _settle(flow_run: FlowRun, plan: Plan, status: End, reason: str) -> None:
    """End a job whose reporter lives, or lived, in another process."""
    url = os.environ.get("HORARIUM_REDIS_URL")
    if not url:  # then its Redis has ended with it
        return
    job_id = job_id_of(flow_run)
    with _store(url) as store:
        try:
            stored = store.snapshot(job_id)
            if stored is None:
                progress = Progress(plan, job_id, time.time(), run_id=str(flow_run.id))
                store.write(progress.next(time.time()))
            elif stored["run_id"] != str(flow_run.id):
                return  # the job's id is in use for another run
            _write_end(store, job_id, status, reason)
        except Unavailable as trouble:
            _log.warning("job %s: Redis is away, its end is not written: %s", job_id, trouble)


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
