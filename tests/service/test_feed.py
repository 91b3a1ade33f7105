from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from tests.service.live_parts import STARTED_AT
from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.service.feed import EVENTS_KEPT, LAST_ID, Event, Feed, Viewer, event_of
from tracking.snapshot import Snapshot


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 60))


def _snapshot(**fields: Any) -> Snapshot:
    first = Progress(DEFAULT, "job", STARTED_AT).next(STARTED_AT + 1)
    return first | {"status": "running"} | fields  # type: ignore[return-value]


def _put(feed: Feed, **fields: Any) -> None:
    snapshot = _snapshot(**fields)
    feed.put(snapshot, event_of(snapshot, json.dumps(snapshot).encode()))


def _told(events: list[Event] | None) -> list[tuple[str, int | None]]:
    return [(event.name, event.seq) for event in events or []]


def test_viewers_get_every_event_once_in_order_and_as_the_same_bytes() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        one, other = Viewer(feed, None), Viewer(feed, None)
        for seq in (1, 2, 2, 1, 3):
            _put(feed, seq=seq)
        to_one, to_other = await one.next(), await other.next()
        assert _told(to_one) == [("progress", 1), ("progress", 2), ("progress", 3)]
        assert to_one is not None
        assert to_other is not None
        assert all(a.sse(0) is b.sse(9) for a, b in zip(to_one, to_other, strict=True))
        waiting = asyncio.create_task(one.next())
        await asyncio.sleep(0)
        _put(feed, seq=4, status="completed")
        assert _told(await waiting) == [("done", 4)]

    _run(scenario())


def test_a_slow_viewer_goes_to_the_newest_snapshot_and_holds_no_other_up() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        slow, quick = Viewer(feed, None), Viewer(feed, None)
        for seq in range(1, EVENTS_KEPT + 2):
            _put(feed, seq=seq)
            assert _told(await quick.next()) == [("progress", seq)]
        assert _told(await slow.next()) == [("snapshot", EVENTS_KEPT + 1)]
        assert (slow.skips, quick.skips) == (1, 0)
        _put(feed, seq=100)
        assert _told(await slow.next()) == [("progress", 100)]

    _run(scenario())


def test_a_slow_viewer_is_told_the_end_as_the_end() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        slow = Viewer(feed, None)
        for seq in range(1, EVENTS_KEPT + 9):
            _put(feed, seq=seq)
        _put(feed, seq=200, status="failed")
        assert _told(await slow.next()) == [("done", 200)]

    _run(scenario())


def test_an_end_that_another_attempt_followed_is_no_end() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        viewer = Viewer(feed, None)
        _put(feed, seq=1, status="failed")
        _put(feed, seq=2, attempt=2)
        assert _told(await viewer.next()) == [("progress", 1), ("progress", 2)]

    _run(scenario())


def test_what_somebody_else_says_leaves_a_viewer_its_place() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        viewer = Viewer(feed, 57)
        feed.put_instead(_snapshot(seq=0, status="queued"))
        (event,) = await viewer.next() or []
        assert event.sse(viewer.last_id).startswith(b"event: progress\nid: 57\n")
        assert json.loads(event.ws(viewer.last_id))["id"] == 57

    _run(scenario())


def test_the_same_news_is_told_once_though_the_time_goes_on() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        viewer = Viewer(feed, None)
        feed.put_instead(_snapshot(seq=0, last_updated=STARTED_AT + 3))
        feed.put_instead(_snapshot(seq=0, last_updated=STARTED_AT + 6))
        feed.put_instead(_snapshot(seq=0, status="completed"))
        assert _told(await viewer.next()) == [("progress", None), ("done", LAST_ID)]

    _run(scenario())


def test_who_has_seen_the_end_is_known_by_its_id() -> None:
    feed = Feed("job")
    _put(feed, seq=7, status="completed")
    assert [Viewer(feed, seen).has_seen_end for seen in (None, 0, 6, 7, LAST_ID)] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_nothing_to_say_is_said_now_and_then() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        viewer = Viewer(feed, None)
        waiting = asyncio.create_task(viewer.next())
        await asyncio.sleep(0)
        feed.beat()
        assert await waiting == []

    _run(scenario())


def test_who_leaves_or_is_left_waits_no_longer() -> None:
    async def scenario() -> None:
        feed = Feed("job")
        leaving, left = Viewer(feed, None), Viewer(feed, None)
        waiting = [asyncio.create_task(viewer.next()) for viewer in (leaving, left)]
        await asyncio.sleep(0)
        leaving.leave()
        assert await waiting[0] is None
        feed.close()
        assert await waiting[1] is None

    _run(scenario())
