"""A hub on an event loop of its own, and who watches by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from redis import Redis

from tests.service.live_parts import QUICK
from tracking.service.feed import Event, Viewer
from tracking.service.hub import Hub, Pace
from tracking.service.metrics import Metrics
from tracking.snapshot import Snapshot


class Source:
    """Knows of jobs what it was told: stands where Prefect does."""

    def __init__(self) -> None:
        self.known: dict[str, Snapshot] = {}
        self.is_away = False
        self.asked = 0

    async def snapshot(self, job_id: str) -> Snapshot | None:
        self.asked += 1
        if self.is_away:
            raise ConnectionError("away")
        return self.known.get(job_id)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 120))


@asynccontextmanager
async def running_hub(
    url: str, source: Source | None = None, pace: Pace = QUICK
) -> AsyncIterator[Hub]:
    hub = Hub(url, source or Source(), Metrics(), pace=pace)
    async with hub.running():
        yield hub


async def told_first(hub: Hub, viewer: Viewer) -> list[tuple[str, int | None]]:
    """What a viewer is told before what comes next."""
    await hub.settled(viewer)
    return [(event.name, event.seq) async for page in hub.missed(viewer) for event in page]


async def join(hub: Hub, job_id: str = "job") -> tuple[Viewer, list[Event]]:
    """Watch a job, and wait for how far it is."""
    viewer = hub.join(job_id)
    await hub.settled(viewer)
    events = [event async for page in hub.missed(viewer) for event in page]
    return viewer, events or await until(viewer, "progress")


async def until(viewer: Viewer, name: str) -> list[Event]:
    """All that a viewer is told from now on, until an event of that name."""
    events: list[Event] = []
    while not any(event.name == name for event in events):
        news = await viewer.next()
        assert news is not None
        events += news
    return events


def commands(redis: Redis) -> int:
    stats: Any = redis.info("commandstats")
    return sum(of["calls"] for name, of in stats.items() if name != "cmdstat_info")
