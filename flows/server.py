"""A Prefect server of one's own: for one run, where none is configured, or for all of them.

Prefect would start one by itself, in the terminal's own process group: there Ctrl-C ends it
before the run can say how it ended, and a killed run leaves it behind.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from tracking.child import Child, free_port

__all__ = ["prefect_server", "start_server"]

_STARTUP_SECONDS = 180.0  # a first start makes the database: 20 s, more on a busy machine
_PATIENCE_SECONDS = 5.0

# What Prefect sets for the server that it starts for itself: no page, no background services.
_ENVIRONMENT = {
    "PREFECT_UI_ENABLED": "0",
    "PREFECT__SERVER_EPHEMERAL": "1",
}

# By itself Prefect writes each state of each task in a transaction of its own.
_TOGETHER = {
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "50",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
}


@contextmanager
def prefect_server() -> Iterator[Callable[[], None]]:
    """Have a Prefect server for as long as the block lasts; gives a call that waits for it.

    The call raises RuntimeError, saying why, if the server does not start.
    """
    if PREFECT_API_URL.value():
        yield lambda: None
        return
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    child = start_server(
        port,
        {
            **os.environ,
            **_ENVIRONMENT,
            **get_current_settings().to_environment_variables(exclude_unset=True),
        },
    )
    try:
        with temporary_settings({PREFECT_API_URL: url}):
            yield lambda: _wait(child, url)
    finally:
        child.close(patience_seconds=_PATIENCE_SECONDS)


def start_server(port: int, environment: Mapping[str, str]) -> Child:
    """Start a server on this machine's loopback address; does not wait until it answers."""
    return Child(
        [
            sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app",
            "--host", "127.0.0.1", "--port", str(port), "--log-level", "error",
        ],
        Path(tempfile.mkdtemp(prefix="horarium-prefect-")),
        environment={
            **_TOGETHER,
            **environment,
            "PREFECT__SERVER_FINAL": "1",  # nobody makes another one in that process
            "PREFECT_UI_API_URL": f"http://127.0.0.1:{port}/api",
        },
    )  # fmt: skip


def _wait(child: Child, url: str) -> None:
    deadline = time.monotonic() + _STARTUP_SECONDS
    while child.is_running and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/health").is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"Prefect's server did not start: {child.last_words()}")
