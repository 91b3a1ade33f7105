"""How much one caller may ask for: calls in a time, and streams at a time."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter

from tracking.service.problems import Problem
from tracking.service.settings import ServiceSettings

__all__ = ["Rates"]

_LONGEST_WAIT_SECONDS = 86_400


class Rates:
    """Counts calls and open streams, in this process's memory.

    Parameters
    ----------
    settings
        How many there may be.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._most_streams = settings.max_streams_a_user
        self.open_streams: Counter[str] = Counter()
        """How many, by caller; of those who have any."""
        self._rates = {"request": parse(settings.request_rate), "job": parse(settings.job_rate)}

    async def count(self, what: Literal["request", "job"], who: str) -> None:
        """One more call.

        Raises
        ------
        Problem
            429, if that is one too many.
        """
        rate = self._rates[what]
        if not await self._limiter.hit(rate, what, who):
            await self._refuse(rate, what, who)

    async def _refuse(self, rate: RateLimitItem, what: str, who: str) -> None:
        window = await self._limiter.get_window_stats(rate, what, who)
        wait = min(max(1, math.ceil(window.reset_time - time.time())), _LONGEST_WAIT_SECONDS)
        raise Problem(
            429,
            "too-many-requests",
            f"expected at most {rate.amount} in {rate.get_expiry()} s; wait {wait} s",
            headers={"Retry-After": str(wait)},
        )

    @contextmanager
    def one_stream_more(self, caller: str) -> Iterator[None]:
        """Count a stream of a caller for as long as the block lasts.

        Raises
        ------
        Problem
            429, if the caller has as many open as the settings allow.
        """
        if self.open_streams[caller] >= self._most_streams:
            raise Problem(
                429,
                "too-many-streams",
                f"expected at most {self._most_streams} open streams: close one, and try again",
                headers={"Retry-After": "5"},
            )
        self.open_streams[caller] += 1
        try:
            yield
        finally:
            self.open_streams[caller] -= 1
            if not self.open_streams[caller]:
                del self.open_streams[caller]
