"""What Prefect's server says of a run that lives is answered by the run itself.

Asked to cancel it, the server tells whoever started the run's process, if that has not lost touch
with it; of a flow that somebody called, nobody. And after an absence of its own, or of the network,
it takes runs of which it has heard nothing for dead (`flows.automations`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings
from prefect.states import Running

from tasks.stopping import cancel

__all__ = ["SILENCE", "answering_for"]

SILENCE = "Nothing was heard of it for"
"""How the server's reason begins when it ends a run by itself."""

_LOOK_SECONDS = 2.0

_log = logging.getLogger(__name__)


@contextmanager
def answering_for(job: str) -> Iterator[None]:
    """Have the job of the running flow end when the server is asked to cancel the run.

    A run that the server has ended for its silence is made *Running* again.
    """
    context = FlowRunContext.get()
    assert context is not None  # noqa: S101 - called by a flow
    assert context.flow_run is not None  # noqa: S101
    over = threading.Event()
    # In this one's context: where the server is, is part of it.
    look = copy_context().run
    thread = threading.Thread(
        target=look, args=(_answer, context.flow_run.id, job, over), name="answering", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()  # or it might say that a run lives which has just ended


def _answer(run_id: UUID, job: str, over: threading.Event) -> None:
    # What does not answer now is asked again in a moment, not ever later, as Prefect's clients do.
    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 0}),
        get_client(sync_client=True) as client,
    ):
        while not over.wait(_LOOK_SECONDS):
            try:
                state = client.read_flow_run(run_id).state
                if state is None:
                    continue
                if state.is_cancelling() or state.is_cancelled():
                    cancel(job)
                    return
                if state.is_crashed() and (state.message or "").startswith(SILENCE):
                    lives: State[Any] = Running(message="It was held for dead, and lives")
                    client.set_flow_run_state(run_id, lives, force=True)
                    _log.warning("Prefect's server held this run for dead: it is told otherwise")
            except httpx.HTTPError as trouble:
                _log.debug("Prefect's server is away: %s", trouble)
