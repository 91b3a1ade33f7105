"""A running ``horarium up``, as the tests of it and of the page use it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.chaos import servers
from tests.flows.conftest import Run
from tracking.child import free_port
from tracking.snapshot import ENDS, Snapshot
from tracking.store import Store, Unavailable

__all__ = ["PATIENCE_SECONDS", "Everything", "Start", "processes", "wait"]

Start = Callable[..., Run]


PATIENCE_SECONDS = 240
wait = partial(servers.wait, seconds=PATIENCE_SECONDS)


class Everything:
    """A running ``horarium up``, and what one does with it."""

    def __init__(self, start: Start, folder: Path, closing: ExitStack, **environment: str) -> None:
        self.data = folder / "data"
        self._closing = closing
        self._admin_token = environment.get("HORARIUM_ADMIN_TOKEN")
        self._prefect_port = free_port()
        self.run = start(
            "up", "--port", str(free_port()), "--prefect-port", str(self._prefect_port),
            HORARIUM_DATA_FOLDER=str(self.data), **environment,
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.run.process.poll() is None, self.run.err
            return "Ctrl-C ends all" in self.run.out

        wait(is_ready, lambda: self.run.out + self.run.err)
        found = re.search(r"page +(http://[^#\s]+)(?:#token=(\S+))?", self.run.out)
        redis = re.search(r"redis://\S+", self.run.out)
        assert found
        assert redis
        self.redis_url = redis[0]
        self.store = Store(self.redis_url)
        self._closing.callback(self.store.close)
        token = self._admin_token or found[2]
        self.link = f"{found[1]}#token={token}"
        headers = {"Authorization": f"Bearer {token}"}
        prefect = f"http://127.0.0.1:{self._prefect_port}/api"
        self.page = self._closing.enter_context(
            httpx.Client(base_url=found[1], headers=headers, timeout=PATIENCE_SECONDS)
        )
        self.prefect = self._closing.enter_context(
            httpx.Client(base_url=prefect, timeout=PATIENCE_SECONDS)
        )

    def start_by_prefect(self, **parameters: Any) -> str:
        """As Prefect's own page does."""
        deployment = self.prefect.get("/deployments/name/timetable/on-demand").json()["id"]
        path, body = f"/deployments/{deployment}/create_flow_run", {"parameters": parameters}

        def ask() -> str:
            answer = self.prefect.post(path, json=body)
            # Its SQLite may be busy for a while, which its own clients wait out.
            return "" if answer.status_code == 503 else str(answer.raise_for_status().json()["id"])

        return str(wait(ask, lambda: path))

    def wait_for(self, job_id: str, reached: Callable[[Snapshot], bool]) -> Snapshot:
        def look() -> Snapshot | None:
            try:
                now = self.store.snapshot(job_id)
            except Unavailable:  # the machine stood still for half a second
                return None
            assert now is None or reached(now) or now["status"] not in ENDS, now
            return now if now is not None and reached(now) else None

        return wait(look, lambda: f"{self.store.snapshot(job_id)}")  # type: ignore[no-any-return]

    def wait_for_end(self, job_id: str) -> str:
        """The end that Prefect gives a run."""

        def look() -> str:
            answer = self.prefect.get(f"/flow_runs/{job_id}")
            if answer.status_code == 503:
                return ""
            kind = str(answer.raise_for_status().json()["state"]["type"])
            return "" if kind in ("SCHEDULED", "PENDING", "RUNNING", "CANCELLING") else kind

        return str(wait(look, lambda: job_id))

    def logged(self, job_id: str) -> list[tuple[int, str]]:
        """What Prefect's page shows of a run's log: how grave it is, and what it says."""
        body = {"logs": {"flow_run_id": {"any_": [job_id]}}}
        found = self.prefect.post("/logs/filter", json=body).raise_for_status().json()
        return [(line["level"], line["message"]) for line in found]

    def document(self, job_id: str) -> dict[str, Any]:
        text = (self.data / "jobs" / job_id / "timetable.json").read_text()
        found: dict[str, Any] = json.loads(text)
        return found

    def groups(self) -> set[int]:
        """Process groups of all that was started, directly or not."""
        ours, groups = {self.run.process.pid}, set()
        for pid, parent, group, _ in sorted(processes()):
            if parent in ours:
                ours.add(pid)
                groups.add(group)
        return groups


def processes() -> list[tuple[int, int, int, str]]:
    """Id, parent, group and state of each process."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    lines = [line.split() for line in listed.stdout.splitlines()]
    return [(int(pid), int(parent), int(group), state) for pid, parent, group, state in lines]
