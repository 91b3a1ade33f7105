from __future__ import annotations

import asyncio

from redis import Redis

from tests.chaos.servers import RedisServer
from tracking.service.redis_link import Reads, Subscription


class Leaving:
    """Ends the subscription at the very moment in which something fails."""

    subscribing: asyncio.Task[None]

    async def subscribed(self, job_id: str) -> None:
        self.subscribing.cancel()
        raise OSError("gone")

    def heard(self, job_id: str, data: bytes) -> None:
        pass

    def disconnected(self) -> None:
        pass


def test_a_subscription_that_is_ended_while_redis_dies_ends(redis_url: str, redis: Redis) -> None:
    async def scenario() -> None:
        leaving = Leaving()
        subscription = Subscription(
            redis_url,
            leaving,
            first_pause_seconds=3600,
            longest_pause_seconds=3600,
            silence_seconds=5,
        )
        leaving.subscribing = asyncio.create_task(subscription.run())
        subscription.add("job")
        await asyncio.wait({leaving.subscribing}, timeout=30)
        assert leaving.subscribing.cancelled()
        await subscription.close()

    asyncio.run(scenario())


def test_what_is_asked_when_redis_is_back_is_answered_the_first_time(
    redis_server: RedisServer,
) -> None:
    """Though every connection that there was before it died is dead."""

    async def scenario() -> None:
        reads = Reads(redis_server.url)
        await asyncio.gather(*(reads.ping() for _ in range(20)))
        await asyncio.to_thread(redis_server.kill)
        await asyncio.to_thread(redis_server.start)
        for _ in range(2):
            answers = await asyncio.gather(*(reads.look("job") for _ in range(20)))
            assert answers == [(None, False)] * 20
        await reads.close()

    asyncio.run(scenario())
