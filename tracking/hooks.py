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

import functools
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, TypedDict
from uuid import UUID

from prefect import Task
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.context import FlowRunContext, TaskRunContext
from prefect.flows import Flow, FlowStateHook

from tracking.artifacts import Artifacts
from tracking.jobs import JOBS, redis_url, reporter_of, untracked
from tracking.plan import DEFAULT, Plan
from tracking.plan import plan as named_plan
from tracking.reporter import Reporter
from tracking.settling import end_elsewhere, end_of, job_id_of
from tracking.unit import Unit

__all__ = [
    "counted",
    "current_reporter",
    "job_id_of",
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
    on_completion: list[Callable[[Task[..., Any], TaskRun, State[Any]], Awaitable[None] | None]]


# How often each run of this process was tried, by its id; see `_is_new_attempt`.
_run_counts: dict[str, int] = {}

# Of the runs of this process, by their ids.
_artifacts: dict[str, Artifacts] = {}

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
        reporter = JOBS.find(job_id_of(flow_run))
        if reporter is not None and reporter.run_id == str(flow_run.id):
            if reporter.ended or _is_new_attempt(flow_run.id):
                reporter.start_attempt()
        else:
            reporter = Reporter(
                job_id_of(flow_run),
                self.plan_of(flow_run),
                redis_url(),
                run_id=str(flow_run.id),
                deployment=_deployment_name(flow_run.deployment_id),
            )
            JOBS.add(reporter)
            _run_counts[reporter.run_id] = flow_run.run_count + 1
            reporter.start()
            _artifacts[reporter.run_id] = artifacts = Artifacts(reporter, flow_run.id)
            artifacts.start()
        _job.set(reporter)


class _End(_Hook):
    def act(self, flow_run: FlowRun, state: State[Any]) -> None:
        status, reason = end_of(state)
        reporter = JOBS.find_run(str(flow_run.id))
        if reporter is None:
            end_elsewhere(
                job_id_of(flow_run), str(flow_run.id), self.plan_of(flow_run), status, reason
            )
            return
        _run_counts.pop(reporter.run_id, None)
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
        if artifacts := _artifacts.pop(reporter.run_id, None):
            artifacts.finish()


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
    for relay in JOBS.relays():
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
        return _reporter_elsewhere(flow)
    return untracked("code outside of a run")


def _running_job() -> Reporter | None:
    """The job that this process runs and this code belongs to."""
    flow = FlowRunContext.get()
    if flow is not None and flow.flow_run is not None:
        reporter = JOBS.find_run(str(flow.flow_run.id))
        if reporter is not None:
            return reporter
    reporter = _job.get()
    return None if reporter is None or reporter.ended else reporter


def _unit_of(task: Task[..., Any], task_run: TaskRun) -> Unit:
    """The unit that an attempt at a task counts."""
    key, attempt = str(task_run.id), max(1, task_run.run_count)
    reporter = None
    if task_run.flow_run_id is not None:
        reporter = JOBS.find_run(str(task_run.flow_run_id))
    reporter = reporter or _running_job()
    if reporter is not None:
        return reporter.unit(key, attempt=attempt)
    flow = FlowRunContext.get()
    if flow is None or flow.flow_run is None:
        return untracked(f"task run {task_run.id}")
    # In another process than the flow's. The task was sent here, and is this process's own.
    for hooks in (task.on_completion_hooks, task.on_failure_hooks):
        if _flush not in hooks and _count_run not in hooks:
            hooks.append(_flush)
    return _reporter_elsewhere(flow, unit=key, attempt=attempt)


def _reporter_elsewhere(context: FlowRunContext, *, unit: str = "", attempt: int = 1) -> Unit:
    """What is reported to in another process than the job's.

    Where the job's id or Redis's address is none, the flow's own process has said so: no work may
    fail for its progress bar.
    """
    try:
        return reporter_of(_job_elsewhere(context), unit=unit, attempt=attempt)
    except ValueError as error:
        return untracked(f"a run ({error})")


def _job_elsewhere(context: FlowRunContext) -> str:
    """The job, in another process, that a flow run is or, as a sub-flow, belongs to.

    If Prefect does not say, the sub-flow is its own: no work may fail for its progress bar.
    """
    run, flow = context.flow_run, context.flow
    assert run is not None  # noqa: S101 - the caller has looked
    if flow is not None and any(isinstance(hook, _Start) for hook in flow.on_running_hooks):
        return job_id_of(run)
    if run.parent_task_run_id is None:
        return job_id_of(run)
    try:
        return _job_of_ancestor(run.id)
    except Exception as error:  # noqa: BLE001
        _log.warning("flow run %s: whose part it is is not known: %s", run.id, error)
        return job_id_of(run)


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
    try:
        with get_client(sync_client=True) as client:
            return client.read_deployment(deployment_id).name
    except Exception as error:  # noqa: BLE001
        # It tells apart whose earlier runs are looked at: not worth a run's whole progress.
        _log.warning("deployment %s: its name is not known: %s", deployment_id, error)
        return ""


def _is_new_attempt(run_id: UUID) -> bool:
    """Whether a run that says again that it is running was retried, and not just interrupted.

    Prefect counts the attempts, but a flow's own copy of that number is an old one.
    """
    with get_client(sync_client=True) as client:
        run_count = client.read_flow_run(run_id).run_count
    before = _run_counts.get(str(run_id), run_count)
    _run_counts[str(run_id)] = run_count
    return run_count > before
