"""Which failures of the flow are worth another try: it goes on then from what is kept."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRunPolicy
from prefect.context import FlowRunContext

from tasks.retrying import LASTING
from tasks.stopping import is_stopped

__all__ = ["RETRIES", "RETRY_DELAY_SECONDS", "final_if_lasting"]

RETRIES = 1
"""A task has been tried three times by then; one more after a pause is for lost workers."""
RETRY_DELAY_SECONDS = 10


@contextmanager
def final_if_lasting(job: str) -> Iterator[None]:
    """Have no other try follow a failure that would only come again, or that of a job told to end.

    Prefect has no condition for a flow's retries, as it has for a task's. When the flow's own
    time-out is over, it raises CancelledError.
    """
    try:
        yield
    except (Exception, CancelledError) as error:
        run = FlowRunContext.get()
        is_final = isinstance(error, (*LASTING, CancelledError)) or is_stopped(job)
        if is_final and run is not None and run.flow_run is not None:
            with get_client(sync_client=True) as client:
                policy = FlowRunPolicy(retries=0, retry_delay=0)
                client.update_flow_run(run.flow_run.id, empirical_policy=policy)
        raise
