"""What other processes count, where it could get lost."""

from __future__ import annotations

import time

import pytest

from tracking import relay as relay_module
from tracking.plan import DEFAULT
from tracking.relay import Relay
from tracking.reporter import Reporter
from tracking.store import Store
from tracking.testing import Recorder


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is passed on, and when, is for the test to say."""
    monkeypatch.setattr(relay_module, "_IDLE_SECONDS", -1.0)


def _begin(redis_url: str) -> Reporter:
    """A job in the middle of its third stage."""
    reporter = Reporter("job-1", DEFAULT, redis_url)
    with Recorder(redis_url, "job-1") as recorder:
        reporter.start()
        reporter.start_stage("cpsat_solving")
        recorder.wait_for(lambda snapshot: snapshot["stage"] == "cpsat_solving")
    return reporter


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
    monkeypatch.setattr(relay_module, "_IDLE_SECONDS", 1.5)
    reporter, relay = _begin(redis_url), Relay("job-1", redis_url)
    unit = relay.unit("cluster 37")
    with Recorder(redis_url, "job-1") as recorder:
        time.sleep(3)
        unit.advance()
        recorder.wait_for(lambda snapshot: snapshot["metadata"]["completed_items"] == 1)
    reporter.mark_completed()
    deadline = time.monotonic() + 20
    while not relay.is_idle and time.monotonic() < deadline:
        time.sleep(0.02)
    assert relay.is_idle
