"""Two jobs that use one id at the same time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from redis import Redis

from tests.chaos.flows import PLAN
from tests.chaos.servers import RedisServer, wait
from tracking.reporter import Reporter
from tracking.testing import Recorder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


class Jobs:
    """Two runs under one id, ``one`` and ``two``, each working in a thread of its own."""

    def __init__(self, url: str, chance: random.Random) -> None:
        self._reporters = [Reporter("job", PLAN, url, run_id=run) for run in ("one", "two")]
        self._threads = [
            threading.Thread(target=self._work, args=(reporter, random.Random(chance.random())))
            for reporter in self._reporters
        ]

    def start(self, number: int) -> None:
        # Here, and not in the thread, which may come to it after the other one's.
        self._reporters[number].start()
        self._threads[number].start()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    @staticmethod
    def _work(reporter: Reporter, chance: random.Random) -> None:
        for stage in PLAN.stages:
            reporter.start_stage(stage.id)
            for unit in range(10):
                reporter.update_stage_progress(unit + 1, 10)
                time.sleep(0.4 * chance.random())
        reporter.mark_completed()


def _of(run: str) -> Callable[[dict[str, Any]], bool]:
    return lambda snapshot: snapshot["run_id"] == run


def _owners(recorder: Recorder) -> list[str]:
    """The runs that were heard of, in order."""
    runs = [snapshot["run_id"] for _, snapshot in recorder.events]
    return [run for before, run in pairwise(["", *runs]) if run != before]


def test_the_later_of_two_jobs_with_one_id_owns_it_and_the_earlier_says_nothing_more(
    chance: random.Random, redis_server: RedisServer
) -> None:
    jobs = Jobs(redis_server.url, chance)
    with Recorder(redis_server.url, "job") as recorder:
        jobs.start(0)
        recorder.wait_for(_of("one"))
        time.sleep(chance.uniform(0, 2))
        jobs.start(1)
        jobs.wait()
        assert _owners(recorder) == ["one", "two"]
        assert (recorder.last["status"], recorder.last["attempt"]) == ("completed", 2)
        assert recorder.broken_rules(PLAN) == []


def test_of_two_jobs_with_one_id_that_begin_at_once_only_one_is_ever_heard_of(
    chance: random.Random, redis_server: RedisServer
) -> None:
    jobs = Jobs(redis_server.url, chance)
    with Recorder(redis_server.url, "job") as recorder:
        jobs.start(0)
        jobs.start(1)
        jobs.wait()
        assert len(_owners(recorder)) == 1 or _owners(recorder) == ["one", "two"]
        assert recorder.last["status"] == "completed"
        assert recorder.broken_rules(PLAN) == []


def test_a_job_that_was_replaced_does_not_come_back_when_redis_is_emptied(
    chance: random.Random, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    jobs = Jobs(redis_server.url, chance)
    with (
        Recorder(redis_server.url, "job") as recorder,
        Redis.from_url(redis_server.url) as client,
    ):
        jobs.start(0)
        recorder.wait_for(_of("one"))
        jobs.start(1)
        recorder.wait_for(_of("two"))
        wait(lambda: "has taken it over" in caplog.text, "the first one's word")
        for _ in range(4):
            client.flushall()
            time.sleep(chance.uniform(0.2, 0.6))
        jobs.wait()
        assert _owners(recorder) == ["one", "two"]
        assert recorder.broken_rules(PLAN) == []
