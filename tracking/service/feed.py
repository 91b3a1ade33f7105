"""One job's events, and those who watch them. Each viewer holds no more than a place in the feed.

Nothing here talks to anybody: the hub puts events in, the streams take them out.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

from tracking.service.encoding import sse_event, ws_message
from tracking.snapshot import ENDS, Snapshot, is_newer

__all__ = ["EVENTS_KEPT", "LAST_ID", "Event", "Feed", "Name", "Viewer", "event_of"]

EVENTS_KEPT = 64
"""Of each job, in this process's memory: half a minute at two a second."""

LAST_ID = 2**53 - 1
"""Of an end that the job has not published itself; the largest that JavaScript can count to. Who
comes back with it has seen the end, whatever else it has seen."""

Name = Literal["connected", "progress", "snapshot", "done"]


class Event:
    """Something to tell all viewers of a job, encoded once.

    Parameters
    ----------
    name
        What kind it is.
    data
        JSON: the very bytes that the job published.
    seq
        Of the snapshot; None if it was made elsewhere than in the job. A viewer's place in the
        job's events then stays what it was.
    at
        When it was published, in Unix seconds; None if nobody knows.
    """

    __slots__ = ("_sse", "_ws", "at", "data", "name", "seq")

    def __init__(
        self, name: Name, data: bytes, *, seq: int | None = None, at: float | None = None
    ) -> None:
        self.name: Name = name
        self.data = data
        self.seq = seq
        self.at = at
        self._sse: bytes | None = None
        self._ws: str | None = None

    def sse(self, last_id: int) -> bytes:
        """As a Server-Sent Event, for a viewer that has seen `last_id`."""
        if self.seq is None:
            return sse_event(self.name, last_id, self.data)
        if self._sse is None:
            self._sse = sse_event(self.name, self.seq, self.data)
        return self._sse

    def ws(self, last_id: int) -> str:
        """As a WebSocket message, for a viewer that has seen `last_id`."""
        if self.seq is None:
            return ws_message(self.name, last_id, self.data)
        if self._ws is None:
            self._ws = ws_message(self.name, self.seq, self.data)
        return self._ws

    def named(self, name: Name) -> Event:
        """The same under another name."""
        return self if name == self.name else Event(name, self.data, seq=self.seq, at=self.at)

    def standing_alone(self) -> Event:
        """The same for somebody who has missed what was before it."""
        return self if self.name == "done" else self.named("snapshot")


def event_of(snapshot: Snapshot, data: bytes, *, at: float | None = None) -> Event:
    """The event that tells a snapshot, and the end if it is one."""
    name: Name = "done" if snapshot["status"] in ENDS else "progress"
    return Event(name, data, seq=snapshot["seq"], at=at)


class Feed:
    """The last events of one job, in order.

    Parameters
    ----------
    job_id
        The job.
    """

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        self.viewers: set[Viewer] = set()
        self.seen: Snapshot | None = None
        """The newest snapshot that the job itself has published."""
        self.newest: Event | None = None
        """What a viewer who comes now is shown: that snapshot, or what is known instead."""
        self.shown: Snapshot | None = None
        """What that event says."""
        self.looked = asyncio.Event()
        """Set as soon as Redis was asked for the job, or cannot be."""
        self.known = asyncio.Event()
        """Set as soon as everybody was asked who may know the job."""
        self.closed = False
        """Whether nothing will follow: the service stops."""
        self.count = 0
        """Of the events put in, ever."""
        self.beats = 0
        """Of the times that all viewers should have had a sign of life."""
        self._kept: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._told_instead: Snapshot | None = None

    def put(self, snapshot: Snapshot, event: Event) -> bool:
        """Take what the job has published, unless it is known; gives whether it was new."""
        if not is_newer(snapshot, self.seen):
            return False
        self.seen = snapshot
        self._told_instead = None
        self._add(snapshot, event)
        return True

    def put_instead(self, snapshot: Snapshot) -> None:
        """Take what somebody else than the job says of it, unless that was said before."""
        told = Snapshot(**snapshot)
        told["last_updated"] = told["published_at"] = 0  # the time alone is no news
        if told != self._told_instead:
            data = json.dumps(snapshot, separators=(",", ":"), allow_nan=False).encode()
            name: Name = "done" if snapshot["status"] in ENDS else "progress"
            self._add(snapshot, Event(name, data, seq=LAST_ID if name == "done" else None))
            self._told_instead = told

    def fill(self, events: Iterable[Event]) -> None:
        """Keep what was published before anybody watched, for those who come back."""
        self._kept.extend(events)

    def skip(self) -> None:
        """Forget what is kept, for something is missing after it: viewers go to what is newest."""
        self._kept.clear()
        self.count += 1

    def beat(self) -> None:
        """Let every viewer have a sign of life."""
        self.beats += 1
        self._wake()

    def close(self) -> None:
        """Tell all viewers that nothing will follow here."""
        self.closed = True
        self.looked.set()
        self.known.set()
        self._wake()

    def last(self, number: int) -> list[Event] | None:
        """The last so many events; None if they are not all kept."""
        if number > len(self._kept):
            return None
        return [self._kept[place] for place in range(-number, 0)]

    def since(self, seq: int) -> list[Event] | None:
        """Every event after the snapshot of that `seq`; None if they may not all be kept."""
        numbered = [event for event in self._kept if event.seq is not None]
        if not numbered or (numbered[0].seq or 0) > seq + 1:
            return None
        return [event for event in numbered if (event.seq or 0) > seq]

    def to_show(self, events: Iterable[Event]) -> list[Event]:
        """The same events, where an end that was not the last word is no end."""
        last = self.newest.seq if self.newest else None
        return [
            event.named("progress") if event.name == "done" and event.seq != last else event
            for event in events
        ]

    def _add(self, snapshot: Snapshot, event: Event) -> None:
        self.shown, self.newest = snapshot, event
        self._kept.append(event)
        self.count += 1
        self._wake()

    def _wake(self) -> None:
        for viewer in self.viewers:
            viewer.wake()


class Viewer:
    """Somebody who watches a feed from now on.

    However slow it is, all that is kept of what it has not seen yet is kept once, in the feed.

    Parameters
    ----------
    feed
        What it watches.
    last_id
        `seq` of the snapshot that it has seen last; None if it has seen none.
    """

    __slots__ = (
        "_beats",
        "_left",
        "_on_news",
        "_place",
        "_waiting",
        "feed",
        "is_back",
        "last_id",
        "skips",
    )

    def __init__(self, feed: Feed, last_id: int | None) -> None:
        self.feed = feed
        self.is_back = last_id is not None
        """Whether it has watched before."""
        self.last_id = last_id or 0
        """`seq` of the last snapshot that it was shown."""
        self.skips = 0
        """How often it was too slow."""
        self._place = feed.count
        self._beats = feed.beats
        self._left = False
        self._waiting: asyncio.Future[None] | None = None
        self._on_news: Callable[[], None] | None = None
        feed.viewers.add(self)

    def call(self, on_news: Callable[[], None]) -> None:
        """Call this from now on whenever `news` may have come; nobody waits for `next` then."""
        self._on_news = on_news

    def leave(self) -> None:
        """Watch no more."""
        self._left = True
        self._on_news = None
        self.feed.viewers.discard(self)
        self.wake()

    def wake(self) -> None:
        """See whether there is something new."""
        if self._on_news is not None:
            self._on_news()
        elif self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    @property
    def has_seen_end(self) -> bool:
        """Whether the job has ended, and it was shown that."""
        newest = self.feed.newest
        return newest is not None and newest.name == "done" and self.last_id >= (newest.seq or 0)

    def catch_up(self) -> Event | None:
        """Go to the newest event, and give it."""
        self._place = self.feed.count
        return self.feed.newest

    def note(self, events: Iterable[Event]) -> None:
        """Remember what was shown."""
        for event in events:
            if event.seq is not None:
                self.last_id = event.seq

    @property
    def is_over(self) -> bool:
        """Whether nothing will follow."""
        return self._left or self.feed.closed

    def news(self) -> list[Event] | None:
        """What has come since this was last asked.

        Returns
        -------
        Events in order; empty, if it is time for a sign of life; None, if there is nothing new.
        """
        feed = self.feed
        if self._place < feed.count and feed.newest is not None:
            return self._take(feed.newest)
        if self._beats < feed.beats:
            self._beats = feed.beats
            return []
        return None

    async def next(self) -> list[Event] | None:
        """Wait for `news`; None, if nothing will follow."""
        while not self.is_over:
            news = self.news()
            if news is not None:
                return news
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return None

    def _take(self, newest: Event) -> list[Event]:
        events = self.feed.last(self.feed.count - self._place)
        self.catch_up()
        if events is not None:
            return self.feed.to_show(events)
        self.skips += 1
        return [newest.standing_alone()]
