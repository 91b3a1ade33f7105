"""What tests of the streams share: a job that publishes, a service on a port, and a reader."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from fastapi import FastAPI
from redis import Redis

from tracking import keys
from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.service.app import create_app
from tracking.service.hub import Pace
from tracking.service.server import Server
from tracking.service.settings import ServiceSettings
from tracking.snapshot import Snapshot
from tracking.store import Store

ADMIN = {"Authorization": "Bearer of everything"}
STARTED_AT = 1_740_000_000

QUICK = Pace(
    comment=0.2, ask=0.05, quiet=0.2, first_pause=0.05, longest_pause=0.2, silence=1, patience=60
)
"""For what takes seconds or minutes otherwise."""


class Told(NamedTuple):
    """An event as a viewer reads it."""

    name: str
    id: int
    data: Any


class Job:
    """A job that publishes when told, through the store that real ones publish through."""

    def __init__(self, redis_url: str, job_id: str = "job", started_at: int = STARTED_AT) -> None:
        self.job_id = job_id
        self.seq = 0
        self._store, self._redis = Store(redis_url), Redis.from_url(redis_url)
        self._first = Progress(DEFAULT, job_id, started_at).next(started_at + 1)

    def snapshot(self, **fields: Any) -> Snapshot:
        self.seq += 1
        percent = min(99.0, self.seq / 10)
        made: Any = {**self._first, "seq": self.seq, "status": "running"}
        snapshot: Snapshot = made | {"overall_progress": percent, "work_progress": percent} | fields
        return snapshot

    def publish(self, times: int = 1, **fields: Any) -> Snapshot:
        for _ in range(times):
            made = self.snapshot(**fields)
            answer = self._store.write(made, generation="tests")
            assert answer.verdict == "written"
        # It works on, however busy the machine is; a test that wants it lost takes this away.
        self._redis.pexpire(keys.lease(self.job_id), 600_000)
        return made

    def close(self) -> None:
        self._store.close()
        self._redis.close()


def live_app(redis_url: str, folder: Path, pace: Pace | None = None, **more: Any) -> FastAPI:
    """The service, with an administrator and no limits that tests would run into."""
    given: dict[str, Any] = {
        "redis_url": redis_url,
        "data_folder": folder,
        "admin_token": ADMIN["Authorization"].removeprefix("Bearer "),
        "tokens": {"ann": "token of ann"},
        "max_streams_a_user": 1000,
        "request_rate": "100000/minute",
    }
    return create_app(ServiceSettings(**given | more), pace=pace)


@contextmanager
def serving(app: FastAPI) -> Iterator[Server]:
    """Run the service on a free port in a thread; it must end when it is told to.

    It knows the Prefect server that this thread does.
    """
    server = Server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=copy_context().run, args=(server.run,))
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(60)
    assert not thread.is_alive()


def client_of(server: Server, headers: Mapping[str, str] = ADMIN) -> httpx.Client:
    """Asks as the administrator, unless told otherwise."""
    return httpx.Client(
        base_url=f"http://127.0.0.1:{server.port}", headers=headers, timeout=60, trust_env=False
    )


def told(response: httpx.Response) -> Iterator[Told]:
    """Read a stream, as the HTML standard says, comments and retry times left out."""
    response.raise_for_status()
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(":")
        if line and name:
            fields[name] = value.removeprefix(" ")
        elif not line and "data" in fields:
            yield Told(fields["event"], int(fields["id"]), json.loads(fields["data"]))
            fields = {}
