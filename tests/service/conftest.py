"""A real Redis for the session, and the service on a real port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from tests.service.access_parts import no_prefect
from tests.service.live_parts import QUICK, Job, client_of, live_app, serving
from tracking.embedded import embedded_redis


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with embedded_redis() as url:
        yield url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client
        client.flushall()


@pytest.fixture
def job(redis_url: str, redis: Redis) -> Iterator[Job]:
    publishing = Job(redis_url)
    yield publishing
    publishing.close()


@pytest.fixture
def client(redis_url: str, redis: Redis, tmp_path: Path) -> Iterator[httpx.Client]:
    """Asks a service that has a Redis and no Prefect, as the administrator."""
    with (
        no_prefect(),
        serving(live_app(redis_url, tmp_path, QUICK)) as server,
        client_of(server) as asking,
    ):
        yield asking
