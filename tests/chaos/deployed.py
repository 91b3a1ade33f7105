"""Prefect's server, a work pool and a worker, by the commands that people type."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.chaos import servers
from tests.chaos.servers import Command, clean_environment
from tests.flows.everything import PATIENCE_SECONDS, processes, wait
from tracking.child import free_port

__all__ = ["ENDS", "Deployed"]

ENDS = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Deployed:
    """Horarium's deployments on a Prefect server, and a worker that runs them.

    Both can be killed, and stay away until they are started again. A worker that ends by itself is
    started again when a run's state is asked for, as compose.yaml does. Prefect's own sometimes
    does when a server comes back: "this borrower is already holding one of this CapacityLimiter's
    tokens", for a run that it was about to submit.
    """

    def __init__(
        self, folder: Path, redis_url: str, closing: ExitStack, **environment: str
    ) -> None:
        self._port = free_port()
        api = f"http://127.0.0.1:{self._port}/api"
        self.data = folder / "data"
        self._folder = folder
        self._running: dict[str, Command] = {}
        self._environment = clean_environment(
            PREFECT_HOME=str(folder / "prefect"),
            PREFECT_API_URL=api,
            PREFECT_SERVER_ANALYTICS_ENABLED="false",
            PREFECT_WORKER_QUERY_SECONDS="1",
            HORARIUM_REDIS_URL=redis_url,
            HORARIUM_DATA_FOLDER=str(self.data),
            **environment,
        )
        del self._environment["PYTHONPATH"]  # Horarium is installed, as it is for people
        self.api = closing.enter_context(httpx.Client(base_url=api, timeout=240))
        closing.callback(self._close)
        self.start_server()
        self.run("prefect", "work-pool", "create", "local", "--type", "process")
        self.run("horarium", "deploy")
        self.start_worker()

    def start_server(self) -> None:
        """Start Prefect's server, and wait until it answers."""
        self._running["server"] = self._start(
            "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(self._port)
        )
        wait(self._answers, self.said)

    def start_worker(self) -> None:
        """Start a worker of the pool."""
        self._running["worker"] = self._start(
            "prefect", "worker", "start", "--pool", "local", "--limit", "3"
        )

    def kill(self, part: str) -> None:
        """End the ``server`` or the ``worker`` at once; runs have process groups of their own."""
        self._running.pop(part).close()

    def run(self, *command: str) -> str:
        """Run a command to its end; gives what it said."""
        running = self._start(*command)
        try:
            assert running.wait(seconds=PATIENCE_SECONDS) == 0, running.said
            return running.said
        finally:
            running.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What its API answers."""

        def answer() -> httpx.Response | None:
            told = self.api.request(method, path, json=body)
            # SQLite may be busy for a while, which Prefect's own clients wait out as well.
            return None if told.status_code == 503 else told

        told = wait(answer, self.said).raise_for_status()
        return told.json() if told.content else None

    def deployment(self, name: str) -> Any:
        """What is known of one."""
        return self.ask("GET", f"/deployments/name/timetable/{name}")

    def trigger(self, parameters: dict[str, Any], *, deployment: str = "on-demand") -> str:
        """Ask for a run, by REST; gives its id."""
        path = f"/deployments/{self.deployment(deployment)['id']}/create_flow_run"
        return str(self.ask("POST", path, {"parameters": parameters})["id"])

    def state_of(self, run_id: str) -> str:
        """Such as ``RUNNING``; see to it that there is a worker."""
        worker = self._running.get("worker")
        if worker is not None and not worker.is_running:
            self.kill("worker")  # what is left of it
            self.start_worker()
        return str(self.ask("GET", f"/flow_runs/{run_id}")["state"]["type"])

    def states_of(self, run_id: str) -> list[str]:
        """All that it has been in, the first first."""
        states = self.ask("GET", f"/flow_run_states/?flow_run_id={run_id}")
        return [state["type"] for state in sorted(states, key=lambda state: state["timestamp"])]

    def end_of(self, run_id: str) -> str:
        """Wait for a run's end; gives its state."""

        def ended() -> str:
            state = self.state_of(run_id)
            return state if state in ENDS else ""

        return str(wait(ended, self.said))

    def said(self) -> str:
        """What those that run have said last."""
        return "\n".join(command.said[-3000:] for command in self._running.values())

    def _start(self, program: str, *arguments: str) -> Command:
        path = Path(sys.executable).with_name(program)
        return Command([path, *arguments], self._folder, self._environment, cwd=self._folder)

    def _answers(self) -> bool:
        assert self._running["server"].is_running, self.said()
        try:
            return self.api.get("/health").is_success
        except httpx.TransportError:
            return False

    def _close(self) -> None:
        # A run leads a process group: it would outlive a worker that is killed.
        ours = {command.pid for command in self._running.values()}
        for pid, parent, group, _ in sorted(processes()):
            if parent in ours:
                ours.add(pid)
                if group == pid:
                    servers.end_group(pid)
        for command in self._running.values():
            command.close()
