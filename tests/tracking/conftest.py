"""A real Redis for the session, in which every key must have an expiry after every test."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from queue import Queue
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis

from tracking.embedded import embedded_redis


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with embedded_redis() as url:
        yield url


@pytest.fixture(scope="session")
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(scope="session")
def leaked_keys(redis: Redis) -> Callable[[], list[str]]:
    """Names of the keys that would stay for ever."""

    def find() -> list[str]:
        return [key.decode() for key in redis.scan_iter() if redis.ttl(key) == -1]

    return find


@pytest.fixture(autouse=True)
def every_key_has_an_expiry(redis: Redis, leaked_keys: Callable[[], list[str]]) -> Iterator[None]:
    yield
    leaked = leaked_keys()
    redis.flushall()
    assert leaked == []


class Recorder:
    """Listens to a job's channel from outside, as a stranger would."""

    def __init__(self, url: str, job_id: str) -> None:
        self._heard: list[tuple[float, dict[str, Any]]] = []
        self._client = Redis.from_url(url, socket_timeout=None)
        self._echo = f"echo:{uuid4()}"
        self._echoes = Queue[None]()
        self._channel = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._channel.subscribe(f"progress:job:{job_id}", self._echo)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()
        self._hear_all()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            message = self._channel.get_message(timeout=0.1)
            if message is not None and message["channel"].decode() == self._echo:
                self._echoes.put(None)
            elif message is not None:
                self._heard.append((time.monotonic(), json.loads(message["data"])))

    def _hear_all(self) -> None:
        """Hear what is published by now: Redis keeps the order, so our own echo comes after it."""
        self._client.publish(self._echo, b"")
        self._echoes.get(timeout=20)

    @property
    def events(self) -> list[tuple[float, dict[str, Any]]]:
        """Every snapshot published by now, and when it came."""
        self._hear_all()
        return list(self._heard)

    def wait_for(self, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first snapshot, seen already or still to come, of which this is true."""
        deadline = time.monotonic() + 20
        looked_at = 0
        while time.monotonic() < deadline:
            for _, snapshot in self._heard[looked_at:]:
                if reached(snapshot):
                    return snapshot
                looked_at += 1
            time.sleep(0.01)
        pytest.fail(f"never seen; last was {self._heard[-1:]}")

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._channel.close()
        self._client.close()


@pytest.fixture
def record(redis_url: str) -> Iterator[Callable[[str], Recorder]]:
    """Listen to a job from now on."""
    recorders: list[Recorder] = []

    def start(job_id: str) -> Recorder:
        recorders.append(Recorder(redis_url, job_id))
        return recorders[-1]

    yield start
    for recorder in recorders:
        recorder.stop()
