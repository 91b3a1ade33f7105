"""Chaos: parts are killed, stopped and emptied while a job runs, as a seed decides.

Each test is one seed of one kind of trouble, and a seed makes the same trouble again. Nightly, or
to replay one: ``HORARIUM_CHAOS_SEEDS="2 3 4" pytest tests/chaos``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.servers import PrefectServer, Process, RedisServer, clean_environment

_FIGURES = pytest.StashKey[list[str]]()

Measure = Callable[[str, float], None]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a seed once for each of them."""
    if "seed" in metafunc.fixturenames:
        seeds = [int(word) for word in os.environ.get("HORARIUM_CHAOS_SEEDS", "1").split()]
        metafunc.parametrize("seed", seeds, ids=[f"seed{seed}" for seed in seeds])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was measured."""
    figures = config.stash.get(_FIGURES, [])
    if figures:
        terminalreporter.section("chaos: measured")
        for figure in sorted(figures):
            terminalreporter.write_line(figure)


@pytest.fixture(autouse=True)
def an_end_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine it may take long to be written."""
    monkeypatch.setattr("tracking.reporter._FLUSH_SECONDS", 30.0)


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Keep a figure for the end of the output."""
    figures = request.config.stash.setdefault(_FIGURES, [])
    return lambda what, seconds: figures.append(f"{request.node.name}: {what} {seconds:.1f} s")


@pytest.fixture
def chance(seed: int) -> random.Random:
    """What decides when and where the trouble comes."""
    return random.Random(seed)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis that a test may ill-treat."""
    server = RedisServer()
    yield server
    server.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Start a process; it is ended, with all that it started, after the test."""
    with ExitStack() as stack:

        def begin(module: str, argument: dict[str, Any], **environment: str) -> Process:
            process = Process(module, argument, tmp_path, clean_environment(**environment))
            stack.callback(process.close)
            return process

        yield begin


@pytest.fixture
def run_flow(
    start: Callable[..., Process], prefect: PrefectServer, tmp_path: Path
) -> Callable[..., Process]:
    """Run `tests.chaos.flows.mapped` in a process of its own, against a Redis."""

    def run(redis_url: str, **what: Any) -> Process:
        return start(
            "tests.chaos.flows",
            {"folder": str(tmp_path), "workers": 2} | what,
            HORARIUM_REDIS_URL=redis_url,
            **prefect.environment,
        )

    return run
