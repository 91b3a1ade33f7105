"""What a running job is asked from outside: to finish now, or to be cancelled."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, get_args

__all__ = ["REQUESTS", "Heed", "Request", "Requests"]

_log = logging.getLogger(__name__)

Request = Literal["finish", "cancel"]
"""``finish``: hand over the best so far, and end as completed. ``cancel``: end as cancelled."""

REQUESTS: tuple[Request, ...] = get_args(Request)

Heed = Callable[[Request], object]


class Requests:
    """Passes on what one job is asked, each request once, to all who heed it.

    Nobody need be there yet when the request comes.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._heard: Request | None = None
        self._heeds: list[Heed] = []
        self._own: Request | None = None
        self._passed_on = False  # what was heard last, to anybody
        self.heeded = False
        """Whether the job does what it was asked."""
        self.forgets = True
        """Whether what stands in Redis when an attempt begins was asked of another, and is done."""

    def hear(self, request: str) -> None:
        """Take what the job is asked; one that is none, or was heard before, is passed over."""
        with self._lock:
            self.forgets = False
            if request in REQUESTS and request != self._heard:
                self._heard, self._passed_on = request, False
                for heed in self._heeds:
                    self._pass_on(heed, request)

    def forget(self, *, ended: bool) -> None:
        """The job is tried again: what the try before has heeded is not meant for this one.

        Between two tries nobody heeds. What is asked then is, unless the job had `ended`.
        """
        with self._lock:
            self.forgets = ended or self._passed_on
            if self.forgets:
                self._heard, self._passed_on = None, False
            self.heeded = False

    @contextmanager
    def heeding(self, heed: Heed) -> Iterator[None]:
        """Have something called, from another thread, when the job is asked while the block lasts.

        It should not wait. Once the block is left, it is not called any more.
        """
        with self._lock:
            self._heeds.append(heed)
            if self._heard is not None:
                self._pass_on(heed, self._heard)
        try:
            yield
        finally:
            with self._lock:
                self._heeds.remove(heed)

    def ask(self, request: Request) -> None:
        """Have all who work for the job asked, wherever they do; fit for a signal's handler."""
        self._own = request

    def spread(self, ask: Callable[[Request], object | None]) -> None:
        """Let `ask` ask what this process asks of the job; again later, if it gives None."""
        own, self._own = self._own, None
        if own is not None and ask(own) is None:
            self._own = self._own or own

    def _pass_on(self, heed: Heed, request: Request) -> None:
        self.heeded = self._passed_on = True
        try:
            heed(request)
        except Exception:  # noqa: BLE001 - called by the publisher, which has to go on
            _log.exception("a job was asked to %s, and cannot", request)
