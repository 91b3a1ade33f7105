"""Where Redis knows nothing of a job, a real Prefect server is asked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State, StateType
from prefect.flows import flow
from prefect.states import Scheduled
from redis import Redis

from tests.chaos.servers import RedisServer, wait
from tests.service.access_parts import known_prefect
from tests.service.live_parts import QUICK, Job, client_of, live_app, serving, told
from tracking import keys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def prefect() -> Iterator[SyncPrefectClient]:
    with known_prefect(), get_client(sync_client=True) as client:
        yield client


@pytest.fixture
def client(
    prefect: SyncPrefectClient, redis_url: str, redis: Redis, tmp_path: Path
) -> Iterator[httpx.Client]:
    with serving(live_app(redis_url, tmp_path, QUICK)) as server, client_of(server) as asking:
        yield asking


@flow(name="somebody-elses")
def _a_flow() -> None:
    """What runs does not matter here."""


def _become(prefect: SyncPrefectClient, run_id: UUID, kind: StateType, message: str = "") -> None:
    prefect.set_flow_run_state(run_id, State(type=kind, message=message or None), force=True)


def _stream(run_id: UUID) -> str:
    return f"/api/generation/stream/{run_id}/"


def test_a_job_without_a_snapshot_is_told_from_its_run_to_the_end(
    prefect: SyncPrefectClient, client: httpx.Client
) -> None:
    run = prefect.create_flow_run(_a_flow)
    _become(prefect, run.id, StateType.RUNNING)
    shown = client.get(f"/api/generation/progress/{run.id}/").json()
    assert (shown["status"], shown["seq"]) == ("running", 0)
    with client.stream("GET", _stream(run.id)) as response:
        events = told(response)
        assert [next(events).name for _ in range(2)] == ["connected", "progress"]
        _become(prefect, run.id, StateType.FAILED, "no room")
        (end,) = events
    assert end.name == "done"
    assert (end.data["status"], end.data["metadata"]["error"]) == ("failed", "no room")
    again = client.get(_stream(run.id), headers={"Last-Event-ID": str(end.id)})
    assert again.status_code == 204


def test_a_run_that_waits_says_for_what_and_its_stream_goes_over_into_the_jobs_own(
    prefect: SyncPrefectClient, client: httpx.Client, redis_url: str
) -> None:
    run = prefect.create_flow_run(_a_flow, state=Scheduled())
    job = Job(redis_url, str(run.id), started_at=int(time.time()))
    with client.stream("GET", _stream(run.id)) as response:
        events = told(response)
        assert next(events).name == "connected"

        def says(message: str, status: str, seq: int) -> None:
            shown = next(events).data
            assert (shown["message"], shown["status"], shown["seq"]) == (message, status, seq)

        says("Waiting for a worker", "queued", 0)
        # As the server does it, to a run that is one too many.
        soon = datetime.now(UTC) + timedelta(seconds=30)
        slot: State[Any] = Scheduled(name="AwaitingConcurrencySlot", scheduled_time=soon)
        prefect.set_flow_run_state(run.id, slot, force=True)
        says("Waiting: another run is in progress", "queued", 0)
        _become(prefect, run.id, StateType.PENDING)
        says("Starting a process", "initializing", 0)
        job.publish(1, message="12 of 30 courses")
        says("12 of 30 courses", "running", 1)
        job.publish(1, status="cancelled", message="")
        says("", "cancelled", 2)
        assert list(events) == []
    job.close()


def test_a_lost_job_is_settled_and_its_viewers_see_the_end(
    prefect: SyncPrefectClient, client: httpx.Client, redis_url: str, redis: Redis
) -> None:
    run = prefect.create_flow_run(_a_flow)
    _become(prefect, run.id, StateType.RUNNING)
    job = Job(redis_url, str(run.id))
    job.publish(3, run_id=str(run.id), overall_progress=40.0)
    with client.stream("GET", _stream(run.id)) as response:
        events = told(response)
        assert [next(events).id for _ in range(2)] == [0, 3]
        redis.delete(keys.lease(job.job_id))  # as it goes when the process is killed
        silent = next(events)
        assert (silent.name, silent.id, silent.data["lost"]) == ("progress", 3, True)
        for path in (f"/api/generation/progress/{run.id}/", f"/api/status/{run.id}"):
            shown = client.get(path).json()
            assert (shown["status"], shown["lost"]) == ("running", True)
        _become(prefect, run.id, StateType.CRASHED, "killed")
        (end,) = events
    assert (end.name, end.id) == ("done", 4)
    assert (end.data["status"], end.data["overall_progress"]) == ("failed", 40.0)
    assert end.data["metadata"]["error"] == "killed"
    assert "lost" not in end.data
    job.close()


def test_who_asks_again_and_again_is_told_no_lower_percentage_while_redis_is_away(
    prefect: SyncPrefectClient, redis_server: RedisServer, tmp_path: Path
) -> None:
    run = prefect.create_flow_run(_a_flow)
    _become(prefect, run.id, StateType.RUNNING)
    job = Job(redis_server.url, str(run.id))
    job.publish(3, run_id=str(run.id), overall_progress=40.0)
    app = live_app(redis_server.url, tmp_path, QUICK)
    with serving(app) as server, client_of(server) as client:

        def told() -> tuple[str, float]:
            shown = client.get(f"/api/generation/progress/{run.id}/").json()
            return shown["status"], shown["overall_progress"]

        assert told() == ("running", 40.0)
        redis_server.kill()
        assert told() == ("running", 40.0)
        _become(prefect, run.id, StateType.FAILED, "no room")
        wait(lambda: told() == ("failed", 40.0), "the end")
    job.close()


def test_a_job_that_nobody_knows_is_not_there(client: httpx.Client) -> None:
    unknown = UUID(int=0)
    for path in (_stream(unknown), f"/api/generation/progress/{unknown}/", f"/status/{unknown}"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.json()["type"] == "/problems/no-such-job"
