"""Who wants to know what a running job finds: each new snapshot is shown to all of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

__all__ = ["Following"]

_LOOK_SECONDS = 0.02  # a bar that hurries is published every 0.04 s: no stage should be missed


class Following:
    """Shows a job's snapshots as they come, in a thread, for as long as its block lasts.

    Parameters
    ----------
    latest
        Returns the newest snapshot, or None while there is none.
    followers
        Each is called with every new one; the last is shown to them before the block is left.
    """

    def __init__(
        self,
        latest: Callable[[], Mapping[str, Any] | None],
        *followers: Callable[[Mapping[str, Any]], object],
    ) -> None:
        self._latest = latest
        self._followers = followers
        self._seen: Mapping[str, Any] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="following", daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Show the last snapshot, and end."""
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._over.wait(_LOOK_SECONDS):
            self._look()
        self._look()

    def _look(self) -> None:
        snapshot = self._latest()
        if snapshot is not None and snapshot is not self._seen:
            self._seen = snapshot
            for follower in self._followers:
                follower(snapshot)
