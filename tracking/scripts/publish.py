"""The typed call of ``publish.lua``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, NamedTuple, cast

from redis import Redis

from tracking import keys
from tracking.snapshot import Snapshot

__all__ = ["Answer", "Publish"]

_EVENTS_KEPT = 1000  # about eight minutes at two a second; half a megabyte a job


class Answer(NamedTuple):
    """What became of a snapshot, and the `seq` that now stands in Redis.

    ``older``: a newer one is there; ``ended``: this attempt has its end already;
    ``superseded``: a later attempt has taken over.
    """

    verdict: Literal["written", "older", "ended", "superseded"]
    seq: int


class Publish:
    """Put a snapshot in place, publish it and append it to the job's stream, in one step."""

    def __init__(self, client: Redis) -> None:
        self._script = client.register_script(Path(__file__).with_suffix(".lua").read_text())

    def __call__(self, snapshot: Snapshot) -> Answer:
        """Write it, unless what is stored is newer."""
        verdict, seq = cast(
            "tuple[bytes, int]",
            self._script(
                keys=[keys.progress(snapshot["job_id"]), keys.events(snapshot["job_id"])],
                args=[
                    json.dumps(snapshot, separators=(",", ":"), allow_nan=False),
                    snapshot["attempt"],
                    snapshot["seq"],
                    keys.TTL_SECONDS,
                    _EVENTS_KEPT,
                ],
            ),
        )
        return Answer(verdict.decode(), seq)  # type: ignore[arg-type]
