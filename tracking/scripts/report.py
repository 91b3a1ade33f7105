"""The typed call of ``report.lua``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

from redis import Redis

from tracking import keys

__all__ = ["NO_WISH", "Count", "Report", "Standing", "Wish"]


class Count(NamedTuple):
    """How much one attempt of one unit has done in all, and when it began, in Unix milliseconds.

    ``generation`` and ``stage`` are empty while they are not known: then the job's are meant.
    """

    key: str
    attempt: int
    generation: str
    stage: str
    completed: int
    total: int
    began: int = 0


class Standing(NamedTuple):
    """Where a job stands.

    Parameters
    ----------
    generation
        Which attempt of which process counts.
    stage
        The one in work.
    born
        When its ledger began.
    status
        Of its last snapshot.
    request
        What it is asked, empty if nothing; see `tracking.requests`.
    leased
        Whether its process lives.
    """

    generation: str
    stage: str
    born: str
    status: str
    request: str
    leased: bool


class Wish(NamedTuple):
    """That work on a stage be said to begin (``start``) or to be done (``complete``)."""

    verb: str
    stage: str
    generation: str


NO_WISH = Wish("", "", "")


class Report:
    """Add the counts of one process to those of all, in one step."""

    def __init__(self, client: Redis) -> None:
        self._script = client.register_script(Path(__file__).with_suffix(".lua").read_text())

    def __call__(
        self,
        job_id: str,
        counts: Sequence[Count],
        *,
        wish: Wish = NO_WISH,
        said: str = "",
        expected: str = "",
    ) -> Standing | None:
        """Report counts, a wish, a message and what is expected (JSON, see the script).

        Returns
        -------
        None if nobody has announced the job: then nothing was kept.
        """
        numbers = [value for count in counts for value in count]
        answer = cast(
            "list[bytes]",
            self._script(
                keys=[keys.ledger(job_id), keys.lease(job_id), keys.request(job_id)],
                args=[keys.TTL_SECONDS, *wish, said, expected, *numbers],
            ),
        )
        if not answer:
            return None
        generation, stage, born, status, request, leased = (
            part.decode(errors="replace") for part in answer
        )
        return Standing(generation, stage, born, status, request, leased == "1")
