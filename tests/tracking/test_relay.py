"""What other processes count, where it could get lost."""

from __future__ import annotations

import math
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from redis import Redis

from tests.chaos.servers import wait
from tracking import keys
from tracking import relay as relay_module
from tracking.history import Record
from tracking.plan import DEFAULT
from tracking.relay import Relay
from tracking.reporter import Reporter
from tracking.store import Store
from tracking.testing import Recorder


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is passed on, and when, is for the test to say."""
    monkeypatch.setattr(relay_module, "_IDLE_SECONDS", -1.0)


def _begin(redis_url: str, run_id: str = "") -> Reporter:
    """A job in the middle of its third stage."""
    reporter = Reporter("job-1", DEFAULT, redis_url, run_id=run_id)
    with Recorder(redis_url, "job-1") as recorder:
        reporter.start()
        reporter.start_stage("cpsat_solving")
        recorder.wait_for(lambda snapshot: snapshot["stage"] == "cpsat_solving")
    return reporter


def _end(reporter: Reporter, redis_url: str) -> Record:
    """What is remembered of the job when all is published."""
    reporter.mark_completed()
    while reporter.publish_once() is not None:
        pass
    (record,) = Store(redis_url).histories()
    return record


def _completed(redis_url: str) -> int:
    return Store(redis_url).elsewhere("job-1", "cpsat_solving").completed


def test_what_a_dead_worker_began_counts_when_it_is_done_again_elsewhere_as_a_first_attempt(
    redis_url: str,
) -> None:
    reporter, dead, other = _begin(redis_url), Relay("job-1", redis_url), Relay("job-1", redis_url)
    dead.unit("cluster 37", attempt=1)
    dead.flush()
    dead.unit("cluster 37", attempt=2).advance(3)
    dead.flush()
    assert _completed(redis_url) == 3
    time.sleep(0.002)  # later is a millisecond later
    other.unit("cluster 37", attempt=1).advance(10)
    other.flush()
    assert _completed(redis_url) == 10
    reporter.mark_completed()


def test_a_late_report_of_an_earlier_attempt_changes_nothing(redis_url: str) -> None:
    reporter, slow, other = _begin(redis_url), Relay("job-1", redis_url), Relay("job-1", redis_url)
    late = slow.unit("cluster 37", attempt=1)
    slow.flush()
    time.sleep(0.002)
    other.unit("cluster 37", attempt=2).advance(4)
    other.flush()
    late.advance(9)
    slow.flush()
    assert _completed(redis_url) == 4
    reporter.mark_completed()


def test_a_unit_that_says_nothing_for_long_is_heard_for_as_long_as_its_job_goes_on(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    clock = SimpleNamespace(time=time.time, monotonic=lambda: now[0])
    monkeypatch.setattr(relay_module, "time", clock)
    monkeypatch.setattr(relay_module, "_IDLE_SECONDS", 1.5)
    reporter, relay = _begin(redis_url), Relay("job-1", redis_url)
    unit = relay.unit("cluster 37")
    with Recorder(redis_url, "job-1") as recorder:
        for _ in range(3):
            now[0] += 1.1
            wait(lambda: relay._answered == now[0], "it looks at its job")
        unit.advance()
        recorder.wait_for(lambda snapshot: snapshot["metadata"]["completed_items"] == 1)
    reporter.mark_completed()

    def is_idle() -> bool:
        now[0] += 0.1
        return relay.is_idle

    wait(is_idle, "nobody needs it any more")


class Heard:
    """What a task in another process is asked."""

    def __init__(self, relay: Relay) -> None:
        self.requests: list[str] = []
        self._relay = relay

    def after_a_look(self) -> list[str]:
        """What it was asked once its process has looked at the job."""
        time.sleep(0.01)
        self._relay.flush()
        return self.requests


@pytest.fixture
def looks_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(Relay, "_begin", lambda relay: None)  # no thread: the test flushes


@pytest.mark.usefixtures("looks_always")
def test_what_a_job_is_asked_is_heard_once_by_each_task_elsewhere(redis_url: str) -> None:
    reporter, relay, store = _begin(redis_url), Relay("job-1", redis_url), Store(redis_url)
    one, other = Heard(relay), Heard(relay)
    with relay.heeding(one.requests.append), relay.heeding(other.requests.append):
        assert one.after_a_look() == []
        store.ask("job-1", "finish")
        assert one.after_a_look() == other.after_a_look() == ["finish"]
        store.ask("job-1", "cancel")
    assert one.after_a_look() == ["finish"]
    reporter.mark_completed()


@pytest.mark.usefixtures("looks_always")
def test_a_task_elsewhere_is_cancelled_when_its_job_ends_or_begins_again(redis_url: str) -> None:
    first, relay = _begin(redis_url), Relay("job-1", redis_url)
    old, new = Heard(relay), Heard(relay)
    with relay.heeding(old.requests.append):
        assert old.after_a_look() == []
        first.mark_failed("its machine is gone")
        second = _begin(redis_url, run_id="second")
        with relay.heeding(new.requests.append):
            assert new.after_a_look() == []
            assert old.after_a_look() == ["cancel"]
            second.mark_completed()
            assert new.after_a_look() == ["cancel"]


@pytest.mark.usefixtures("looks_always")
def test_a_task_whose_job_has_lost_its_process_is_cancelled_after_a_while(
    redis_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    reporter, relay = _begin(redis_url), Relay("job-1", redis_url)
    heard = Heard(relay)
    with relay.heeding(heard.requests.append):
        assert heard.after_a_look() == []
        monkeypatch.setattr(relay_module, "_ORPHANED_SECONDS", 0.0)
        assert heard.after_a_look() == [], "it lives"
        with monkeypatch.context() as patch:
            patch.setattr(Reporter, "publish_once", lambda _: None)

            def is_told() -> bool:
                redis.delete(keys.lease("job-1"))
                return heard.after_a_look() == ["cancel"]

            wait(is_told, "nobody renews the lease")
    reporter.mark_completed()


def test_a_signal_in_the_jobs_process_reaches_tasks_elsewhere(redis_url: str, redis: Redis) -> None:
    reporter, store = _begin(redis_url), Store(redis_url)
    reporter.requests.ask("cancel")
    wait(lambda: redis.get(keys.request("job-1")) == b"cancel", "it is passed on")
    store.close()
    reporter.mark_cancelled()
    assert not redis.exists(keys.request("job-1"))


def test_whatever_one_task_elsewhere_says_the_rest_is_passed_on(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    reporter, relay = _begin(redis_url), Relay("job-1", redis_url)
    wrong: list[Any] = [np.int64(2), -1, 0.5, math.nan, math.inf, None]
    for number, each in enumerate(wrong):
        relay.unit(f"cluster {number}").advance(each)
    durations: list[Any] = [np.int64(300), None, math.nan]
    for duration in durations:
        relay.expect({"cpsat_solving": duration}, size=np.float32(7))  # type: ignore[arg-type]
    relay.flush()
    assert _completed(redis_url) == 2
    relay.unit("cluster 37").advance(3)
    relay.flush()
    assert _completed(redis_url) == 5
    assert "Redis is away" not in caplog.text
    reporter.mark_completed()


def test_one_wrong_expectation_takes_no_other_along(redis_url: str) -> None:
    reporter, relay = _begin(redis_url), Relay("job-1", redis_url)
    relay.expect({"typo": 1.0, "ga_optimization": 60.0}, size=None)
    relay.expect({"rl_refinement": 7.0}, size=None)
    relay.flush()
    reporter.publish_once()
    expected = _end(reporter, redis_url).expected
    assert expected == {"ga_optimization": 60.0, "rl_refinement": 7.0}


def test_what_cannot_be_passed_on_is_said_and_ends_nothing_else(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(relay_module, "_IDLE_SECONDS", 600.0)
    reporter, relay = _begin(redis_url), Relay("job-1", redis_url)
    relay.unit("no text: \ud800").advance()
    wait(lambda: "what is counted here is not passed on" in caplog.text, "it is logged")
    reporter.mark_completed()


def test_what_tasks_elsewhere_expect_is_heard_whatever_they_say_before_the_job_listens(
    redis_url: str,
) -> None:
    reporter = Reporter("job-1", DEFAULT, redis_url)
    one, other = Relay("job-1", redis_url), Relay("job-1", redis_url)
    reporter.publish_once()
    one.expect({"cpsat_solving": 300, "clustering": 20}, size=1200)
    one.expect({"clustering": 30}, size=None)
    one.flush()
    other.expect({"ga_optimization": 60}, size=None)
    other.flush()
    one.update("found", cost=61)
    one.flush()
    reporter.publish_once()
    reporter.expect({"cpsat_solving": 100})  # the flow knows better now
    other.expect({"no such stage": 1}, size=None)
    other.update("found", cost=60)
    other.flush()
    reporter.publish_once()
    record = _end(reporter, redis_url)
    assert record.expected == {"cpsat_solving": 100, "clustering": 30, "ga_optimization": 60}
    assert record.size == 1200
    assert reporter.last_snapshot is not None
    assert reporter.last_snapshot["metadata"]["cost"] == 60


def test_what_was_said_before_the_job_was_there_is_told_with_what_was_said_since(
    redis_url: str,
) -> None:
    reporter, relay = Reporter("job-1", DEFAULT, redis_url), Relay("job-1", redis_url)
    relay.update("a first one", cost=61, violations=2)
    relay.expect({"cpsat_solving": 300}, size=1200)
    relay.flush()
    relay.update("a better one", violations=0)
    relay.expect({"ga_optimization": 60}, size=None)
    reporter.publish_once()
    relay.flush()
    reporter.publish_once()
    record = _end(reporter, redis_url)
    assert record.expected == {"cpsat_solving": 300, "ga_optimization": 60}
    assert record.size == 1200
    assert reporter.last_snapshot is not None
    figures = reporter.last_snapshot["metadata"]
    assert (figures["cost"], figures["violations"]) == (61, 0)
