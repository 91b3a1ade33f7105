"""The deployments of ``prefect.yaml``, and what runs them on one machine."""

from __future__ import annotations

import shlex
import subprocess
import sys
from copy import deepcopy
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

__all__ = [
    "bury_the_killed",
    "deploy_command",
    "has_started",
    "hold_back",
    "let_schedules_rest",
    "make_pool",
    "prefect_file",
    "release",
    "skip_missed_nights",
    "worker_command",
]

_POOL, _WORKER = "local", "horarium-up"
_NIGHTLY = "timetable/nightly"
_RUNS_AT_A_TIME = 2  # each searches with all cores; a short one should not wait for a long one
_HERE = Path(__file__).resolve().parent


def prefect_file() -> Path:
    """Find the file of the deployments: an installed one is among the flows, a clone's above."""
    installed = _HERE / "prefect.yaml"
    return installed if installed.exists() else _HERE.parent / "prefect.yaml"


def release() -> dict[str, str]:
    """Say which release this is; a step of ``prefect deploy``.

    Returns
    -------
    The ``version``: the package's, and in a clone the commit, such as ``0.1.0+g1a2b3c4d``, with
    ``.dirty`` where files differ from it.
    """
    return {"version": "+".join(filter(None, [version("horarium"), _commit()]))}


def deploy_command() -> list[str]:
    """What makes the deployments, or makes them anew."""
    return [
        sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all",
        "--prefect-file", str(prefect_file()),
    ]  # fmt: skip


def worker_command() -> list[str]:
    """What starts the runs of the deployments."""
    return [
        sys.executable, "-m", "prefect", "worker", "start",
        "--pool", _POOL, "--type", "process", "--name", _WORKER, "--limit", str(_RUNS_AT_A_TIME),
    ]  # fmt: skip


def make_pool(client: SyncPrefectClient) -> None:
    """Make the work pool, if it is not there, and have it start each run as this program does.

    A command of one's own also leaves a run in its worker's process group, which ends as a whole;
    by default each run leads a group, and outlives a worker that is killed.
    """
    try:
        template = client.read_work_pool(_POOL).base_job_template
    except ObjectNotFound:
        known: dict[str, Any] = client.read_worker_metadata()
        template = known["prefect"]["process"]["default_base_job_configuration"]
        client.create_work_pool(
            WorkPoolCreate(name=_POOL, type="process", base_job_template=template)
        )
    template = deepcopy(template)
    command = shlex.join([sys.executable, "-m", "prefect.engine"])
    template["variables"]["properties"]["command"]["default"] = command
    client.update_work_pool(_POOL, WorkPoolUpdate(base_job_template=template, is_paused=False))


def hold_back(client: SyncPrefectClient) -> None:
    """Let no more runs begin, and cancel those of which no process has said anything yet.

    Runs that wait for a worker wait for the next one.
    """
    client.update_work_pool(_POOL, WorkPoolUpdate(is_paused=True))
    for run in _runs(client, StateType.PENDING):
        client.set_flow_run_state(run.id, Cancelled(message="Its worker has ended"))


def bury_the_killed(client: SyncPrefectClient) -> None:
    """End runs that were killed with what ran them, before any can begin: Prefect does not know."""
    for run in _runs(client, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING):
        state: State[Any] = Crashed(message="Killed with what ran it")
        client.set_flow_run_state(run.id, state, force=True)


def has_started(client: SyncPrefectClient, began: datetime) -> bool:
    """Whether the worker asks for runs, which one before it may have done as well."""
    return any(
        worker.name == _WORKER and (worker.last_heartbeat_time or began) > began
        for worker in client.read_workers_for_work_pool(_POOL)
    )


def skip_missed_nights(client: SyncPrefectClient) -> bool:
    """Drop the runs that were due while this machine was off; gives whether nights are known."""
    try:
        nightly = client.read_deployment_by_name(_NIGHTLY)
    except ObjectNotFound:
        return False
    if not nightly.paused:
        client.pause_deployment(nightly.id)  # Prefect drops what it has scheduled
        client.resume_deployment(nightly.id)
    return True


def let_schedules_rest(client: SyncPrefectClient) -> None:
    """Switch the nightly schedule off, until somebody switches it on in Prefect's page."""
    nightly = client.read_deployment_by_name(_NIGHTLY)
    for schedule in nightly.schedules:
        client.update_deployment_schedule(nightly.id, schedule.id, active=False)


def _runs(client: SyncPrefectClient, *states: StateType) -> list[FlowRun]:
    """The pool's runs in any of the states."""
    of_type = FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))
    return client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=of_type),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[_POOL])),
    )


def _commit() -> str:
    """The commit that a clone is at; nothing elsewhere."""
    if not (_HERE.parent / ".git").exists():
        return ""
    describe = ["describe", "--always", "--abbrev=8", "--dirty=.dirty", "--exclude=*"]
    try:
        told = subprocess.run(  # noqa: S603
            ["git", "-C", str(_HERE.parent), *describe],  # noqa: S607
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return f"g{told.stdout.strip()}"
