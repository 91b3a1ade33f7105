from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest
from redis import Redis

from tests.service.hub_parts import Source, commands, join, run, running_hub, told_first, until
from tests.service.live_parts import QUICK, Job
from tracking import keys
from tracking.service.feed import EVENTS_KEPT, Event
from tracking.service.hub import Hub


def test_viewers_that_join_and_leave_at_random_lose_and_repeat_nothing(
    redis_url: str, job: Job
) -> None:
    pick = random.Random(7)

    async def watch(hub: Hub, stay: int) -> list[int]:
        """Watch some events, leave, come back with the last id, until the end."""
        seqs: list[int] = []
        while True:
            viewer = hub.join("job", seqs[-1] if seqs else None)
            left_over = stay
            try:
                await hub.settled(viewer)
                pages = [page async for page in hub.missed(viewer)]
                while left_over > 0:
                    for event in [event for page in pages for event in page]:
                        assert event.name != "snapshot", "too slow for this test"
                        seqs.append(event.seq or 0)
                        left_over -= 1
                        if event.name == "done":
                            return seqs
                    pages = [await viewer.next() or []]
            finally:
                hub.leave(viewer)
            await asyncio.sleep(0)

    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            job.publish(3)
            watching = []
            for _ in range(60):
                await asyncio.to_thread(job.publish, pick.randint(1, 12))
                watching.append(asyncio.create_task(watch(hub, pick.randint(1, 200))))
            await asyncio.to_thread(job.publish, 30)
            await asyncio.to_thread(lambda: job.publish(status="completed"))
            for seqs in await asyncio.gather(*watching):
                assert seqs == list(range(seqs[0], job.seq + 1))

    run(scenario())


def test_a_job_has_one_subscription_however_many_watch_it(
    redis_url: str, redis: Redis, job: Job
) -> None:
    job.publish()
    channel = keys.progress("job")

    async def scenario() -> None:
        async with running_hub(redis_url, pace=replace(QUICK, quiet=60, silence=60)) as hub:
            viewers = [hub.join("job")]
            await told_first(hub, viewers[0])
            before = commands(redis)
            viewers += [hub.join("job") for _ in range(200)]
            for viewer in viewers[1:]:
                assert await told_first(hub, viewer) == [("progress", 1)]
            assert commands(redis) == before, "viewers cost Redis nothing"
            others = [hub.join(f"other-{number}") for number in range(5)]
            for viewer in others:
                await hub.settled(viewer)
            assert dict(redis.pubsub_numsub(channel)) == {channel.encode(): 1}
            assert len(redis.client_list(_type="pubsub")) == 1, "one connection for all jobs"
            for viewer in viewers[1:]:
                hub.leave(viewer)
            again = asyncio.create_task(until(viewers[0], "progress"))
            await asyncio.to_thread(job.publish)
            assert (await again)[-1].seq == 2
            hub.leave(viewers[0])
            while dict(redis.pubsub_numsub(channel))[channel.encode()]:
                await asyncio.sleep(0.01)

    run(scenario())


def test_a_job_that_is_left_and_watched_again_is_heard(redis_url: str, job: Job) -> None:
    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            for _ in range(20):
                hub.leave(hub.join("job"))
            viewer = hub.join("job")
            await asyncio.to_thread(lambda: job.publish(status="completed"))
            assert (await until(viewer, "done"))[-1].seq == 1
            hub.leave(viewer)

    run(scenario())


@pytest.mark.parametrize("published", [EVENTS_KEPT // 2, EVENTS_KEPT + 200])
def test_who_comes_back_is_told_what_came_since(redis_url: str, job: Job, published: int) -> None:
    job.publish(published)

    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            for seen in (0, 1, published - 3, published - 1, published):
                viewer = hub.join("job", seen)
                missed = [("progress", seq) for seq in range(seen + 1, published + 1)]
                assert await told_first(hub, viewer) == missed
                hub.leave(viewer)

    run(scenario())


def test_who_comes_back_too_late_is_told_so_and_how_far_the_job_is(
    redis_url: str, redis: Redis, job: Job
) -> None:
    job.publish(100)
    redis.xtrim(keys.events("job"), minid="41-0", approximate=False)

    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            for seen, first in ((39, ("snapshot", 100)), (40, ("progress", 41))):
                viewer = hub.join("job", seen)
                assert (await told_first(hub, viewer))[0] == first
                hub.leave(viewer)
            everything = hub.join("job", 0)
            kept = [("progress", seq) for seq in range(41, 101)]
            assert await told_first(hub, everything) == kept
            ahead = hub.join("job", 5000)
            assert await told_first(hub, ahead) == [("snapshot", 100)]
            for viewer in (everything, ahead):
                hub.leave(viewer)

    run(scenario())


def test_of_an_ended_job_who_comes_back_is_told_the_rest_and_the_end(
    redis_url: str, job: Job
) -> None:
    job.publish(200)
    job.publish(status="failed", metadata={"error": "no room"})

    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            for seen in (0, 10, 199):
                viewer = hub.join("job", seen)
                events = await told_first(hub, viewer)
                assert [seq for _, seq in events] == list(range(seen + 1, 202))
                assert [name for name, _ in events].index("done") == len(events) - 1
                assert not viewer.has_seen_end
                hub.leave(viewer)
            viewer = hub.join("job", 201)
            await hub.settled(viewer)
            assert viewer.has_seen_end
            hub.leave(viewer)

    run(scenario())


def test_a_job_that_redis_does_not_know_is_told_by_prefect_until_it_publishes(
    redis_url: str, job: Job
) -> None:
    source = Source()
    source.known["job"] = job.snapshot(seq=0, status="queued", overall_progress=0.0)
    job.seq = 0

    async def scenario() -> None:
        async with running_hub(redis_url, source) as hub:
            viewer, (first,) = await join(hub)
            assert b'"queued"' in first.data
            assert first.seq is None
            await asyncio.to_thread(job.publish, 2)
            await asyncio.to_thread(lambda: job.publish(status="completed"))
            events = await until(viewer, "done")
            assert [event.seq for event in events][-3:] == [1, 2, 3]
            assert hub._metrics.prefect_fallback._value.get() >= 1
            hub.leave(viewer)

    run(scenario())


def test_what_is_asked_for_before_it_is_heard_skips_nothing(redis_url: str, job: Job) -> None:
    job.publish(5)

    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            viewer, _ = await join(hub)
            hub._subscription.remove("job")  # as if its messages came late
            await asyncio.to_thread(job.publish, 3)
            events: list[Event] = []
            while not events or events[-1].seq != job.seq:
                events += await viewer.next() or []
            assert [event.seq for event in events] == [6, 7, 8]
            hub.leave(viewer)

    run(scenario())


def test_what_was_published_while_the_subscription_was_cut_is_told_too(
    redis_url: str, redis: Redis, job: Job
) -> None:
    job.publish(5)

    async def scenario(cut: int) -> None:
        async with running_hub(redis_url) as hub:
            viewer, _ = await join(hub)
            first = job.seq
            redis.client_kill_filter(_type="pubsub")
            await asyncio.to_thread(job.publish, cut)
            while (viewer.feed.seen or {"seq": 0})["seq"] < job.seq:
                await asyncio.sleep(0.01)
            events = await viewer.next() or []
            if cut <= EVENTS_KEPT:
                assert [e.seq for e in events] == list(range(first + 1, job.seq + 1))
            else:
                assert [(e.name, e.seq) for e in events] == [("snapshot", job.seq)]
            hub.leave(viewer)

    run(scenario(20))
    run(scenario(EVENTS_KEPT + 50))


def test_what_is_no_snapshot_is_passed_over(redis_url: str, redis: Redis, job: Job) -> None:
    job.publish()

    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            viewer, _ = await join(hub)
            for junk in (b"\xff", b"[]", b"null", b"{}", b'{"seq":"1","started_at":2}', b"1e999"):
                redis.publish(keys.progress("job"), junk)
            await asyncio.to_thread(lambda: job.publish(status="completed"))
            assert [e.seq for e in await until(viewer, "done")][-1] == 2
            hub.leave(viewer)

    run(scenario())


def test_a_stopped_hub_ends_streams_that_are_open_and_those_that_come(
    redis_url: str, job: Job
) -> None:
    job.publish()

    async def scenario() -> None:
        async with running_hub(redis_url) as hub:
            viewer, _ = await join(hub)
            hub.stop()
            assert await viewer.next() is None
            hub.leave(viewer)
            late = hub.join("job")
            assert await late.next() is None
            hub.leave(late)

    run(scenario())
