"""What happens to a job when processes that work for it are killed, or tasks fail at random."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tests.chaos.conftest import Measure
from tests.chaos.flows import HOLD, PLAN
from tests.chaos.servers import PrefectServer, Process, RedisServer, wait
from tracking.settling import settle as settle_job
from tracking.snapshot import Life
from tracking.store import Unavailable
from tracking.testing import Recorder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

RunFlow = Callable[..., Process]


@pytest.fixture
def recorder(redis_server: RedisServer) -> Iterator[Recorder]:
    with Recorder(redis_server.url, "job", patience_seconds=120) as recorder:
        yield recorder


def counted(at_least: int) -> Callable[[dict[str, Any]], bool]:
    """Whether a snapshot says that so many units are finished."""
    return lambda snapshot: snapshot["metadata"]["completed_items"] >= at_least


def ended(snapshot: dict[str, Any]) -> bool:
    """Whether a snapshot is the job's end."""
    return snapshot["status"] not in ("initializing", "running")


def workers(folder: Path) -> dict[int, int]:
    """The processes that tasks have begun in, and which attempt the last one in each was."""
    marks = sorted(folder.glob("task *"), key=lambda mark: mark.stat().st_mtime_ns)
    words = [mark.name.split() for mark in marks]  # task 5 attempt 1 in 4711
    return {int(word[5]): int(word[3]) for word in words}


def test_a_killed_worker_of_a_process_pool_fails_the_flow_and_the_job_says_so(
    chance: random.Random,
    run_flow: RunFlow,
    redis_server: RedisServer,
    recorder: Recorder,
    tmp_path: Path,
    measure: Measure,
) -> None:
    flow = run_flow(redis_server.url, runner="processes", job_id="job", tasks=12, items=60)
    recorder.wait_for(counted(chance.randint(5, 30)))
    os.kill(chance.choice(list(workers(tmp_path))), signal.SIGKILL)
    killed = time.monotonic()
    last = recorder.wait_for(ended)
    measure("the job ended after", time.monotonic() - killed)
    assert flow.wait(seconds=120) != 0
    assert last["status"] == "failed"
    assert "terminated abruptly" in last["metadata"]["error"], flow.said
    assert recorder.broken_rules(PLAN) == []


def test_what_a_killed_dask_worker_had_begun_is_done_and_counted_again_by_another(
    chance: random.Random,
    run_flow: RunFlow,
    start: Callable[..., Process],
    redis_server: RedisServer,
    recorder: Recorder,
    tmp_path: Path,
    measure: Measure,
) -> None:
    start("tests.chaos.cluster", {"folder": str(tmp_path)}, HORARIUM_REDIS_URL=redis_server.url)
    address = tmp_path / "address"
    wait(address.exists, "the cluster", seconds=120)
    flow = run_flow(
        redis_server.url, runner="dask", address=address.read_text(), job_id="job", tasks=8,
        items=10, seed=chance.randrange(1000),
    )  # fmt: skip
    recorder.wait_for(counted(chance.randint(1, 20)))
    # The other one begins with the first attempt again: that must count after a second one.
    wait(lambda: max(workers(tmp_path).values()) > 1, "a second attempt")
    time.sleep(0.5 * chance.random())
    attempts = workers(tmp_path)
    (tmp_path / HOLD).touch()  # the later tasks wait for the process that replaces the killed one
    os.kill(max(attempts, key=lambda pid: attempts[pid]), signal.SIGKILL)
    killed = time.monotonic()
    wait(lambda: len(workers(tmp_path)) > 2, "another process", seconds=120)
    (tmp_path / HOLD).unlink()
    last = recorder.wait_for(ended)
    measure("the job was completed after", time.monotonic() - killed)
    assert flow.wait(seconds=120) == 0, flow.said
    assert last["status"] == "completed", flow.said
    assert (last["metadata"]["completed_items"], last["metadata"]["total_items"]) == (80, 80)
    assert recorder.broken_rules(PLAN) == []


def test_216_tasks_that_fail_at_random_in_two_processes_are_counted_exactly(
    chance: random.Random,
    run_flow: RunFlow,
    redis_server: RedisServer,
    recorder: Recorder,
    tmp_path: Path,
) -> None:
    flow = run_flow(
        redis_server.url, runner="processes", job_id="job", tasks=216, items=3, pause_seconds=0.005,
        seed=chance.randrange(1000),
    )  # fmt: skip
    assert flow.wait(seconds=400) == 0, flow.said
    last = recorder.last
    assert last["status"] == "completed"
    assert (last["metadata"]["completed_items"], last["metadata"]["total_items"]) == (648, 648)
    assert recorder.broken_rules(PLAN) == []
    assert len(list(tmp_path.glob("task * attempt 3 *"))) > 20, "they have failed"
    assert len(workers(tmp_path)) == 2


def test_a_killed_flow_is_seen_as_lost_and_ends_once_prefect_knows_how(
    chance: random.Random,
    run_flow: RunFlow,
    prefect: PrefectServer,
    redis_server: RedisServer,
    recorder: Recorder,
    tmp_path: Path,
    measure: Measure,
) -> None:
    (tmp_path / HOLD).touch()
    flow = run_flow(redis_server.url, runner="threads", job_id="job", tasks=20, items=5)
    run_id = recorder.wait_for(counted(chance.randint(5, 45)))["run_id"]
    flow.kill()
    killed = time.monotonic()

    def settle() -> Life | None:
        with temporary_settings({PREFECT_API_URL: prefect.url}), suppress(Unavailable):
            return settle_job("job", redis_server.url)
        return None

    assert wait(settle, "Redis") == "working", "nobody can know yet"
    wait(lambda: settle() == "lost", "it is seen as lost")
    measure("seen as lost after", time.monotonic() - killed)
    assert time.monotonic() - killed < 30
    assert prefect.state_of(run_id) == "RUNNING"
    prefect.set_state(run_id, "CRASHED", "its machine is gone")
    assert wait(settle, "Redis") == "ended"
    last = recorder.last
    assert (last["status"], last["metadata"]["error"]) == ("failed", "its machine is gone")
    assert wait(settle, "Redis") == "ended"
    assert recorder.broken_rules(PLAN) == []


def serve_and_run(
    start: Callable[..., Process], prefect: PrefectServer, redis_server: RedisServer, folder: Path
) -> str:
    """Serve the flow elsewhere, and trigger a run that waits half-way; gives its id."""
    name = f"served-{uuid4().hex[:8]}"
    served = start(
        "tests.chaos.flows", {"serve": name}, HORARIUM_REDIS_URL=redis_server.url,
        PREFECT_RUNNER_POLL_FREQUENCY="1", **prefect.environment,
    )  # fmt: skip
    wait(lambda: "polling" in served.said, "the runner", seconds=120)
    deployment = prefect.ask("GET", f"/deployments/name/mapped/{name}")["id"]
    (folder / HOLD).touch()
    parameters = {"job_id": "job", "folder": str(folder), "tasks": 8, "items": 5}
    run = prefect.ask(
        "POST", f"/deployments/{deployment}/create_flow_run", {"parameters": parameters}
    )
    return str(run["id"])


def test_a_killed_flow_that_is_served_ends_by_itself_and_its_rescheduled_run_goes_on(
    chance: random.Random,
    start: Callable[..., Process],
    prefect: PrefectServer,
    redis_server: RedisServer,
    recorder: Recorder,
    tmp_path: Path,
    measure: Measure,
) -> None:
    run_id = serve_and_run(start, prefect, redis_server, tmp_path)
    reached = recorder.wait_for(counted(chance.randint(1, 18)))
    os.kill(reached["metadata"]["pid"], signal.SIGKILL)
    killed = time.monotonic()
    first_end = recorder.wait_for(ended)
    measure("the hook ended the job after", time.monotonic() - killed)
    assert (first_end["status"], first_end["attempt"]) == ("failed", 1)
    (tmp_path / HOLD).unlink()
    prefect.set_state(run_id, "SCHEDULED")
    last = recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert (UUID(last["run_id"]), last["attempt"]) == (UUID(run_id), 2)
    again = [snapshot for _, snapshot in recorder.events if snapshot["attempt"] == 2]
    assert again[0]["overall_progress"] >= first_end["overall_progress"]
    assert last["metadata"]["completed_items"] == 40
    assert recorder.broken_rules(PLAN) == []


def test_a_run_that_is_cancelled_by_prefects_api_ends_the_job_as_cancelled(
    chance: random.Random,
    start: Callable[..., Process],
    prefect: PrefectServer,
    redis_server: RedisServer,
    recorder: Recorder,
    tmp_path: Path,
    measure: Measure,
) -> None:
    run_id = serve_and_run(start, prefect, redis_server, tmp_path)
    recorder.wait_for(counted(chance.randint(1, 18)))
    prefect.set_state(run_id, "CANCELLING")
    asked = time.monotonic()
    last = recorder.wait_for(ended)
    measure("the job ended after the wish to cancel by", time.monotonic() - asked)
    assert last["status"] == "cancelled"
    assert last["overall_progress"] < 100
    wait(lambda: prefect.state_of(run_id) == "CANCELLED", "Prefect's own word", seconds=120)
    assert recorder.broken_rules(PLAN) == []


def test_a_prefect_server_that_is_killed_and_comes_back_costs_the_bar_nothing(
    chance: random.Random,
    run_flow: RunFlow,
    prefect: PrefectServer,
    redis_server: RedisServer,
    recorder: Recorder,
    tmp_path: Path,
    measure: Measure,
) -> None:
    (tmp_path / HOLD).touch()
    flow = run_flow(
        redis_server.url, runner="threads", job_id="job", tasks=20, items=10, pause_seconds=0.1
    )
    before = recorder.wait_for(counted(chance.randint(5, 30)))["metadata"]["completed_items"]
    prefect.kill()
    try:
        recorder.wait_for(counted(before + 20))
    finally:
        away = time.monotonic()
        prefect.start()
        prefect.wait()
        measure("Prefect's server was away for", time.monotonic() - away)
    (tmp_path / HOLD).unlink()
    last = recorder.wait_for(ended)
    assert flow.wait(seconds=120) == 0, flow.said
    assert last["status"] == "completed"
    assert last["metadata"]["completed_items"] == 200
    wait(lambda: prefect.state_of(last["run_id"]) == "COMPLETED", "Prefect's own word")
    assert recorder.broken_rules(PLAN) == []
