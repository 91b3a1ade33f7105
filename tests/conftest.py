"""Fixtures of all tests: no key stays for ever; real instances and a judge, where present."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.leaks import watch_for_leaks

if TYPE_CHECKING:
    from tests.chaos.servers import PrefectServer


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with whole set-ups begin first: no process is left alone with a long one at the end.

    `make test-fast`, which has none of them, tells soonest what is broken.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session", autouse=True)
def every_key_in_every_redis_has_an_expiry() -> Iterator[None]:
    """Asked of each Redis that a test starts, before it ends; also where other processes write."""
    with watch_for_leaks():
        yield


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A Prefect server of the tests' own, for whoever asks for it."""
    from tests.chaos import servers  # it imports Prefect, which fast tests do without

    server = servers.PrefectServer(tmp_path_factory.mktemp("prefect-server"))
    try:
        server.wait()
        yield server
    finally:
        server.kill()


@pytest.fixture(scope="session")
def shared_instances() -> Path:
    """Folder of public benchmark instances, which are not part of this repository."""
    folder = SHARED / "instances"
    if not folder.is_dir():
        pytest.skip(f"no benchmark instances at {folder}")
    return folder


@pytest.fixture(scope="session")
def instance_path(shared_instances: Path) -> Callable[[str], Path]:
    """Find an instance by a name such as ``itc2007/comp01.ectt``."""

    def find(name: str) -> Path:
        path = shared_instances / name
        if not path.is_file():
            pytest.skip(f"no benchmark instance {path}")
        return path

    return find


@pytest.fixture(scope="session")
def judge() -> Callable[[Path, Path, str], dict[str, Any]]:
    """Score a solution file with a program that shares no code with this one."""
    program = SHARED / "tools" / "score_ctt.py"
    if not program.is_file():
        pytest.skip(f"no independent judge at {program}")

    def score(instance: Path, solution: Path, formulation: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, program, instance, solution, "--formulation", formulation, "--json"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    return score
