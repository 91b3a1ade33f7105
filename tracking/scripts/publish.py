"""The typed call of ``publish.lua``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, NamedTuple, cast

from redis import Redis

from tracking import keys
from tracking.snapshot import Snapshot

__all__ = ["Answer", "Elsewhere", "Publish"]

_EVENTS_KEPT = 1000  # about eight minutes at two a second; a megabyte a job


class Elsewhere(NamedTuple):
    """What other processes have reported of a job.

    Parameters
    ----------
    completed, total
        Sums over their units of the stage in work.
    begun, done
        The stages that tasks elsewhere have started and completed last, as ``number stage``.
    said
        The last message and figures, as ``number JSON``.
    expected
        How long stages should take and how large the problem is, as JSON; all they have said of it.
    """

    completed: int = 0
    total: int = 0
    begun: str = ""
    done: str = ""
    said: str = ""
    expected: str = ""


class Answer(NamedTuple):
    """What became of a snapshot, the `seq` that now stands in Redis, and the reports of others.

    ``older``: a newer one is there; ``ended``: this attempt has its end already;
    ``superseded``: a later attempt has taken over, or another run that began at the same time.
    ``request`` is what the job is asked, empty if nothing; see `tracking.requests`.
    """

    verdict: Literal["written", "older", "ended", "superseded"]
    seq: int
    elsewhere: Elsewhere
    request: str = ""


class Publish:
    """Put a snapshot in place, publish it and append it to the job's stream, in one step."""

    def __init__(self, client: Redis) -> None:
        self._script = client.register_script(Path(__file__).with_suffix(".lua").read_text())

    def __call__(self, snapshot: Snapshot, *, generation: str, stage: str, forgets: bool) -> Answer:
        """Write it, unless what is stored is newer.

        Parameters
        ----------
        generation
            Whose reports are counted from now on; empty to leave that as it is.
        stage
            The stage in work, where reports of others belong that name none.
        forgets
            Whether what an earlier attempt was asked is forgotten.
        """
        job_id = snapshot["job_id"]
        verdict, seq, completed, total, *words = cast(
            "tuple[bytes, int, int, int, bytes, bytes, bytes, bytes, bytes]",
            self._script(
                keys=[
                    keys.progress(job_id),
                    keys.events(job_id),
                    keys.ledger(job_id),
                    keys.lease(job_id),
                    keys.request(job_id),
                ],
                args=[
                    json.dumps(snapshot, separators=(",", ":"), allow_nan=False),
                    snapshot["attempt"],
                    snapshot["seq"],
                    snapshot["status"],
                    keys.TTL_SECONDS,
                    _EVENTS_KEPT,
                    generation,
                    stage,
                    keys.LEASE_MILLISECONDS,
                    snapshot["run_id"],
                    int(forgets),
                ],
            ),
        )
        *others, request = (word.decode(errors="replace") for word in words)
        elsewhere = Elsewhere(completed, total, *others)
        return Answer(verdict.decode(), seq, elsewhere, request)  # type: ignore[arg-type]
