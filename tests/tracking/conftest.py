"""A real Redis for the session, in which every key must have an expiry after every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from redis import Redis

from tests.leaks import leaked_keys
from tracking.embedded import embedded_redis
from tracking.testing import Recorder


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with embedded_redis() as url:
        yield url


@pytest.fixture(scope="session")
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(scope="module", autouse=True)
def who_is_there_is_waited_for() -> Iterator[None]:
    """A busy machine is no subject here: Redis answers, and an end is written, however late."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tracking.store._TIMEOUT_SECONDS", 60.0)
        patch.setattr("tracking.reporter._FLUSH_SECONDS", 60.0)
        yield


@pytest.fixture(autouse=True)
def every_key_has_an_expiry(redis: Redis) -> Iterator[None]:
    yield
    leaked = leaked_keys(redis)
    redis.flushall()
    assert leaked == []


@pytest.fixture
def record(redis_url: str) -> Iterator[Callable[[str], Recorder]]:
    """Listen to a job from now on."""
    with ExitStack() as stack:
        yield lambda job_id: stack.enter_context(Recorder(redis_url, job_id, patience_seconds=60))
