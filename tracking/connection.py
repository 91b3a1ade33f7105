"""A Redis that may be away: tried again after a while, complained of once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

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
    whose
        Who complains, in the log.

    Raises
    ------
    ValueError
        If the URL names no Redis.
    """

    def __init__(self, redis_url: str, whose: str) -> None:
        self._store = Store(redis_url)
        self._whose = whose
        self._try_again = 0.0
        self._complained = False

    @property
    def is_away(self) -> bool:
        """Whether it did not answer, and it is too early to try again."""
        return time.monotonic() < self._try_again

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
        if self.is_away and not urgent:
            return None
        try:
            return (question(self._store),)
        except Unavailable as trouble:
            self._try_again = time.monotonic() + _RETRY_SECONDS
            self.complain(f"Redis is away, the job goes on without: {trouble}")
            return None

    def complain(self, trouble: str) -> None:
        """Log it, unless something was complained of before."""
        if not self._complained:
            self._complained = True
            _log.warning("%s: %s", self._whose, trouble)

    def close(self) -> None:
        """Close the connections."""
        self._store.close()
