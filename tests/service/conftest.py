"""A real Redis for the session, and the service on a real port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from redis import Redis

from flows.serve import check_instance
from tests.chaos.servers import RedisServer
from tests.service import access_parts
from tests.service.access_parts import INSTANCE, known_prefect, no_prefect
from tests.service.job_parts import SMALL_BYTES
from tests.service.live_parts import QUICK, Job, client_of, live_app, serving
from tracking.embedded import embedded_redis
from tracking.store import Store


@pytest.fixture(scope="module", autouse=True)
def who_is_there_is_waited_for() -> Iterator[None]:
    """A busy machine is no subject here: Redis and Prefect answer, however late."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tracking.store._TIMEOUT_SECONDS", 60.0)
        patch.setattr("tracking.service.prefect_jobs._READ_SECONDS", 45.0)
        patch.setattr("tracking.service.prefect_jobs._CHANGE_SECONDS", 45.0)
        yield


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with embedded_redis() as url:
        yield url


@pytest.fixture(autouse=True)
def redis(redis_url: str) -> Iterator[Redis]:
    """The same Redis for all, and empty for each: what one test writes concerns no other."""
    with Redis.from_url(redis_url) as client:
        yield client
        client.flushall()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """One for a test alone, which may kill it."""
    server = RedisServer()
    yield server
    server.close()


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


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with one instance, and what is none."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "instances").mkdir()
    (folder / "instances" / "tiny.ectt").write_bytes(INSTANCE.read_bytes())
    (folder / "instances" / "notes.txt").write_text("no instance")
    (folder / "instances" / "elsewhere.ectt").symlink_to(INSTANCE)
    (folder / "secret.ectt").write_bytes(INSTANCE.read_bytes())
    return folder


@pytest.fixture(scope="module")
def service(redis_url: str, data: Path) -> Iterator[httpx.Client]:
    """Asks a service that has a Redis and a Prefect, showing no token by itself."""
    settings = access_parts.settings_in(
        data,
        redis_url=redis_url,
        max_upload_bytes=SMALL_BYTES,
        job_rate="1000/minute",
        request_rate="10000/minute",
    )
    with known_prefect(), access_parts.serving(settings, check_instance) as client:
        yield client


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    with_redis = Store(redis_url)
    yield with_redis
    with_redis.close()
