"""A few threads that publish for all jobs of a process, each job when it is due."""

from __future__ import annotations

import heapq
import itertools
import logging
import os
import threading
import time
from typing import Protocol

__all__ = ["TURNS", "Turns"]

_log = logging.getLogger(__name__)

# One would wait out each round trip; a thread a job made 1,000 jobs wait up to 15 s for the GIL,
# where four threads keep each within 0.7 s (benchmarks/progress/fanout.py).
_NUM_THREADS = 4


class Publisher(Protocol):
    """What has something to publish now and then."""

    def publish_once(self) -> float | None:
        """Publish; in how many seconds to do so again, None if there is nothing more to say."""


class Turns:
    """Gives each publisher its turn. One publisher is never called by two threads at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()  # of a reentrant lock: a signal may interrupt `soon`
        self._number = itertools.count()
        self._forget()

    def soon(self, publisher: Publisher) -> None:
        """Let it publish as soon as a thread is free, and then whenever it says."""
        with self._changed:
            if self._process != os.getpid():
                self._forget()  # a fork: the threads, and the jobs, stayed with the parent
            while len(self._threads) < _NUM_THREADS:
                number = len(self._threads)
                thread = threading.Thread(target=self._work, name=f"progress-{number}", daemon=True)
                self._threads.append(thread)
                thread.start()
            if publisher in self._busy:
                self._again.add(publisher)
            else:
                self._enter(publisher, 0.0)

    def _forget(self) -> None:
        self._process = os.getpid()
        self._threads: list[threading.Thread] = []
        self._heap: list[tuple[float, int, Publisher]] = []
        self._due: dict[Publisher, int] = {}  # number of its entry in the heap that counts
        self._busy: set[Publisher] = set()
        self._again: set[Publisher] = set()  # told to publish soon while they were busy

    def _enter(self, publisher: Publisher, pause: float) -> None:
        number = next(self._number)
        self._due[publisher] = number
        heapq.heappush(self._heap, (time.monotonic() + pause, number, publisher))
        self._changed.notify()

    def _work(self) -> None:
        while True:
            publisher = self._take()
            try:
                pause = publisher.publish_once()
            except Exception:  # noqa: BLE001
                # A defect. The job goes on, its readers see it as lost; other jobs have their bar.
                _log.exception("progress is not published any more")
                pause = None
            with self._changed:
                self._busy.remove(publisher)
                if publisher in self._again:
                    self._again.remove(publisher)
                    pause = 0.0
                if pause is not None:
                    self._enter(publisher, pause)

    def _take(self) -> Publisher:
        """Wait for the next that is due."""
        with self._changed:
            while True:
                if not self._heap:
                    self._changed.wait()
                    continue
                due, number, publisher = self._heap[0]
                if self._due.get(publisher) != number:
                    heapq.heappop(self._heap)  # it was told to publish sooner
                    continue
                wait = due - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
                heapq.heappop(self._heap)
                del self._due[publisher]
                self._busy.add(publisher)
                return publisher


TURNS = Turns()
"""Of this process."""
