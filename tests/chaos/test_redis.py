"""What happens to a job, and to what its readers see, when its Redis is ill-treated."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from redis import Redis

from tests.chaos.conftest import Measure
from tests.chaos.flows import PLAN
from tests.chaos.servers import Process, RedisServer, wait
from timetabling.formats import read_problem
from timetabling.penalties import FORMULATIONS
from timetabling.search import Observer, SilentObserver, WorkLimit
from timetabling.solvers import genetic
from tracking import keys
from tracking.reporter import Reporter
from tracking.snapshot import Snapshot
from tracking.store import Store, Unavailable
from tracking.testing import Recorder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"
UNITS, ITEMS = 7, 5  # of each worker


class Job:
    """A job of this process that two others work for: a quick one and a slow one."""

    def __init__(
        self, url: str, seed: int, start: Callable[..., Process], *, starts_stage: str = ""
    ) -> None:
        self.total = 2 * UNITS * ITEMS
        self.url = url
        self.reporter = Reporter("job", PLAN, url, run_id="run")
        self.reporter.start()
        self.reporter.start_stage("compute")
        self.reporter.update_stage_progress(0, self.total)
        self.workers = [
            start(
                "tests.chaos.worker",
                {
                    "job_id": "job", "redis_url": url, "name": name, "seed": f"{seed} {name}",
                    "units": UNITS, "items": ITEMS, "pause_seconds": pause_seconds,
                    "starts_stage": starts_stage,
                },
            )
            for name, pause_seconds in (("quick", 0.01), ("slow", 0.12))
        ]  # fmt: skip

    @property
    def quick(self) -> Process:
        return self.workers[0]

    def wait_until_whole(self, units: int, measure: Callable[[str], None]) -> None:
        """Wait until Redis, which has lost everything, knows of so many units again."""
        with contextlib.closing(Store(self.url)) as store:
            wait(lambda: read(store) is not None, "the snapshot")
            measure("snapshot whole after")
            wait(lambda: self._completed_elsewhere(store) >= units, "the counts")
            measure("counts of other processes whole after")

    def finish(self) -> None:
        """Wait for the workers, and for their counts; then end the job."""
        wait(lambda: all("done" in w.said for w in self.workers), "the workers' end", seconds=60)
        wait(lambda: completed(self.reporter.last_snapshot) == self.total, "all counts")
        self.reporter.mark_completed()
        assert completed(self.reporter.last_snapshot) == self.total

    @staticmethod
    def _completed_elsewhere(store: Store) -> int:
        try:
            return store.elsewhere("job", "compute").completed
        except Unavailable:
            return 0

    def complaints(self) -> list[int]:
        """How many lines each worker has logged."""
        return [len(worker.said.replace("done\n", "").splitlines()) for worker in self.workers]


def completed(snapshot: Snapshot | None) -> int:
    """Units of the stage in work that a reader sees."""
    return 0 if snapshot is None else int(snapshot["metadata"]["completed_items"])


def read(store: Store) -> Snapshot | None:
    """The job's snapshot, if there is one and Redis answers."""
    try:
        return store.snapshot("job")
    except Unavailable:
        return None


def read_as(client: Redis) -> Snapshot | None:
    """The job's snapshot, as another user of Redis sees it."""
    found = client.get(keys.progress("job"))
    return None if found is None else json.loads(found)


def whole(recorder: Recorder, *, outages: int = 1) -> list[str]:
    """Broken rules, but for one leap an outage: the work goes on while nobody hears of it."""
    problems = recorder.broken_rules(PLAN)
    leaps = [problem for problem in problems if "leapt by" in problem]
    return [p for p in problems if p not in leaps[:outages]]


@pytest.fixture
def record() -> Iterator[Callable[[str], Recorder]]:
    with ExitStack() as stack:
        yield lambda url: stack.enter_context(Recorder(url, "job"))


def test_a_redis_that_is_killed_and_comes_back_empty_is_whole_again_within_seconds(
    chance: random.Random,
    redis_server: RedisServer,
    start: Callable[..., Process],
    record: Callable[[str], Recorder],
    measure: Measure,
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = record(redis_server.url)
    job = Job(redis_server.url, chance.randrange(1000), start)
    # The quick worker has nothing more to say, and what it said is lost all the same.
    wait(lambda: "done" in job.quick.said, "the quick worker")
    recorder.wait_for(lambda snapshot: snapshot["metadata"]["completed_items"] > UNITS * ITEMS)
    time.sleep(chance.uniform(0, 0.5))
    before = completed(job.reporter.last_snapshot)
    redis_server.kill()
    time.sleep(chance.uniform(0.5, 2))
    redis_server.start()
    back = time.monotonic()
    job.wait_until_whole(before, lambda what: measure(what, time.monotonic() - back))
    job.finish()
    assert whole(recorder) == []
    assert len([r for r in caplog.records if "Redis is away" in r.message]) == 1
    assert len(caplog.records) == 1
    assert all(count <= 1 for count in job.complaints())


@pytest.mark.parametrize("starts_stage", ["", "compute"])
def test_a_redis_that_is_emptied_in_the_middle_is_filled_again_from_every_process(
    chance: random.Random,
    redis_server: RedisServer,
    start: Callable[..., Process],
    record: Callable[[str], Recorder],
    measure: Measure,
    caplog: pytest.LogCaptureFixture,
    starts_stage: str,
) -> None:
    recorder = record(redis_server.url)
    job = Job(redis_server.url, chance.randrange(1000), start, starts_stage=starts_stage)
    wait(lambda: "done" in job.quick.said, "the quick worker")
    recorder.wait_for(lambda snapshot: snapshot["metadata"]["completed_items"] > UNITS * ITEMS)
    time.sleep(chance.uniform(0, 0.5))
    before = completed(job.reporter.last_snapshot)
    with Redis.from_url(redis_server.url) as client:
        client.flushall()
        client.script_flush()
    emptied = time.monotonic()
    job.wait_until_whole(before, lambda what: measure(what, time.monotonic() - emptied))
    job.finish()
    assert recorder.broken_rules(PLAN) == []
    assert caplog.records == []
    assert job.complaints() == [0, 0]


def test_a_redis_that_hangs_for_ten_seconds_changes_nothing_for_the_solver(
    chance: random.Random,
    redis_server: RedisServer,
    record: Callable[[str], Recorder],
    measure: Measure,
    caplog: pytest.LogCaptureFixture,
) -> None:
    problem, seeds = read_problem(TINY), [chance.randrange(10**6) for _ in range(3)]

    def solve(observer: Observer, seed: int) -> Any:
        return genetic.solve(
            problem, formulation=FORMULATIONS["UD2"], start=None, stop=WorkLimit(8_000_000),
            seed=seed, observer=observer,
        ).timetable  # fmt: skip

    alone = [solve(SilentObserver(), seed) for seed in seeds]
    recorder = record(redis_server.url)
    reporter = Reporter("job", PLAN, redis_server.url, run_id="run")
    reporter.start()
    reporter.start_stage("compute")
    recorder.wait_for(lambda snapshot: snapshot["stage"] == "compute")
    os.kill(redis_server.pid, signal.SIGSTOP)
    try:
        stopped = time.monotonic()
        solved = [solve(reporter, seed) for seed in seeds]
        measure("three searches beside it took", time.monotonic() - stopped)
        time.sleep(max(0.0, stopped + 10 - time.monotonic()))
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)
    back, seen = time.monotonic(), len(recorder.events)
    wait(lambda: len(recorder.events) > seen, "a snapshot")
    measure("snapshots again after", time.monotonic() - back)
    reporter.mark_completed()
    recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert solved == alone
    assert whole(recorder) == []
    assert len(caplog.records) == 1
    assert "Redis is away" in caplog.text


@pytest.mark.parametrize("trouble", ["full", "password"])
def test_a_redis_that_refuses_for_a_while_is_whole_again_afterwards(
    chance: random.Random,
    redis_server: RedisServer,
    start: Callable[..., Process],
    measure: Measure,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    where = urlsplit(redis_server.url)
    witness = f"redis://witness:seen@127.0.0.1:{where.port}/0"
    with Redis.from_url(redis_server.url) as client:
        client.execute_command("ACL SETUSER witness on >seen ~* &* +@all")
    with (
        Redis.from_url(witness) as client,
        Recorder(witness, "job", patience_seconds=40) as recorder,
    ):
        job = Job(redis_server.url, chance.randrange(1000), start)
        recorder.wait_for(lambda snapshot: snapshot["metadata"]["completed_items"] > 5)
        time.sleep(chance.uniform(0, 0.5))
        if trouble == "full":
            client.config_set("maxmemory-policy", "noeviction")
            client.config_set("maxmemory", "1mb")  # less than it uses when empty
        else:
            client.config_set("requirepass", "another")
            client.execute_command("CLIENT KILL USER default")
        wait(lambda: "Redis is away" in caplog.text, "the complaint")
        seen = len(recorder.events)
        time.sleep(chance.uniform(1, 2))
        assert len(recorder.events) == seen
        client.config_set("maxmemory", "0")
        client.config_set("requirepass", str(where.password))
        back = time.monotonic()
        wait(lambda: len(recorder.events) > seen, "a snapshot")
        measure(f"{trouble}: snapshots again after", time.monotonic() - back)
        job.finish()
        assert completed(read_as(client)) == job.total
    assert whole(recorder) == []
    assert len(caplog.records) == 1
    assert all(count <= 1 for count in job.complaints())
