"""A run that Prefect's server holds for dead says that it lives.

The server ends runs of which it has heard nothing for a while (`flows.automations`). After an
absence of its own, or of the network, it has heard nothing of those that live either.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.states import Running

__all__ = ["SILENCE", "insisting_on_life"]

SILENCE = "Nothing was heard of it for"
"""How the server's reason begins when it ends a run by itself."""

_LOOK_SECONDS = 5.0

_log = logging.getLogger(__name__)


@contextmanager
def insisting_on_life() -> Iterator[None]:
    """Have the running flow be *Running* again if the server ends it for its silence.

    A run whose state was set otherwise is left as it is.
    """
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        yield
        return
    over = threading.Event()
    # In this one's context: where the server is, is part of it.
    look = copy_context().run
    thread = threading.Thread(
        target=look, args=(_insist, context.flow_run.id, over), name="living", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()  # or it might say so of a run that has just ended


def _insist(run_id: UUID, over: threading.Event) -> None:
    while not over.wait(_LOOK_SECONDS):
        try:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(run_id).state
                if state is None or not state.is_crashed():
                    continue
                if (state.message or "").startswith(SILENCE):
                    lives = Running(message="It was held for dead, and lives")
                    client.set_flow_run_state(run_id, lives, force=True)
                    _log.warning("Prefect's server held this run for dead: it is told otherwise")
        except (httpx.HTTPError, OSError, RuntimeError) as trouble:
            _log.debug("Prefect's server is away: %s", trouble)
