"""Servers and processes that a test may kill, stop and start again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from flows.server import start_server
from tracking.child import free_port
from tracking.embedded import EmbeddedRedis

__all__ = [
    "ROOT",
    "Command",
    "PrefectServer",
    "Process",
    "RedisServer",
    "clean_environment",
    "end_group",
    "wait",
]

ROOT = Path(__file__).resolve().parents[2]


def wait(until: Callable[[], Any], what: str | Callable[[], str], *, seconds: float = 30) -> Any:
    """Wait until it is true, and give what it was, or fail the test."""
    deadline = time.monotonic() + seconds
    while not (found := until()):
        if time.monotonic() > deadline:
            said = what if isinstance(what, str) else what()
            pytest.fail(f"waited {seconds} s in vain: {said}")
        time.sleep(0.02)
    return found


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment, without what it says of Prefect and of us."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "HORARIUM_"))}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def end_group(pid: int) -> None:
    """End a process group at once, if it is there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


class RedisServer:
    """A Redis which can be killed and started again, under the same URL."""

    def __init__(self) -> None:
        self._server = EmbeddedRedis()
        self.url = self._server.url

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._server.pid

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.pid, signal.SIGKILL)
        self._server.close()

    def start(self) -> None:
        """Start it again, empty; waits until it answers."""
        where = urlsplit(self.url)
        self._server = EmbeddedRedis(where.port, where.password)

    def close(self) -> None:
        """End it."""
        self._server.close()


class PrefectServer:
    """Prefect's server on SQLite, which can be killed and started again."""

    def __init__(self, home: Path, **settings: str) -> None:
        self._home = home
        self._settings = settings
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}/api"
        self.start()

    @property
    def environment(self) -> dict[str, str]:
        """What its clients need to know."""
        return {"PREFECT_API_URL": self.url, "PREFECT_HOME": str(self._home)}

    def start(self) -> None:
        """Start it; does not wait."""
        self._child = start_server(
            self._port,
            clean_environment(
                PREFECT_HOME=str(self._home),
                PREFECT_UI_ENABLED="0",
                PREFECT__SERVER_EPHEMERAL="1",
                **self._settings,
            ),
        )

    def wait(self) -> None:
        """Wait until it answers."""
        wait(self._answers, lambda: f"Prefect's server: {self._child.last_words()}", seconds=240)

    def close(self) -> None:
        """End it."""
        self._child.close()

    def kill(self) -> None:
        """End it at once."""
        os.kill(self._child.pid, signal.SIGKILL)
        self._child.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What its API answers."""

        def answer() -> httpx.Response | None:
            told = httpx.request(method, f"{self.url}{path}", json=body, timeout=240)
            # SQLite may be busy for a while, which Prefect's own clients wait out.
            return None if told.status_code == 503 else told

        return wait(answer, lambda: f"{method} {path}", seconds=240).raise_for_status().json()

    def state_of(self, run_id: str | UUID) -> str:
        """Of a flow run, such as ``RUNNING``."""
        return str(self.ask("GET", f"/flow_runs/{run_id}")["state"]["type"])

    def set_state(self, run_id: str | UUID, kind: str, message: str = "") -> None:
        """Force a flow run into a state."""
        state = {"type": kind, "message": message}
        self.ask("POST", f"/flow_runs/{run_id}/set_state", {"state": state, "force": True})

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health").is_success
        except httpx.TransportError:
            return False


class Command:
    """A program, started as one does in a terminal.

    It leads a process group of its own; what it says goes to a file.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        folder: Path,
        environment: Mapping[str, str],
        *,
        cwd: Path = ROOT,
    ) -> None:
        self._out = folder / f"out {time.monotonic_ns()}"
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    @property
    def said(self) -> str:
        """All that it has said."""
        return self._out.read_text(errors="replace")

    def wait(self, *, seconds: float = 60) -> int:
        """Wait for its end; gives the exit status."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"it does not end: {self.said[-3000:]}")

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it alone, at once."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it and all that it started."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        end_group(self._process.pid)
        self._process.wait()


class Process(Command):
    """A Python process that calls a module's ``main`` with one argument, in JSON."""

    def __init__(
        self, module: str, argument: Mapping[str, Any], folder: Path, environment: dict[str, str]
    ) -> None:
        program = f"from {module} import main; main()"
        command = [sys.executable, "-c", program, json.dumps(argument)]
        super().__init__(command, folder, environment)
