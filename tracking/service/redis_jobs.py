"""Jobs as Redis knows them, asked now and then; who follows one subscribes instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from anyio import to_thread

from tracking.connection import Connection
from tracking.requests import Request
from tracking.service.problems import Problem
from tracking.snapshot import Snapshot
from tracking.store import Store

__all__ = ["RedisJobs", "redis_unavailable"]

T = TypeVar("T")


class RedisJobs:
    """Asks Redis in threads.

    Parameters
    ----------
    redis_url
        Where it is.
    """

    def __init__(self, redis_url: str) -> None:
        self._connection = Connection.to(redis_url)

    async def snapshots(self, job_ids: Sequence[str]) -> dict[str, Snapshot] | None:
        """The last snapshots of those that have one; None, if Redis is away."""
        answer = await self._ask(lambda store: store.snapshots(job_ids))
        return None if answer is None else answer[0]

    async def request(self, job_id: str, request: Request) -> bool:
        """Ask a running job for something; gives whether Redis took it."""
        return await self._ask(lambda store: store.ask(job_id, request)) is not None

    async def _ask(self, question: Callable[[Store], T]) -> tuple[T] | None:
        return await to_thread.run_sync(self._connection.ask, question)


def redis_unavailable() -> Problem:
    """What to answer where nobody else knows, or can do it."""
    return Problem(
        503,
        "redis-unavailable",
        "Redis does not answer: try again in a while",
        headers={"Retry-After": "5"},
    )
