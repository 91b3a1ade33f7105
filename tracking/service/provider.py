"""The keys of an identity provider: fetched when one is needed, and not too often."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable

import httpx
from jwt import PyJWK, PyJWKSet

from tracking.service.problems import Problem

__all__ = ["ProviderKeys"]

_log = logging.getLogger(__name__)

_ANSWER_SECONDS = 5.0
_PAUSE_SECONDS = 10.0
_FRESH_SECONDS = 300.0


class ProviderKeys:
    """Keys by their id, as the provider publishes them (RFC 7517).

    A key that is not among them may be a new one: they are fetched again. Whoever makes up ids
    could have that done all the time, and a provider that hangs would hold up everybody: between
    two fetches lies a pause, and nobody waits for one whose key is known.

    Parameters
    ----------
    url
        Where they are.
    clock
        Seconds, counted from anywhere.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: dict[str, PyJWK] = {}
        self._fetching = asyncio.Lock()
        self._fetched_at = self._tried_at = -math.inf

    async def find(self, key_id: str) -> PyJWK | None:
        """The key of that id; None if the provider has none.

        Raises
        ------
        Problem
            503, if that is not known, because the provider does not tell its keys.
        """
        key = self._known(key_id)
        if key is None:
            async with self._fetching:
                if self._clock() >= self._tried_at + _PAUSE_SECONDS:
                    await self._fetch()
            key = self._known(key_id)
        if key is None and self._tried_at != self._fetched_at:
            raise Problem(
                503,
                "identity-provider-unavailable",
                "the identity provider does not answer",
                headers={"Retry-After": f"{_PAUSE_SECONDS:.0f}"},
            )
        return key

    def _known(self, key_id: str) -> PyJWK | None:
        # What was withdrawn must not be good for ever.
        is_fresh = self._clock() < self._fetched_at + _FRESH_SECONDS
        return self._keys.get(key_id) if is_fresh else None

    async def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            async with asyncio.timeout(_ANSWER_SECONDS), httpx.AsyncClient() as client:
                answer = (await client.get(self._url)).raise_for_status()
            keys = PyJWKSet.from_dict(answer.json()).keys
            self._keys = {
                key.key_id: key
                for key in keys
                if key.key_id and key.public_key_use in ("sig", None)
            }
        except Exception as trouble:  # noqa: BLE001 - rubbish is as good as no answer
            _log.warning("the identity provider does not tell its keys: %r", trouble)
        else:
            self._fetched_at = self._tried_at
