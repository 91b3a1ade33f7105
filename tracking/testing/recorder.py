"""Listens to progress from outside, as a stranger to the job would."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from queue import Queue
from typing import Any, Self
from uuid import uuid4

from redis import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from tracking import keys
from tracking.plan import DEFAULT, Plan
from tracking.testing.judge import check

__all__ = ["Recorder"]


class Recorder:
    """Records what jobs publish, for as long as its block lasts.

    Parameters
    ----------
    url
        The Redis to listen to.
    jobs
        A job's id, or ``*`` for all.
    patience_seconds
        How long `wait_for` waits.
    """

    def __init__(self, url: str, jobs: str = "*", *, patience_seconds: float = 20) -> None:
        self.lifetimes: list[int] = []
        """Seconds that the key had left when each snapshot came."""
        self._heard: list[tuple[float, dict[str, Any]]] = []
        self._patience_seconds = patience_seconds
        # Half a minute without Redis, which is killed and started again, is nothing.
        retry = Retry(ConstantBackoff(0.02), 1500)
        self._client = Redis.from_url(url, socket_timeout=None, retry=retry)
        self._echo = f"echo:{uuid4()}"
        self._echoes = Queue[None]()
        self._channel = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        heard = keys.ALL_JOBS if jobs == "*" else keys.progress(jobs)
        self._channel.psubscribe(heard, self._echo)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        """Begin to listen: what is published from now on is recorded."""
        self._thread.start()
        self._hear_all()
        return self

    def __exit__(self, *exception: object) -> None:
        """Hear what is published by now, and stop listening."""
        if not any(exception):
            self._hear_all()
        self._stopped.set()
        self._thread.join()
        self._channel.close()
        self._client.close()

    @property
    def events(self) -> list[tuple[float, dict[str, Any]]]:
        """Every snapshot published by now, and when it came."""
        if not self._stopped.is_set():
            self._hear_all()
        return list(self._heard)

    @property
    def last(self) -> dict[str, Any]:
        """The newest snapshot."""
        return self.events[-1][1]

    def broken_rules(self, plan: Plan = DEFAULT) -> list[str]:
        """What the snapshots break, without what only says how busy the machine is."""
        problems = check(self.events, plan)
        return [p for p in problems if "silence of" not in p and " stood at " not in p]

    def wait_for(self, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first snapshot, seen already or still to come, of which this is true.

        Raises
        ------
        AssertionError
            If none comes in time.
        """
        deadline = time.monotonic() + self._patience_seconds
        looked_at = 0
        while time.monotonic() < deadline:
            for _, snapshot in self._heard[looked_at:]:
                if reached(snapshot):
                    return snapshot
                looked_at += 1
            time.sleep(0.01)
        raise AssertionError(f"never seen; last was {self._heard[-1:]}")

    def _listen(self) -> None:
        while not self._stopped.is_set():
            message = self._channel.get_message(timeout=0.1)
            if message is not None and message["channel"].decode() == self._echo:
                self._echoes.put(None)
            elif message is not None:
                self._heard.append((time.monotonic(), json.loads(message["data"])))
                self.lifetimes.append(int(self._client.ttl(message["channel"])))

    def _hear_all(self) -> None:
        """Hear what is published by now: Redis keeps the order, so our own echo comes after it."""
        self._client.publish(self._echo, b"")
        self._echoes.get(timeout=30)
