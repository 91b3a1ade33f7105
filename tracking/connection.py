"""A Redis that may be away: tried again after a while, complained of once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import ClassVar, TypeVar
from weakref import WeakValueDictionary

from tracking.store import Store, Unavailable

__all__ = ["Connection"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

_RETRY_SECONDS = 1.0


class Connection:
    """Asks a store, and takes no answer for an answer.

    Parameters
    ----------
    redis_url
        Where it is.

    Raises
    ------
    ValueError
        If the URL names no Redis.
    """

    _open: ClassVar[WeakValueDictionary[str, Connection]] = WeakValueDictionary()
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, redis_url: str) -> None:
        self._store = Store(redis_url)
        self._try_again = 0.0
        self._complained = False

    @classmethod
    def to(cls, redis_url: str) -> Connection:
        """The connection to a Redis that all jobs of this process share.

        When it is away, one of them finds out, and not each of them again.
        """
        with cls._opening:
            there = cls._open.get(redis_url)
            if there is None:
                there = cls._open[redis_url] = cls(redis_url)
            return there

    def ask(self, question: Callable[[Store], T], *, urgent: bool = False) -> tuple[T] | None:
        """Put a question to the store.

        Parameters
        ----------
        urgent
            Try, even if it was away a moment ago.

        Returns
        -------
        The answer, in a tuple of one; None if Redis is away.
        """
        if time.monotonic() < self._try_again and not urgent:
            return None
        try:
            answer = (question(self._store),)
        except Unavailable as trouble:
            self._try_again = time.monotonic() + _RETRY_SECONDS
            if not self._complained:
                self._complained = True
                _log.warning("Redis is away, jobs go on without: %s", trouble)
            return None
        self._complained = False
        return answer
