"""A Redis and a Prefect server for the lessons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from prefect.testing.utilities import prefect_test_harness

from tracking.embedded import embedded_redis
from tracking.testing import Recorder


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with embedded_redis() as url:
        yield url


@pytest.fixture(scope="session")
def _prefect() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=240):
        yield


@pytest.fixture(autouse=True)
def _environment(
    _prefect: None, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HORARIUM_REDIS_URL", redis_url)
    monkeypatch.setenv("PREFECT_LOCAL_STORAGE_PATH", str(tmp_path / "results"))


@pytest.fixture
def listen(redis_url: str) -> Iterator[Callable[[str], Recorder]]:
    """Listen to a job from now on."""
    with ExitStack() as stack:
        yield lambda job_id: stack.enter_context(Recorder(redis_url, job_id))
