"""The plain pattern with sse-starlette: a generator a viewer, which subscribes to Redis itself.

python -m benchmarks.progress.viewers.plain REDIS_URL PORT
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import uvicorn
from redis.asyncio import Redis
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from tracking import keys

redis_url, port = sys.argv[1], int(sys.argv[2])
# A connection a subscriber, and no more than the system allows.
redis: Redis = Redis.from_url(redis_url, socket_timeout=None, max_connections=1_000_000)


async def events(job_id: str) -> AsyncIterator[ServerSentEvent]:
    """What a job publishes from now on."""
    async with redis.pubsub() as channel:
        await channel.subscribe(keys.progress(job_id))
        async for message in channel.listen():
            if message["type"] == "message":
                yield ServerSentEvent(data=message["data"].decode(), event="progress")


async def stream(request: Request) -> EventSourceResponse:
    """Follow a job."""
    return EventSourceResponse(events(request.path_params["job_id"]))


if __name__ == "__main__":
    app = Starlette(routes=[Route("/stream/{job_id}", stream)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
