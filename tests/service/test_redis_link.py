from __future__ import annotations

import asyncio

from redis import Redis

from tracking.service.redis_link import Subscription


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
