"""Redis away, Prefect away, and both, while a thousand watch."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.flows import flow
from prefect.settings import PREFECT_API_URL, temporary_settings

from tests.chaos.servers import RedisServer, wait
from tests.service.access_parts import known_prefect
from tests.service.crowd import Crowd
from tests.service.door import Door
from tests.service.live_parts import QUICK, Job, client_of, live_app, serving, told

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

VIEWERS = 1000
ASKED_EVERY_SECONDS = 3  # of Prefect, for one job
AWAY_SECONDS = float(os.environ.get("HORARIUM_OUTAGE_SECONDS", "0"))  # Redis, at least
REDIS, PREFECT = "tracking.service.redis_link", "tracking.service.prefect_jobs"
PACE = replace(QUICK, comment=1, ask=0.2, first_pause=0.1, longest_pause=0.8)


@pytest.fixture(autouse=True)
def _prefect_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracking.service.prefect_jobs._READ_SECONDS", 10.0)
    monkeypatch.setattr("tracking.service.access.TICKET_SECONDS", 600)


@pytest.fixture
def prefect_door() -> Iterator[Door]:
    """Prefect's server is behind it for all that this thread starts."""
    with known_prefect() as url, Door(url) as door, temporary_settings({PREFECT_API_URL: door.url}):
        yield door


@flow(name="watched-by-many")
def _a_flow() -> None:
    """What runs does not matter here."""


def questions(prefect_door: Door) -> int:
    return prefect_door.words.count(b"GET /api/flow_runs/")


async def _tasks() -> int:
    return len(asyncio.all_tasks())


def things() -> int:
    gc.collect()
    return len(gc.get_objects())


def test_a_thousand_watch_while_redis_then_prefect_then_both_are_away(
    redis_server: RedisServer,
    prefect_door: Door,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def complaints() -> list[str]:
        return [record.name for record in caplog.records if record.name.startswith("tracking.")]

    with get_client(sync_client=True) as prefect:
        run = prefect.create_flow_run(_a_flow)
        prefect.set_flow_run_state(run.id, State(type=StateType.RUNNING), force=True)
    job = Job(redis_server.url, str(run.id))
    job.publish(20)
    with Door(redis_server.url) as redis_door:
        app = live_app(redis_door.url, tmp_path, PACE, max_streams_a_user=2 * VIEWERS)
        app.add_api_route("/tests/tasks", _tasks)
        with serving(app) as server, client_of(server) as service:
            ask_for_one = f"/api/generation/stream/{run.id}/ticket/"
            ticket = service.post(ask_for_one).json()["url"]
            request = f"GET {ticket} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
            with Crowd(server.port, request, VIEWERS) as crowd:

                def goes_on() -> None:
                    job.publish()
                    crowd.wait(lambda viewer: viewer.last_id == job.seq)

                @contextmanager
                def redis_away() -> Iterator[None]:
                    """Nobody notices more than that nothing new comes."""
                    redis_server.kill()
                    until = time.monotonic() + AWAY_SECONDS
                    before = redis_door.visits
                    had = {viewer: viewer.comments for viewer in crowd.viewers}
                    yield
                    wait(lambda: redis_door.visits >= before + 5, "Redis is not tried again")
                    tries = redis_door.visits - before
                    crowd.wait(lambda viewer: viewer.comments > had[viewer])
                    assert tries < VIEWERS / 20, "each viewer tries for itself"
                    time.sleep(max(0.0, until - time.monotonic()))
                    redis_server.start()
                    job.seq += 10  # counted while Redis was away

                goes_on()
                tasks_before = int(service.get("/tests/tasks").text)

                ticket = service.post(ask_for_one).json()["url"]  # good for a minute
                began, asked = time.monotonic(), questions(prefect_door)
                with redis_away():
                    assert service.get("/api/generation/health/").status_code == 503
                    wait(lambda: questions(prefect_door) >= asked + 2, "Prefect is not asked")
                    with service.stream("GET", ticket) as late:
                        events = told(late)
                        assert [next(events).id for _ in range(2)] == [0, job.seq]
                    asked = questions(prefect_door) - asked
                    assert asked <= 1 + (time.monotonic() - began) / ASKED_EVERY_SECONDS
                goes_on()
                # After an outage: what the first one loads and logs is no viewer's.
                things_before = things()

                ticket = service.post(ask_for_one).json()["url"]  # good for a minute
                prefect_door.shut()
                goes_on()
                with redis_away():
                    wait(lambda: complaints().count(PREFECT), "Prefect is not missed", seconds=60)
                    with service.stream("GET", ticket) as late:
                        events = told(late)
                        assert [next(events).id for _ in range(2)] == [0, job.seq]
                goes_on()
                prefect_door.open()

                wait(lambda: int(service.get("/tests/tasks").text) <= tasks_before, "tasks stay")
                assert things() < things_before + VIEWERS
                job.publish(status="completed", overall_progress=100.0)
                crowd.wait(lambda viewer: b"done" in viewer.names)
            for viewer in crowd.viewers:
                assert viewer.status == 200
                assert not viewer.disorder
                assert viewer.names.keys() <= {b"connected", b"progress", b"done"}
                assert viewer.last_id == job.seq
    job.close()
    assert sorted(complaints()) == [PREFECT, REDIS, REDIS], "once an outage"
