"""The end of a run that was stopped: cancelled, whatever it has published."""

from __future__ import annotations

from typing import TypeVar

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.exceptions import Abort
from prefect.states import Cancelled

from tracking.hooks import job_id_of
from tracking.jobs import job_of

__all__ = ["cancelled"]

T = TypeVar("T")


def cancelled(message: str, result: T) -> State[T]:
    """End the running flow's job, and its run, as cancelled.

    A run of a deployment does not come back from here. Prefect raises a Cancelled state that a
    deployed flow returns, and logs an error and its traceback for what was asked for; so the server
    is told here, and the run ends as one does that the server has ended.

    Returns
    -------
    What the flow is to return elsewhere, with the result.
    """
    context = FlowRunContext.get()
    assert context is not None  # noqa: S101 - called by a flow
    assert context.flow_run is not None  # noqa: S101
    run = context.flow_run
    # Prefect runs no hook for either end, so the job's is told here.
    job_of(job_id_of(run)).mark_cancelled()
    if run.deployment_id is None:
        return Cancelled(message=message, data=result)
    told: State[T] = Cancelled(message=message)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run.id, told)
    end = Abort(message)
    end.state = told  # type: ignore[attr-defined]  # for the run's last log line
    raise end
