from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from tracking import keys
from tracking.embedded import embedded_redis
from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.snapshot import Snapshot, is_newer
from tracking.store import Store, Unavailable


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    with_redis = Store(redis_url)
    yield with_redis
    with_redis.close()


def _snapshot(**fields: Any) -> Snapshot:
    progress = Progress(DEFAULT, "job", 1_740_000_000.0)
    return progress.next(1_740_000_001.0) | fields  # type: ignore[return-value]


def test_the_snapshots_of_several_jobs_are_read_at_once(store: Store) -> None:
    first, third = _snapshot(job_id="first"), _snapshot(job_id="third")
    store.write(first)
    store.write(third)
    assert store.snapshots(["first", "second", "third"]) == {"first": first, "third": third}
    assert store.snapshots([]) == {}


def test_a_written_snapshot_is_read_published_and_kept_for_replay(
    store: Store, redis: Redis
) -> None:
    channel = redis.pubsub()  # type: ignore[no-untyped-call]
    channel.subscribe("progress:job:job")
    channel.get_message(timeout=60)
    snapshot = _snapshot()
    assert store.write(snapshot).verdict == "written"
    assert store.snapshot("job") == snapshot
    assert store.replay("job") == [snapshot]
    message = channel.get_message(timeout=60)
    assert message is not None
    assert message["data"] == redis.get("progress:job:job")
    channel.close()


def test_both_keys_expire_two_hours_after_the_last_write(store: Store, redis: Redis) -> None:
    store.write(_snapshot(seq=1))
    redis.expire(keys.progress("job"), 10)
    redis.expire(keys.events("job"), 10)
    store.write(_snapshot(seq=2))
    assert 7190 <= redis.ttl(keys.progress("job")) <= 7200
    assert 7190 <= redis.ttl(keys.events("job")) <= 7200


@pytest.mark.parametrize(
    ("stored", "late", "verdict"),
    [
        ({"seq": 5}, {"seq": 4}, "older"),
        ({"seq": 5}, {"seq": 5}, "older"),
        ({"seq": 5, "status": "cancelled"}, {"seq": 6}, "ended"),
        ({"seq": 5, "attempt": 2}, {"seq": 9, "attempt": 1}, "superseded"),
        ({"seq": 5, "attempt": 2, "status": "failed"}, {"seq": 9, "attempt": 1}, "superseded"),
    ],
)
def test_a_late_write_never_replaces_what_is_newer(
    store: Store, stored: dict[str, Any], late: dict[str, Any], verdict: str
) -> None:
    newer = _snapshot(**stored)
    store.write(newer)
    assert store.write(_snapshot(**late))[:2] == (verdict, 5)
    assert store.snapshot("job") == newer
    assert store.replay("job") == [newer]


def test_a_new_attempt_follows_an_end(store: Store) -> None:
    store.write(_snapshot(seq=5, status="failed"))
    assert store.write(_snapshot(seq=6, attempt=2)).verdict == "written"


def test_what_is_no_snapshot_does_not_stop_the_next_one(store: Store, redis: Redis) -> None:
    redis.set(keys.progress("job"), "no JSON", ex=60)
    assert store.write(_snapshot()).verdict == "written"


def test_a_stream_that_outlived_its_ledger_begins_again(store: Store, redis: Redis) -> None:
    store.write(_snapshot(seq=50))
    redis.delete(keys.ledger("job"))
    assert store.write(_snapshot(seq=1)).verdict == "written"
    assert [snapshot["seq"] for snapshot in store.replay("job")] == [1]


def test_replay_gives_what_came_after_a_seq(store: Store) -> None:
    for seq in range(1, 8):
        store.write(_snapshot(seq=seq))
    assert [snapshot["seq"] for snapshot in store.replay("job", 4)] == [5, 6, 7]
    assert store.replay("job", 7) == []
    assert store.replay("unknown") == []


def test_the_stream_is_bounded(store: Store, redis: Redis) -> None:
    for seq in range(1, 1301):
        store.write(_snapshot(seq=seq))
    assert redis.xlen(keys.events("job")) < 1150


def test_a_subscriber_loses_and_repeats_nothing(store: Store) -> None:
    store.write(_snapshot(seq=1))
    seen: list[int] = []
    started = threading.Event()

    def listen() -> None:
        for snapshot in store.subscribe("job"):
            seen.append(snapshot["seq"])
            started.set()

    listener = threading.Thread(target=listen)
    listener.start()
    for seq in range(2, 200):
        store.write(_snapshot(seq=seq))
    assert started.wait(60)
    store.write(_snapshot(seq=200, status="completed"))
    listener.join(60)
    assert not listener.is_alive()
    assert seen == list(range(seen[0], 201))


def test_a_subscriber_to_an_ended_job_gets_its_end(store: Store) -> None:
    store.write(_snapshot(status="completed"))
    assert [snapshot["status"] for snapshot in store.subscribe("job")] == ["completed"]


def test_a_run_that_begins_later_is_newer_whatever_its_count() -> None:
    seen = _snapshot(seq=50)
    assert is_newer(seen, None)
    assert not is_newer(seen, seen)
    assert is_newer(_snapshot(seq=51), seen)
    assert is_newer(_snapshot(seq=1, started_at=seen["started_at"] + 1), seen)
    assert not is_newer(_snapshot(seq=60, started_at=seen["started_at"] - 1), seen)


def test_a_redis_that_is_gone_is_said_so() -> None:
    with embedded_redis() as url:
        pass
    store = Store(url)
    with pytest.raises(Unavailable):
        store.snapshot("job")
    with pytest.raises(Unavailable):
        store.write(_snapshot())


def test_what_is_no_url_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="redis://"):
        Store("localhost")
