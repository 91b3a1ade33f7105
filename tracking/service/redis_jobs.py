"""Jobs as Redis knows them, asked now and then; who follows one subscribes instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from anyio import to_thread
from starlette.datastructures import State

from tracking.connection import Connection
from tracking.requests import Request
from tracking.snapshot import Snapshot
from tracking.store import Store

__all__ = ["RedisJobs", "redis_jobs"]

T = TypeVar("T")


class RedisJobs:
    """Asks Redis in threads; where it is away, nothing is known.

    Parameters
    ----------
    redis_url
        Where it is.
    """

    def __init__(self, redis_url: str) -> None:
        self._connection = Connection.to(redis_url)

    async def snapshots(self, job_ids: Sequence[str]) -> dict[str, Snapshot]:
        """The last snapshots of those that have one."""

        def read(store: Store) -> dict[str, Snapshot]:
            found = ((job_id, store.snapshot(job_id)) for job_id in job_ids)
            return {job_id: snapshot for job_id, snapshot in found if snapshot is not None}

        answer = await self._ask(read)
        return {} if answer is None else answer[0]

    async def request(self, job_id: str, request: Request) -> bool:
        """Ask a running job for something; gives whether Redis took it."""
        return await self._ask(lambda store: store.ask(job_id, request)) is not None

    async def _ask(self, question: Callable[[Store], T]) -> tuple[T] | None:
        return await to_thread.run_sync(self._connection.ask, question)


def redis_jobs(app_state: State) -> RedisJobs:
    """The one of an application."""
    if not hasattr(app_state, "redis_jobs"):
        app_state.redis_jobs = RedisJobs(app_state.service.settings.redis_url)
    jobs: RedisJobs = app_state.redis_jobs
    return jobs
