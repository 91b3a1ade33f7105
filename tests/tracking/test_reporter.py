"""The reporter with its thread, a real Redis, and what can happen to that."""

from __future__ import annotations

import logging
import os
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT
from tracking.reporter import Reporter
from tracking.snapshot import Snapshot
from tracking.store import Store
from tracking.testing import Recorder

Record = Callable[[str], Recorder]


@pytest.fixture
def usual_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Redis as long as jobs do."""
    monkeypatch.setattr("tracking.store._TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr("tracking.reporter._FLUSH_SECONDS", 2.0)


@pytest.fixture
def own_redis(usual_patience: None) -> Iterator[EmbeddedRedis]:
    """A server that a test may ill-treat."""
    server = EmbeddedRedis()
    yield server
    server.close()


def _work(reporter: Reporter, units: int = 5) -> None:
    for stage in DEFAULT.stages:
        reporter.start_stage(stage.id)
        for unit in range(units):
            reporter.update_stage_progress(unit + 1, units)
            reporter.update(f"unit {unit}", cost=100 - unit)
        reporter.complete_stage()


def _field(snapshot: Snapshot | None, name: str) -> object:
    return None if snapshot is None else dict(snapshot)[name]


def _wait(until: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not until():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain: {what}")
        time.sleep(0.02)


def test_a_listener_sees_every_stage_and_the_end(redis_url: str, record: Record) -> None:
    recorder = record("job-1")
    reporter = Reporter("job-1", DEFAULT, redis_url)
    reporter.start()
    _work(reporter)
    reporter.mark_completed()
    recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert recorder.broken_rules() == []
    stages = list(dict.fromkeys(snapshot["stage"] for _, snapshot in recorder.events))
    assert stages == [stage.id for stage in DEFAULT.stages]
    last = recorder.last
    assert last["metadata"] == {"completed_items": 5, "total_items": 5, "cost": 96}
    assert reporter.last_snapshot == last == Store(redis_url).snapshot("job-1")


@pytest.mark.slow
def test_a_listener_sees_a_smooth_bar_while_one_unit_takes_long(
    redis_url: str, record: Record
) -> None:
    recorder = record("job-1")
    reporter = Reporter("job-1", DEFAULT, redis_url, expected_seconds={"cpsat_solving": 3.0})
    reporter.start()
    reporter.start_stage("cpsat_solving")
    reporter.update_stage_progress(0, 2)
    recorder.wait_for(lambda snapshot: len(recorder.events) > 40)
    reporter.update_stage_progress(2, 2)
    reporter.mark_completed()
    recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert recorder.broken_rules() == []
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(recorder.events)]
    assert statistics.median(gaps) < 0.5


def test_seq_grows_by_one_and_the_stream_holds_the_same_as_the_channel(
    redis_url: str, record: Record
) -> None:
    recorder = record("job-1")
    reporter = Reporter("job-1", DEFAULT, redis_url)
    reporter.start()
    _work(reporter)
    reporter.mark_failed("disk full")
    recorder.wait_for(lambda snapshot: snapshot["status"] == "failed")
    heard = [snapshot for _, snapshot in recorder.events]
    assert [snapshot["seq"] for snapshot in heard] == list(range(1, len(heard) + 1))
    assert Store(redis_url).replay("job-1") == heard
    assert heard[-1]["metadata"]["error"] == "disk full"


def test_nothing_is_published_after_the_end_and_the_first_end_wins(
    redis_url: str, record: Record
) -> None:
    recorder = record("job-1")
    reporter = Reporter("job-1", DEFAULT, redis_url)
    reporter.start()
    reporter.start_stage("loading")
    reporter.mark_cancelled()
    reporter.mark_completed()
    _work(reporter)
    reporter.mark_failed("late")
    recorder.wait_for(lambda snapshot: snapshot["status"] == "cancelled")
    time.sleep(0.6)
    assert recorder.last["status"] == "cancelled"
    assert [s["status"] for _, s in recorder.events].count("cancelled") == 1


def test_a_reporter_that_was_not_started_publishes_nothing(redis_url: str, redis: Redis) -> None:
    reporter = Reporter("job-1", DEFAULT, redis_url)
    _work(reporter)
    reporter.mark_completed()
    assert reporter.last_snapshot is None
    assert redis.keys() == []


def test_without_a_redis_the_snapshots_are_there_for_the_terminal() -> None:
    reporter = Reporter("job-1", DEFAULT, None)
    reporter.start()
    _work(reporter)
    reporter.mark_completed()
    assert reporter.last_snapshot is not None
    assert reporter.last_snapshot["overall_progress"] == 100.0


@pytest.mark.parametrize("job_id", ["", "a b", "x" * 129])
def test_a_bad_job_id_is_refused_at_once(job_id: str) -> None:
    with pytest.raises(ValueError, match="job id: expected"):
        Reporter(job_id, DEFAULT, None)


def test_a_wrong_report_is_logged_and_never_raised(caplog: pytest.LogCaptureFixture) -> None:
    reporter = Reporter("job-1", DEFAULT, None)
    reporter.start_stage("no such stage")
    reporter.update_stage_progress("many", 5)  # type: ignore[arg-type]
    reporter.update("said", cost="much")  # type: ignore[arg-type]
    assert len([r for r in caplog.records if r.levelno == logging.ERROR]) == 3
    assert "expected a stage of loading" in caplog.text


def test_a_retry_in_another_process_goes_on_where_the_first_left(
    redis_url: str, record: Record
) -> None:
    first = Reporter("job-1", DEFAULT, redis_url, run_id="run")
    recorder = record("job-1")
    first.start()
    first.start_stage("cpsat_solving")
    first.update_stage_progress(1, 2)
    recorder.wait_for(lambda snapshot: snapshot["work_progress"] == 45.0)
    second = Reporter("job-1", DEFAULT, redis_url, run_id="run")
    second.start()
    second.start_stage("loading")
    again = recorder.wait_for(lambda snapshot: snapshot["attempt"] == 2)
    assert again["overall_progress"] >= 45.0
    first.update_stage_progress(2, 2)  # the first was not dead, only slow
    second.mark_completed()
    first.mark_failed("late")
    assert recorder.broken_rules() == []
    assert recorder.last["status"] == "completed"


def _reached(run: str, *, percent: float) -> Callable[[dict[str, Any]], bool]:
    return lambda snapshot: snapshot["run_id"] == run and snapshot["overall_progress"] >= percent


def test_an_old_job_id_in_a_new_run_begins_at_0(redis_url: str, record: Record) -> None:
    recorder = record("job-1")
    for run in ("first", "second"):
        reporter = Reporter("job-1", DEFAULT, redis_url, run_id=run)
        reporter.start()
        reporter.start_stage("cpsat_solving")
        recorder.wait_for(_reached(run, percent=15))
        reporter.mark_cancelled()
    begun = recorder.wait_for(lambda snapshot: snapshot["run_id"] == "second")
    assert begun["overall_progress"] < 5
    assert begun["attempt"] == 2
    assert recorder.broken_rules() == []


def test_a_new_attempt_is_published_after_an_end(redis_url: str, record: Record) -> None:
    recorder = record("job-1")
    reporter = Reporter("job-1", DEFAULT, redis_url)
    reporter.start()
    reporter.start_stage("cpsat_solving")
    reporter.mark_failed("disk full")
    reporter.start_attempt()
    _work(reporter)
    reporter.mark_completed()
    assert recorder.broken_rules() == []
    last = recorder.last
    assert (last["status"], last["attempt"]) == ("completed", 2)
    assert "error" not in last["metadata"]


def test_a_redis_that_was_emptied_is_filled_again(
    redis_url: str, redis: Redis, record: Record
) -> None:
    recorder = record("job-1")
    reporter = Reporter("job-1", DEFAULT, redis_url)
    reporter.start()
    reporter.start_stage("cpsat_solving")
    before = recorder.wait_for(lambda snapshot: snapshot["stage"] == "cpsat_solving")
    redis.flushall()
    redis.script_flush()
    _wait(lambda: Store(redis_url).snapshot("job-1") is not None, "the snapshot")
    reporter.mark_completed()
    after = Store(redis_url).snapshot("job-1")
    assert after is not None
    assert after["seq"] > before["seq"]
    assert recorder.broken_rules() == []


def test_a_redis_that_was_killed_is_filled_when_it_is_back(
    own_redis: EmbeddedRedis, caplog: pytest.LogCaptureFixture
) -> None:
    where = urlsplit(own_redis.url)
    reporter = Reporter("job-1", DEFAULT, own_redis.url)
    reporter.start()
    reporter.start_stage("cpsat_solving")
    reporter.update_stage_progress(1, 2)
    _wait(lambda: _field(reporter.last_snapshot, "work_progress") == 45.0, "the first unit")
    os.kill(own_redis.pid, signal.SIGKILL)
    _wait(lambda: "Redis is away" in caplog.text, "the complaint")
    own_redis.close()
    reporter.complete_stage()
    again = EmbeddedRedis(port=where.port, password=where.password)
    store = Store(again.url)
    _wait(lambda: _field(store.snapshot("job-1"), "work_progress") == 75.0, "the snapshot")
    reporter.mark_completed()
    assert reporter.wait_for_end(60)
    end = store.snapshot("job-1")
    assert end is not None
    assert end["status"] == "completed"
    assert len([r for r in caplog.records if "Redis is away" in r.message]) == 1
    again.close()


def test_a_redis_that_hangs_does_not_delay_the_solver(own_redis: EmbeddedRedis) -> None:
    reporter = Reporter("job-1", DEFAULT, own_redis.url)
    reporter.start()
    reporter.start_stage("cpsat_solving")
    store = Store(own_redis.url)
    _wait(lambda: store.snapshot("job-1") is not None, "the first snapshot")
    os.kill(own_redis.pid, signal.SIGSTOP)
    began = time.monotonic()
    for unit in range(1000):  # half a second each, were they to wait for Redis
        reporter.update_stage_progress(unit + 1, 1000)
        reporter.update("working", cost=unit)
    assert time.monotonic() - began < 20
    os.kill(own_redis.pid, signal.SIGCONT)
    _wait(lambda: _field(store.snapshot("job-1"), "work_progress") == 75.0, "the units")
    reporter.mark_completed()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_redis_that_is_away_at_the_end_does_not_hold_the_job_up(
    own_redis: EmbeddedRedis, how: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    reporter = Reporter("job-1", DEFAULT, own_redis.url)
    reporter.start()
    _work(reporter)
    os.kill(own_redis.pid, how)
    began = time.monotonic()
    reporter.mark_completed()
    assert time.monotonic() - began < 60
    _wait(lambda: _field(reporter.last_snapshot, "status") == "completed", "the end")
    assert "its end (completed) is not in Redis yet" in caplog.text


@pytest.mark.parametrize(
    # Addresses of this test alone: all of a process complain of one Redis once.
    "url",
    ["redis://127.0.0.1:1/7", "redis://:wrong@{host}/0", "redis://no-such-host.invalid/0"],
)
@pytest.mark.usefixtures("usual_patience")
def test_a_redis_that_refuses_is_complained_of_once(
    redis: Redis, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    port = redis.connection_pool.connection_kwargs["port"]
    reporter = Reporter("job-1", DEFAULT, url.format(host=f"127.0.0.1:{port}"))
    reporter.start()
    _work(reporter)
    reporter.mark_completed()
    _wait(lambda: _field(reporter.last_snapshot, "status") == "completed", "the end")
    assert len([r for r in caplog.records if "Redis is away" in r.message]) == 1


@pytest.mark.slow
@settings(
    deadline=None,
    max_examples=8,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("start_stage"), st.sampled_from(DEFAULT.stages)),
            st.tuples(st.just("update_stage_progress"), st.integers(0, 9)),
            st.tuples(st.just("advance"), st.integers(0, 5)),
            st.tuples(st.just("complete_stage"), st.none()),
            st.tuples(st.just("pause"), st.floats(0, 0.2)),
        ),
        max_size=20,
    ),
    st.integers(0, 10**9),
)
def test_no_order_of_reports_breaks_a_rule_for_a_listener(
    redis_url: str, record: Record, reports: list[tuple[str, Any]], number: int
) -> None:
    recorder = record(f"job-{number}")
    reporter = Reporter(f"job-{number}", DEFAULT, redis_url, run_id=str(time.monotonic_ns()))
    reporter.start()
    for report, value in reports:
        match report:
            case "start_stage":
                reporter.start_stage(value.id)
            case "update_stage_progress":
                reporter.update_stage_progress(value, 9)
            case "advance":
                reporter.advance(value)
            case "complete_stage":
                reporter.complete_stage()
            case "pause":
                time.sleep(value)
    reporter.mark_completed()
    recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert recorder.broken_rules() == []
