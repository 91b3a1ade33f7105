"""Redis as the live service asks it: one connection that listens for all jobs, and a few to read.

The time to wait for an answer is two seconds, not the half second of a job's own process: an event
loop that serves thousands may come late to an answer that was there in time.
"""

from __future__ import annotations

import asyncio
import logging
from itertools import groupby
from typing import Any, Protocol, cast

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as CutOff
from redis.exceptions import RedisError

from tracking import keys
from tracking.store import Unavailable, reached

__all__ = ["Listener", "Reads", "Subscription"]

_log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 2.0
_CONNECTIONS = 8  # that read: viewers who come back all at once wait for each other

Command = tuple[str, str]  # what to do, to which channel
_Entries = list[tuple[bytes, dict[bytes, bytes]]]  # of a stream


class Listener(Protocol):
    """Who is told what is heard."""

    async def subscribed(self, job_id: str) -> None:
        """From now on, whatever the job publishes is heard."""

    def heard(self, job_id: str, data: bytes) -> None:
        """The job has published this."""

    def disconnected(self) -> None:
        """What is published from now on may not be heard."""


class Subscription:
    """The channels of all jobs that somebody watches here, on one connection.

    Parameters
    ----------
    redis_url
        Where Redis is.
    listener
        Who is told.
    first_pause_seconds, longest_pause_seconds
        How long to wait before trying again, the first time and at most: it doubles each time.
    silence_seconds
        After so long without a word, Redis is asked whether it is there; after twice that, it is
        not.
    """

    def __init__(
        self,
        redis_url: str,
        listener: Listener,
        *,
        first_pause_seconds: float,
        longest_pause_seconds: float,
        silence_seconds: float,
    ) -> None:
        # A subscriber waits: by default redis-py gives up after 5 s of silence.
        self._client = Redis.from_url(
            redis_url,
            socket_timeout=None,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._listener = listener
        self._first_pause = first_pause_seconds
        self._longest_pause = longest_pause_seconds
        self._silence_seconds = silence_seconds
        self._jobs: dict[str, str] = {}  # by channel
        self._commands: list[Command] = []
        self._commanded = asyncio.Event()
        self.is_up: bool | None = None
        """Whether Redis is there; None before the first try."""

    def add(self, job_id: str) -> None:
        """Hear a job; its listener is told as soon as that is so."""
        self._jobs[keys.progress(job_id)] = job_id
        self._command("subscribe", job_id)

    def remove(self, job_id: str) -> None:
        """Hear it no more."""
        self._jobs.pop(keys.progress(job_id), None)
        self._command("unsubscribe", job_id)

    async def run(self) -> None:
        """Listen until cancelled, whatever happens to Redis."""
        pause = self._first_pause
        complained = False
        while True:
            try:
                async with self._client.pubsub() as channel:
                    await channel.connect()
                    pause = self._first_pause
                    complained = False
                    self.is_up = True
                    await self._listen(channel)
            except (RedisError, OSError, Unavailable) as trouble:
                if not complained:
                    complained = True
                    _log.warning("Redis is away, progress comes from Prefect: %s", trouble)
            except Exception:  # noqa: BLE001 - a defect costs a reconnection, not the stream
                _log.exception("the subscription is broken, and begins anew")
            self.is_up = False
            self._listener.disconnected()
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._longest_pause)

    async def close(self) -> None:
        """Close the connection; nothing may run any more."""
        await self._client.aclose()

    def _command(self, verb: str, job_id: str) -> None:
        self._commands.append((verb, keys.progress(job_id)))
        self._commanded.set()

    async def _listen(self, channel: PubSub) -> None:
        self._commands = [("subscribe", name) for name in self._jobs]
        self._commanded.set()
        # No TaskGroup: when one fails at the moment in which it is cancelled, Python 3.11 forgets
        # the latter, and a service that is told to end would go on for ever.
        both = [asyncio.create_task(part(channel)) for part in (self._send, self._receive)]
        try:
            ended, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)

    async def _send(self, channel: PubSub) -> None:
        """Send what was commanded, in its order, and all that came together at once."""
        while True:
            await self._commanded.wait()
            self._commanded.clear()
            commands, self._commands = self._commands, []
            for verb, group in groupby(commands, key=lambda command: command[0]):
                names = [name for _, name in group]
                if verb == "subscribe":
                    await channel.subscribe(*names)
                else:
                    await channel.unsubscribe(*names)

    async def _receive(self, channel: PubSub) -> None:
        asked = False
        while True:
            message = cast(
                "dict[str, Any] | None", await channel.get_message(timeout=self._silence_seconds)
            )
            if message is None:
                if asked:
                    raise TimeoutError("no answer")
                asked = True
                await channel.ping()
                continue
            asked = False
            job_id = self._jobs.get((message["channel"] or b"").decode())
            if job_id is None:
                continue
            # The snapshot is read only now that the channel is subscribed to, and again whenever
            # it is subscribed to anew: nothing is lost in between.
            if message["type"] == "subscribe":
                await self._listener.subscribed(job_id)
            elif message["type"] == "message":
                self._listener.heard(job_id, message["data"])


class Reads:
    """What is read of jobs now and then.

    Every call raises `Unavailable` if Redis does not answer.

    Parameters
    ----------
    redis_url
        Where Redis is.
    """

    def __init__(self, redis_url: str) -> None:
        pool = BlockingConnectionPool.from_url(
            redis_url,
            max_connections=_CONNECTIONS,
            timeout=5 * _TIMEOUT_SECONDS,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            # Once more: Redis may have died and come back since the connection was used last.
            retry=Retry(NoBackoff(), 1, supported_errors=(CutOff,)),
        )
        self._client = Redis.from_pool(pool)

    async def look(self, job_id: str) -> tuple[bytes | None, bool]:
        """The job's snapshot as JSON, if there is one, and whether the job's process lives."""
        with reached():
            both = self._client.pipeline(transaction=False)
            both.get(keys.progress(job_id))
            both.exists(keys.lease(job_id))
            text, leased = await both.execute()
        return text, bool(leased)

    async def tail(self, job_id: str, count: int) -> tuple[bytes | None, list[bytes]]:
        """The job's snapshot, and the last snapshots that its stream keeps, oldest first."""
        with reached():
            both = self._client.pipeline(transaction=True)
            both.get(keys.progress(job_id))
            both.xrevrange(keys.events(job_id), count=count)
            text, entries = await both.execute()
        return text, [fields[b"snapshot"] for _, fields in reversed(entries)]

    async def replay(self, job_id: str, first: int, last: int, count: int) -> list[bytes]:
        """The snapshots of `first` to `last` that are kept, `count` at most."""
        with reached():
            entries = await self._client.xrange(
                keys.events(job_id), min=f"{first}-0", max=f"{last}-0", count=count
            )
        return [fields[b"snapshot"] for _, fields in cast("_Entries", entries)]

    async def oldest(self, job_id: str) -> int | None:
        """The `seq` of the oldest snapshot that is kept."""
        with reached():
            entries = cast("_Entries", await self._client.xrange(keys.events(job_id), count=1))
        return int(entries[0][0].split(b"-")[0]) if entries else None

    async def ping(self) -> None:
        """See whether Redis answers."""
        with reached():
            await self._client.ping()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._client.connection_pool.disconnect()
