"""A running job is asked to finish or to be cancelled, by whoever reaches its Redis."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from tracking import keys
from tracking.jobs import JOBS, heeding, last_snapshot
from tracking.plan import DEFAULT
from tracking.reporter import Reporter
from tracking.requests import Request, Requests
from tracking.settling import end_elsewhere
from tracking.store import Store
from tracking.testing import Recorder

Record = Callable[[str], Recorder]


class Heard:
    """What a job was asked, in order; waits for more."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._more = threading.Condition()

    def __call__(self, request: Request) -> None:
        with self._more:
            self.requests.append(request)
            self._more.notify_all()

    def wait_for(self, number: int) -> list[Request]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.requests) >= number, timeout=30)
            return self.requests


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    with_redis = Store(redis_url)
    yield with_redis
    with_redis.close()


def _running(job_id: str, redis_url: str, recorder: Recorder, *, run_id: str = "run") -> Reporter:
    reporter = Reporter(job_id, DEFAULT, redis_url, run_id=run_id)
    reporter.start()
    reporter.start_stage("cpsat_solving")
    recorder.wait_for(lambda s: s["run_id"] == run_id and s["stage"] == "cpsat_solving")
    return reporter


def _two_more(recorder: Recorder) -> None:
    """Wait until the job has published twice more: what is asked would have been heard by then."""
    seq = recorder.last["seq"]
    recorder.wait_for(lambda snapshot: snapshot["seq"] >= seq + 2)


@pytest.mark.parametrize("asked", ["finish", "cancel"])
def test_a_running_job_hears_what_it_is_asked_once(
    redis_url: str, store: Store, record: Record, asked: Request
) -> None:
    recorder, heard = record("job-1"), Heard()
    reporter = _running("job-1", redis_url, recorder)
    with reporter.requests.heeding(heard):
        store.ask("job-1", asked)
        assert heard.wait_for(1) == [asked]
        _two_more(recorder)
    assert heard.requests == [asked]
    reporter.mark_cancelled()
    assert recorder.broken_rules() == []


def test_a_job_that_finishes_can_still_be_cancelled(
    redis_url: str, store: Store, record: Record
) -> None:
    heard = Heard()
    reporter = _running("job-1", redis_url, record("job-1"))
    with reporter.requests.heeding(heard):
        store.ask("job-1", "finish")
        heard.wait_for(1)
        store.ask("job-1", "cancel")
        assert heard.wait_for(2) == ["finish", "cancel"]
    reporter.mark_cancelled()


def test_what_was_asked_before_the_flow_listens_is_heard_when_it_does(
    redis_url: str, store: Store, record: Record
) -> None:
    recorder, heard = record("job-1"), Heard()
    reporter = _running("job-1", redis_url, recorder)
    store.ask("job-1", "finish")
    _two_more(recorder)
    with reporter.requests.heeding(heard):
        assert heard.requests == ["finish"]
    reporter.mark_completed()


def test_a_request_ends_with_its_job_and_does_nothing_to_the_next_run(
    redis_url: str, store: Store, redis: Redis, record: Record
) -> None:
    recorder, heard = record("job-1"), Heard()
    first = _running("job-1", redis_url, recorder, run_id="first")
    store.ask("job-1", "cancel")
    first.mark_cancelled()
    assert not redis.exists(keys.request("job-1"))
    store.ask("job-1", "cancel")  # too late, or too early
    second = Reporter("job-1", DEFAULT, redis_url, run_id="second")
    with second.requests.heeding(heard):
        second.start()
        second.start_stage("cpsat_solving")
        recorder.wait_for(lambda s: s["run_id"] == "second" and s["stage"] == "cpsat_solving")
        _two_more(recorder)
        assert heard.requests == []
    second.mark_completed()


def test_a_new_attempt_is_not_asked_what_the_one_before_was(
    redis_url: str, store: Store, record: Record
) -> None:
    recorder, heard = record("job-1"), Heard()
    reporter = _running("job-1", redis_url, recorder)
    with reporter.requests.heeding(heard):
        store.ask("job-1", "finish")
        heard.wait_for(1)
    reporter.mark_failed("disk full")
    reporter.start_attempt()
    with reporter.requests.heeding(heard):
        recorder.wait_for(lambda snapshot: snapshot["attempt"] == 2)
        _two_more(recorder)
        assert heard.requests == ["finish"]
        store.ask("job-1", "finish")
        assert heard.wait_for(2) == ["finish", "finish"]
    reporter.mark_completed()


def test_what_was_asked_while_a_process_started_is_heard(redis_url: str, store: Store) -> None:
    heard, reporter = Heard(), Reporter("job-1", DEFAULT, redis_url, run_id="run")
    store.ask("job-1", "finish")
    with reporter.requests.heeding(heard):
        reporter.publish_once()
        assert heard.requests == ["finish"]


@pytest.mark.parametrize("is_heard", [True, False])
def test_what_is_asked_between_two_tries_of_a_flow_is_meant_for_the_next(
    redis_url: str, store: Store, redis: Redis, is_heard: bool
) -> None:
    heard, reporter = Heard(), Reporter("job-1", DEFAULT, redis_url, run_id="run")
    reporter.publish_once()
    store.ask("job-1", "finish")
    if is_heard:
        reporter.publish_once()
    reporter.start_attempt()
    with reporter.requests.heeding(heard):
        reporter.publish_once()
        assert heard.requests == ["finish"]
    assert redis.get(keys.request("job-1")) == b"finish", "tasks elsewhere look there"


def test_what_one_try_of_a_flow_has_heeded_is_not_told_the_next(
    redis_url: str, store: Store, redis: Redis
) -> None:
    heard, reporter = Heard(), Reporter("job-1", DEFAULT, redis_url, run_id="run")
    with reporter.requests.heeding(heard):
        reporter.publish_once()
        store.ask("job-1", "finish")
        reporter.publish_once()
        reporter.start_attempt()
        reporter.publish_once()
    assert heard.requests == ["finish"]
    assert not redis.exists(keys.request("job-1"))


def test_a_process_that_was_replaced_is_not_asked(
    redis_url: str, store: Store, record: Record
) -> None:
    recorder, old, new = record("job-1"), Heard(), Heard()
    first = _running("job-1", redis_url, recorder)
    second = Reporter("job-1", DEFAULT, redis_url, run_id="run")
    with first.requests.heeding(old), second.requests.heeding(new):
        second.start()
        recorder.wait_for(lambda snapshot: snapshot["attempt"] == 2)
        store.ask("job-1", "finish")
        assert new.wait_for(1) == ["finish"]
        assert old.requests == []
    second.mark_completed()
    first.mark_failed("late")


def test_a_job_that_another_process_ends_leaves_no_request(
    redis_url: str, store: Store, redis: Redis, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HORARIUM_REDIS_URL", redis_url)
    reporter = _running("job-1", redis_url, record("job-1"))
    store.ask("job-1", "cancel")
    end_elsewhere("job-1", "run", DEFAULT, "cancelled", "")
    assert not redis.exists(keys.request("job-1"))
    reporter.mark_cancelled()


def test_a_request_expires(store: Store, redis: Redis) -> None:
    store.ask("nobody", "finish")
    assert redis.get("request:job:nobody") == b"finish"
    assert 7190 <= redis.ttl("request:job:nobody") <= 7200


def test_nonsense_is_no_request(redis_url: str, redis: Redis, record: Record) -> None:
    recorder, heard = record("job-1"), Heard()
    reporter = _running("job-1", redis_url, recorder)
    with reporter.requests.heeding(heard):
        redis.set(keys.request("job-1"), b"\xff explode", ex=60)
        _two_more(recorder)
        assert heard.requests == []
        redis.set(keys.request("job-1"), b"finish", ex=60)
        heard.wait_for(1)
    reporter.mark_completed()


def test_whoever_cannot_do_what_is_asked_harms_neither_the_job_nor_its_progress(
    redis_url: str, store: Store, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = record("job-1")
    reporter = _running("job-1", redis_url, recorder)

    def fail(request: Request) -> None:
        raise RuntimeError(request)

    with reporter.requests.heeding(fail):
        store.ask("job-1", "cancel")
        _two_more(recorder)
        _two_more(recorder)
    reporter.mark_completed()
    assert recorder.broken_rules() == []
    assert "asked to cancel, and cannot" in caplog.text


def test_once_nobody_listens_any_more_nothing_is_passed_on() -> None:
    requests, heard = Requests(), Heard()
    with requests.heeding(heard):
        pass
    requests.hear("finish")
    assert heard.requests == []
    assert not requests.heeded


def test_a_run_that_was_cut_short_says_nothing_of_the_next(
    redis_url: str, store: Store, record: Record
) -> None:
    heard = Heard()
    reporter = _running("job-1", redis_url, record("job-1"))
    with reporter.requests.heeding(heard):
        store.ask("job-1", "finish")
        heard.wait_for(1)
    reporter.mark_completed()
    assert store.histories() == []


def test_a_flow_heeds_its_job_by_the_id_and_goes_on_untracked() -> None:
    heard = Heard()
    reporter = Reporter("mine", DEFAULT, None)
    JOBS.add(reporter)
    with heeding("mine", heard), heeding("untracked", heard):
        reporter.requests.hear("finish")
    assert heard.requests == ["finish"]
    assert last_snapshot("mine") is None
    assert last_snapshot("untracked") is None
    reporter.mark_completed()
