"""Everything started by one command, used as people use it, and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.flows.conftest import Run
from tracking.child import free_port
from tracking.snapshot import ENDS, Snapshot
from tracking.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

Start = Callable[..., Run]


def wait(until: Callable[[], Any], what: Callable[[], str], *, seconds: float = 240) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := until()):
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {what()}")
        time.sleep(0.05)
    return found


class Everything:
    """A running ``horarium up``, and what one does with it."""

    def __init__(self, start: Start, folder: Path, closing: ExitStack) -> None:
        self.data = folder / "data"
        self._closing = closing
        self._prefect_port = free_port()
        self.run = start(
            "up", "--port", str(free_port()), "--prefect-port", str(self._prefect_port),
            HORARIUM_DATA_FOLDER=str(self.data),
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        def is_ready() -> bool:
            assert self.run.process.poll() is None, self.run.err
            return "Ctrl-C ends all" in self.run.out

        wait(is_ready, lambda: self.run.out + self.run.err)
        found = re.search(r"(http://\S+/)#token=(\S+)", self.run.out)
        redis = re.search(r"redis://\S+", self.run.out)
        assert found
        assert redis
        self.redis_url = redis[0]
        self.store = Store(self.redis_url)
        self._closing.callback(self.store.close)
        token = {"Authorization": f"Bearer {found[2]}"}
        prefect = f"http://127.0.0.1:{self._prefect_port}/api"
        self.page = self._closing.enter_context(
            httpx.Client(base_url=found[1], headers=token, timeout=60)
        )
        self.prefect = self._closing.enter_context(httpx.Client(base_url=prefect, timeout=60))

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
            now = self.store.snapshot(job_id)
            assert now is None or reached(now) or now["status"] not in ENDS, now
            return now if now is not None and reached(now) else None

        return wait(look, lambda: f"{self.store.snapshot(job_id)}")  # type: ignore[no-any-return]

    def wait_for_end(self, job_id: str) -> str:
        """The end that Prefect gives a run."""

        def look() -> str:
            kind = str(self.prefect.get(f"/flow_runs/{job_id}").json()["state"]["type"])
            return "" if kind in ("SCHEDULED", "PENDING", "RUNNING", "CANCELLING") else kind

        return str(wait(look, lambda: job_id))

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


def no_process_is_left_of(groups: set[int]) -> bool:
    return not any(g in groups and not state.startswith("Z") for _, _, g, state in processes())


@pytest.fixture
def everything(start: Start, tmp_path: Path) -> Iterator[Everything]:
    with ExitStack() as closing:
        yield Everything(start, tmp_path, closing)


def test_a_run_from_start_to_timetable_and_others_that_are_ended_early(
    everything: Everything, horarium: Start
) -> None:
    everything.wait_until_ready()
    page = everything.page
    names = [each["name"] for each in page.get("/api/instances/").json()["instances"]]
    assert sorted(names) == ["small-university.ectt", "tiny.ectt"]

    # Started by the page's own call, watched in Redis, and its timetable read.
    form = {"instance_name": (None, "tiny.ectt"), "time_limit_seconds": (None, "5")}
    begun = page.post("/api/generation-jobs/generate/", files=form)
    assert begun.status_code == 202, begun.text
    job_id = begun.json()["job_id"]
    last = everything.wait_for(job_id, lambda snapshot: snapshot["status"] == "completed")
    assert last["overall_progress"] == 100
    document = everything.document(job_id)
    assert document["violations"] == 0
    assert document["cost"] == last["metadata"]["cost"]
    assert document["cost"] == sum(x["cost"] for x in document["lectures"]) + sum(
        reason["cost"] for course in document["courses"] for reason in course["reasons"]
    )
    assert page.get(f"/api/generation-jobs/{job_id}/timetable/").json() == document
    folder = everything.data / "jobs" / job_id
    assert {file.name for file in folder.iterdir()} == {
        "timetable.sol", "timetable.json", "curve.csv",
    }  # fmt: skip
    *_, cost, bound = (folder / "curve.csv").read_text().splitlines()[-1].split(",")
    assert (int(cost), int(bound)) == (document["cost"], document["bound"])
    assert everything.wait_for_end(job_id) == "COMPLETED"

    # Started by Prefect with an instance alone, and ended from another terminal.
    for request, end in (("finish", "COMPLETED"), ("cancel", "CANCELLED")):
        job_id = everything.start_by_prefect(instance="small-university.ectt", formulation="UD5")
        everything.wait_for(job_id, lambda snapshot: snapshot["stage"] == "ga_optimization")
        asked = horarium(request, job_id, "--redis-url", everything.redis_url)
        assert asked.status == 0, asked.err
        everything.wait_for(job_id, lambda snapshot: snapshot["status"] in ENDS)
        assert everything.wait_for_end(job_id) == end
        assert everything.store.snapshot(job_id)["status"] == end.lower()  # type: ignore[index]
        assert everything.document(job_id)["formulation"] == "UD5"

    # Cancelled as Prefect's page does it.
    job_id = everything.start_by_prefect(instance="small-university.ectt", formulation="UD5")
    everything.wait_for(job_id, lambda snapshot: snapshot["stage"] == "ga_optimization")
    everything.prefect.post(
        f"/flow_runs/{job_id}/set_state", json={"state": {"type": "CANCELLING"}}
    )
    everything.wait_for(job_id, lambda snapshot: snapshot["status"] == "cancelled")
    assert everything.wait_for_end(job_id) == "CANCELLED"
    assert everything.document(job_id)["violations"] == 0

    # Ended while a job runs: that one publishes its best first, and nothing is left.
    job_id = everything.start_by_prefect(instance="small-university.ectt", formulation="UD5")
    everything.wait_for(job_id, lambda snapshot: snapshot["stage"] == "ga_optimization")
    groups = everything.groups()
    assert len(groups) >= 4
    everything.run.process.send_signal(signal.SIGTERM)
    assert everything.run.process.wait(timeout=120) == 0, everything.run.err
    assert everything.document(job_id)["violations"] == 0
    wait(lambda: no_process_is_left_of(groups), lambda: f"{processes()}", seconds=30)


def parts_of(everything: Everything) -> list[int]:
    """The processes of Redis and of Prefect's server, once they have started."""

    def look() -> list[int]:
        ours = everything.run.process.pid
        found = sorted(pid for pid, parent, *_ in processes() if parent == ours)
        return found if len(found) == 2 else []

    found: list[int] = wait(look, lambda: everything.run.err)
    return found


@pytest.mark.parametrize(
    ("how", "status"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_nothing_is_left_when_it_is_ended_while_it_starts(
    everything: Everything, how: signal.Signals, status: int
) -> None:
    parts_of(everything)
    groups = everything.groups()
    everything.run.process.send_signal(how)
    assert everything.run.process.wait(timeout=120) == status, everything.run.err
    assert everything.run.err == ""
    wait(lambda: no_process_is_left_of(groups), lambda: f"{processes()}", seconds=30)


def test_a_part_that_dies_is_named_and_ends_the_rest(everything: Everything) -> None:
    redis, _ = parts_of(everything)
    groups = everything.groups()
    os.kill(redis, signal.SIGKILL)
    assert everything.run.process.wait(timeout=120) == 1
    assert everything.run.err.startswith("horarium: Redis has ended"), everything.run.err
    assert "Traceback" not in everything.run.err
    wait(lambda: no_process_is_left_of(groups), lambda: f"{processes()}", seconds=30)
