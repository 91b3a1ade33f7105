"""How much one caller may ask for: calls in a time, and streams at a time."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from starlette.datastructures import State

from tracking.service.problems import Problem
from tracking.service.settings import ServiceSettings

if TYPE_CHECKING:
    from tracking.service.access import Caller

__all__ = ["Rates", "one_stream_more", "rates_of"]

_LONGEST_WAIT_SECONDS = 86_400


class Rates:
    """Counts calls, in this process's memory.

    Parameters
    ----------
    settings
        How many there may be.
    """

    def __init__(self, settings: ServiceSettings) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
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


def rates_of(app_state: State) -> Rates:
    """The one of an application."""
    if not hasattr(app_state, "rates"):
        app_state.rates = Rates(app_state.service.settings)
    rates: Rates = app_state.rates
    return rates


@asynccontextmanager
async def one_stream_more(app_state: State, caller: Caller) -> AsyncIterator[None]:
    """Count a stream of a caller for as long as the block lasts.

    Raises
    ------
    Problem
        429, if the caller has as many open as the settings allow.
    """
    if not hasattr(app_state, "open_streams"):
        app_state.open_streams = Counter()
    streams: Counter[str] = app_state.open_streams
    most = app_state.service.settings.max_streams_a_user
    if streams[caller.name] >= most:
        raise Problem(
            429,
            "too-many-streams",
            f"expected at most {most} open streams: close one, and try again",
            headers={"Retry-After": "5"},
        )
    streams[caller.name] += 1
    try:
        yield
    finally:
        streams[caller.name] -= 1
        if not streams[caller.name]:
            del streams[caller.name]
