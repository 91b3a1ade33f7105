"""Redis is away, or hangs, while jobs are watched."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace

from tests.service.hub_parts import Source, join, run, running_hub, told_first, until
from tests.service.live_parts import QUICK, Job
from tracking.embedded import EmbeddedRedis


def test_redis_dies_and_comes_back_empty_and_the_bar_goes_on(redis_url: str) -> None:
    source = Source()

    async def scenario() -> None:
        server = EmbeddedRedis()
        job = Job(server.url)
        source.known["job"] = job.snapshot(seq=0, overall_progress=0.0)
        job.seq = 0
        job.publish(30)
        async with running_hub(server.url, source) as hub:
            viewer, events = await join(hub)
            port, password = server.port, server.url.split(":")[2].split("@")[0]
            await asyncio.to_thread(server.close)
            while source.asked < 3:  # Prefect is asked meanwhile, and knows less
                await asyncio.sleep(0.01)
            late = hub.join("job", 12)
            assert await told_first(hub, late) == [("progress", seq) for seq in range(13, 31)]
            hub.leave(late)
            job.seq += 5  # counted while Redis was away
            server = await asyncio.to_thread(EmbeddedRedis, port, password)
            await asyncio.to_thread(job.publish, 5)
            await asyncio.to_thread(lambda: job.publish(status="completed"))
            events += await until(viewer, "done")
            hub.leave(viewer)
        job.close()
        server.close()
        seqs = [event.seq or 0 for event in events]
        assert seqs == sorted(set(seqs))
        assert seqs[0] == 30
        assert seqs[-1] == 41
        assert source.asked >= 3

    run(scenario())


def test_the_end_comes_from_prefect_while_redis_is_away() -> None:
    source = Source()

    async def scenario() -> None:
        server = EmbeddedRedis()
        job = Job(server.url)
        seen = job.publish(30)
        async with running_hub(server.url, source) as hub:
            viewer, _ = await join(hub)
            await asyncio.to_thread(server.close)
            source.is_away = True
            while source.asked < 3:  # both are away, and the stream does not mind
                await asyncio.sleep(0.01)
            source.known["job"] = job.snapshot(
                seq=0, status="failed", overall_progress=0.0, metadata={"error": "no room"}
            )
            source.is_away = False
            end = (await until(viewer, "done"))[-1]
            assert b'"error":"no room"' in end.data
            assert b'"overall_progress":%.1f' % seen["overall_progress"] in end.data
            last = await hub.look("job")
            assert last is not None
            assert (last["status"], last["seq"]) == ("failed", 31)
            hub.leave(viewer)
        job.close()

    run(scenario())


def test_redis_that_hangs_holds_nobody_up(redis_url: str) -> None:
    source = Source()

    async def scenario() -> None:
        server = EmbeddedRedis()
        job = Job(server.url)
        source.known["job"] = job.snapshot(seq=0, overall_progress=0.0)
        job.publish(3)
        async with running_hub(server.url, source, replace(QUICK, silence=0.2)) as hub:
            viewer, _ = await join(hub)
            os.kill(server.pid, signal.SIGSTOP)
            try:
                while hub._subscription.is_up:
                    await asyncio.sleep(0.01)
                stranger = hub.join("job")
                assert await told_first(hub, stranger) == [("progress", job.seq)]
                hub.leave(stranger)
            finally:
                os.kill(server.pid, signal.SIGCONT)
            await asyncio.to_thread(lambda: job.publish(status="completed"))
            assert (await until(viewer, "done"))[-1].seq == job.seq
            hub.leave(viewer)
        job.close()
        server.close()

    run(scenario())
