"""A real Redis for the session, in which every key must have an expiry after every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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
