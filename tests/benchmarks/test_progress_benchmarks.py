"""The benchmarks of progress still run. How fast anything is, they say themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.progress import crowd, fanout
from tracking.embedded import embedded_redis

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """Not the one of the tests of tracking: what others leave in it need not expire."""
    with embedded_redis() as url:
        yield url


def test_a_publish_is_one_round_trip(redis_url: str) -> None:
    trips = fanout.round_trips(redis_url, 10)

    assert trips.publishes == 10
    assert trips.commands == {"EVALSHA": 10}


def test_the_memory_of_each_key_of_a_job_is_told(redis_url: str) -> None:
    memory = fanout.memory(redis_url, events=20, units=3)

    assert memory.events_kept >= 20
    assert list(memory.sizes) == ["snapshot", "events", "ledger", "lease"]
    assert min(memory.sizes.values()) > 0


def test_jobs_of_one_process_are_all_heard() -> None:
    heard = crowd.live_jobs(5, 5.0, warm_up_seconds=0.5)

    assert heard.jobs == 5
    assert heard.publishes >= 5


def test_a_loop_is_timed_with_and_without_telling(redis_url: str) -> None:
    pytest.importorskip("tqdm")
    from benchmarks.progress.slowdown import loop_ratios

    ratios = loop_ratios(redis_url, units=10, repeats=2)

    assert list(ratios) == ["Horarium, Unit.advance", "tqdm, update"]


def test_a_search_is_timed_with_and_without_telling(redis_url: str) -> None:
    pytest.importorskip("tqdm")
    from benchmarks.progress.slowdown import solver_ratios

    by_clock, by_processor = solver_ratios(redis_url, moves=10_000, pairs=2)

    assert by_clock.median > 0
    assert by_processor.median > 0


@pytest.mark.slow
def test_every_counter_counts_and_ours_loses_nothing() -> None:
    pytest.importorskip("tqdm")
    pytest.importorskip("celery_progress")

    # A process of its own: several of the others leave sockets open.
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.progress.cost", "0.01"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    rows = {line[:34].strip(): line.split() for line in done.stdout.splitlines()}
    assert rows["Horarium, Unit.advance"][-1] == "0"
    for name in ("tqdm,", "rich,", "docket,", "celery-progress,", "Prefect,"):
        assert any(row.startswith(name) for row in rows), name
