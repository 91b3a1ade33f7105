"""Jobs and those who watch them: one subscription a job, whatever the number of viewers.

Redis is the source. While it is away, and for a job that it does not know, Prefect is.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread

from tracking.keys import LEASE_MILLISECONDS
from tracking.service.feed import EVENTS_KEPT, Event, Feed, Viewer, event_of
from tracking.service.metrics import Metrics
from tracking.service.redis_link import Reads, Subscription
from tracking.service.sources import JobSource, as_lost, carried_on, read_snapshot
from tracking.settling import settle
from tracking.snapshot import ENDS, Snapshot, is_newer, life
from tracking.store import Unavailable

__all__ = ["Hub", "Pace"]

_log = logging.getLogger(__name__)

# Not the generator that all of the process shares: who counts on that one would see it move.
_SPREAD = random.Random()  # noqa: S311 - spreads, hides nothing

_MOST_LOOKED = 1000  # jobs, a kilobyte each
_PAGE_EVENTS = 100  # read at a time for a viewer who comes back: 70 kB


@dataclass(frozen=True, slots=True)
class Pace:
    """How often things are done, in seconds.

    Parameters
    ----------
    comment
        Between two signs of life to a viewer.
    ask
        Between two questions about one job to Redis or to Prefect.
    quiet
        After so long without a snapshot, a job may be lost.
    first_pause, longest_pause
        Before Redis is tried again.
    silence
        After so long without a word, Redis is asked whether it is there.
    patience
        How long a viewer waits for what is known, before it waits for what comes.
    """

    comment: float = 15.0
    ask: float = 3.0
    quiet: float = LEASE_MILLISECONDS / 1000
    first_pause: float = 1.0
    longest_pause: float = 30.0
    silence: float = 5.0
    patience: float = 1.0


class Hub:
    """Every job that is watched in this process.

    Parameters
    ----------
    redis_url
        Where jobs publish.
    prefect
        Who is asked where Redis knows nothing.
    metrics
        What is counted.
    pace
        How often things are done.
    """

    def __init__(
        self, redis_url: str, prefect: JobSource, metrics: Metrics, *, pace: Pace | None = None
    ) -> None:
        self._url = redis_url
        self._prefect = prefect
        self._metrics = metrics
        self._pace = pace = pace or Pace()
        self._reads = Reads(redis_url)
        self._subscription = Subscription(
            redis_url,
            self,
            first_pause_seconds=pace.first_pause,
            longest_pause_seconds=pace.longest_pause,
            silence_seconds=pace.silence,
        )
        self._looked: dict[str, Snapshot] = {}  # by those who watch none of them, last one last
        self._feeds: dict[str, Feed] = {}
        self._chores: dict[Feed, tuple[asyncio.Task[None], asyncio.TimerHandle]] = {}
        self._heard_at: dict[Feed, float] = {}
        self._settling: dict[str, asyncio.Task[None]] = {}
        self._threads = CapacityLimiter(4)  # settle jobs; a Prefect that hangs holds no others up
        self.is_stopped = False
        """Whether every stream ends, because the service does."""
        metrics.redis_up.set_function(lambda: float(self._subscription.is_up or False))
        metrics.jobs_watched.set_function(lambda: float(len(self._feeds)))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen to Redis for as long as the block lasts."""
        listening = asyncio.create_task(self._subscription.run())
        try:
            yield
        finally:
            self.stop()
            chores = [task for task, _ in self._chores.values()]
            for task in (listening, *chores, *self._settling.values()):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            await self._subscription.close()
            await self._reads.close()

    def stop(self) -> None:
        """Let every stream end: its viewer is told to come back, to the process that follows."""
        self.is_stopped = True
        for feed in self._feeds.values():
            feed.close()

    async def reaches_redis(self) -> bool:
        """Whether Redis answers now."""
        try:
            await self._reads.ping()
        except Unavailable:
            return False
        return True

    # Viewers

    def join(self, job_id: str, last_id: int | None = None) -> Viewer:
        """Watch a job; `leave` must follow.

        Parameters
        ----------
        last_id
            `seq` of the snapshot that the viewer has seen last; None if it has seen none.
        """
        feed = self._feeds.get(job_id)
        return Viewer(feed or self._open(job_id), last_id)

    def leave(self, viewer: Viewer) -> None:
        """Watch no more; with the last viewer goes the subscription."""
        viewer.leave()
        feed = viewer.feed
        self._metrics.skips.inc(viewer.skips)
        if feed.viewers or self._feeds.get(feed.job_id) is not feed:
            return
        del self._feeds[feed.job_id]
        self._subscription.remove(feed.job_id)
        keeper, comment = self._chores.pop(feed)
        keeper.cancel()
        comment.cancel()
        del self._heard_at[feed]

    async def settled(self, viewer: Viewer) -> None:
        """Wait until it is known how far the job is, or until that takes too long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(viewer.feed.known.wait(), self._pace.patience)

    async def missed(self, viewer: Viewer) -> AsyncIterator[list[Event]]:
        """What a viewer is to be shown before all that comes after this call."""
        feed, seen = viewer.feed, viewer.last_id
        newest = viewer.catch_up()
        if newest is None or (viewer.is_back and newest.seq == seen):
            return
        if not viewer.is_back or feed.seen is None or newest.seq != feed.seen["seq"]:
            has_gap = viewer.is_back and feed.seen is not None and seen < feed.seen["seq"]
            yield [newest.standing_alone() if has_gap and newest.seq is None else newest]
        elif seen > newest.seq:  # Redis was emptied, and the count began anew
            yield [newest.standing_alone()]
        elif (kept := feed.since(seen)) is not None:
            yield feed.to_show(kept)
        else:
            async for events in self._replay(feed, seen, newest):
                yield events

    async def look(self, job_id: str) -> Snapshot | None:
        """The newest that is known of a job, now.

        Raises
        ------
        Problem
            503, if neither Redis nor Prefect answers.
        """
        feed = self._feeds.get(job_id)
        if feed is not None and not self._must_ask(feed):
            return feed.shown
        found = await self._look_in_redis(job_id)
        if found is not None:
            snapshot, is_lost = found
            self._looked.pop(job_id, None)
            self._looked[job_id] = snapshot
            if len(self._looked) > _MOST_LOOKED:
                del self._looked[next(iter(self._looked))]
            return as_lost(snapshot) if is_lost else snapshot
        self._metrics.prefect_fallback.inc()
        told = await self._prefect.snapshot(job_id)
        seen = None if feed is None else feed.seen
        if seen is None and told is not None:
            last = self._looked.get(job_id)
            again = last is not None and last["status"] in ENDS and told["status"] not in ENDS
            seen = None if again else last
        return (told and carried_on(seen, told)) or seen

    # What Redis says

    async def subscribed(self, job_id: str) -> None:
        """All that the job publishes is heard from now on: read what it has published before."""
        feed = self._feeds.get(job_id)
        if feed is None:
            return
        text, tail = await self._reads.tail(job_id, EVENTS_KEPT)
        found = [both for data in (*tail, text) if data and (both := read_snapshot(data))]
        if feed.seen is None:
            feed.fill(event_of(*both) for both in found[:-2])
            found = found[-2:]  # mostly the same twice
        elif len(tail) == EVENTS_KEPT and found and found[0][0]["seq"] > feed.seen["seq"] + 1:
            feed.skip()
        for snapshot, data in found:
            feed.put(snapshot, event_of(snapshot, data))
        feed.looked.set()
        if feed.seen is not None:
            feed.known.set()

    def heard(self, job_id: str, data: bytes) -> None:
        """The job has published a snapshot."""
        feed, both = self._feeds.get(job_id), read_snapshot(data)
        if feed is None or both is None:
            return
        snapshot = both[0]
        self._heard_at[feed] = asyncio.get_running_loop().time()
        # An older writer does not say when.
        at = snapshot.get("published_at") or time.time()
        feed.put(snapshot, event_of(snapshot, data, at=at))
        feed.known.set()

    def disconnected(self) -> None:
        """Redis is away: nobody need wait for it."""
        for feed in self._feeds.values():
            feed.looked.set()

    # A job that is watched

    def _open(self, job_id: str) -> Feed:
        feed = Feed(job_id)
        if self.is_stopped:
            feed.close()
            return feed
        loop = asyncio.get_running_loop()
        self._feeds[job_id] = feed
        self._heard_at[feed] = loop.time()
        if self._subscription.is_up is False:
            feed.looked.set()
        self._subscription.add(job_id)
        # Not all jobs at the same moment: that would hold up what else is to be sent.
        first = self._pace.comment * _SPREAD.uniform(0.5, 1)
        self._chores[feed] = (
            asyncio.create_task(self._keep(feed)),
            loop.call_later(first, self._comment, feed),
        )
        return feed

    def _comment(self, feed: Feed) -> None:
        feed.beat()
        again = asyncio.get_running_loop().call_later(self._pace.comment, self._comment, feed)
        self._chores[feed] = (self._chores[feed][0], again)

    async def _keep(self, feed: Feed) -> None:
        """Where Redis says nothing of a job, ask; until nobody watches it any more."""
        with suppress(TimeoutError):
            await asyncio.wait_for(feed.looked.wait(), self._pace.patience)
        while True:
            try:
                if self._must_ask(feed):
                    await self._ask(feed)
            except Exception as trouble:  # noqa: BLE001 - no stream dies because Prefect is away
                _log.info("job %s: nobody knows how far it is: %s", feed.job_id, trouble)
            feed.known.set()
            await asyncio.sleep(self._pace.ask)

    def _must_ask(self, feed: Feed) -> bool:
        if feed.newest is not None and feed.newest.name == "done":
            return False
        quiet = asyncio.get_running_loop().time() - self._heard_at[feed]
        return feed.seen is None or not self._subscription.is_up or quiet > self._pace.quiet

    async def _ask(self, feed: Feed) -> None:
        found = await self._look_in_redis(feed.job_id)
        if found is not None:
            snapshot, is_lost = found
            if is_newer(snapshot, feed.seen):
                # What lies between is to be told as well, before what will be heard.
                await self.subscribed(feed.job_id)
            elif is_lost:
                feed.put_instead(as_lost(snapshot))
            return
        self._metrics.prefect_fallback.inc()
        told = await self._prefect.snapshot(feed.job_id)
        instead = told and carried_on(feed.seen, told)
        if instead:
            feed.put_instead(instead)

    async def _look_in_redis(self, job_id: str) -> tuple[Snapshot, bool] | None:
        """What Redis holds of a job, and whether that is lost; then it is settled soon."""
        found, is_leased = None, False
        if self._subscription.is_up is not False:
            with suppress(Unavailable):
                text, is_leased = await self._reads.look(job_id)
                found = read_snapshot(text) if text else None
        if found is None:
            self._metrics.redis_misses.inc()
            return None
        is_lost = life(found[0], leased=is_leased) == "lost"
        if is_lost and job_id not in self._settling:
            self._settling[job_id] = asyncio.create_task(self._settle(job_id))
        return found[0], is_lost

    async def _settle(self, job_id: str) -> None:
        try:
            await to_thread.run_sync(
                settle, job_id, self._url, limiter=self._threads, abandon_on_cancel=True
            )
        except Exception as trouble:  # noqa: BLE001 - it is tried again
            _log.info("job %s is lost, and not settled: %s", job_id, trouble)
        await asyncio.sleep(self._pace.ask)  # one at a time, and not at once again
        del self._settling[job_id]

    async def _replay(self, feed: Feed, seen: int, newest: Event) -> AsyncIterator[list[Event]]:
        """What was published after `seen`, from the job's stream; the newest if that is gone."""
        self._metrics.replays.inc()
        last = newest.seq or 0
        try:
            oldest = await self._reads.oldest(feed.job_id)
            if seen and (oldest is None or oldest > seen + 1):
                yield [newest.standing_alone()]
                return
            while seen < last:
                page = await self._reads.replay(feed.job_id, seen + 1, last, _PAGE_EVENTS)
                events = [event_of(*both) for data in page if (both := read_snapshot(data))]
                if not events:
                    break
                yield feed.to_show(events)
                seen = events[-1].seq or last
        except Unavailable:
            yield [newest.standing_alone()]
            return
        if seen < last:
            yield [newest]
