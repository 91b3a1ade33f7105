"""The typed call of ``report.lua``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, cast

from redis import Redis

from tracking import keys

__all__ = ["Count", "Report", "Standing"]


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
    """Where a job stands: generation, the stage in work, when its ledger began, its status."""

    generation: str
    stage: str
    born: str
    status: str


class Report:
    """Add the counts of one process to those of all, in one step."""

    def __init__(self, client: Redis) -> None:
        self._script = client.register_script(Path(__file__).with_suffix(".lua").read_text())

    def __call__(
        self, job_id: str, counts: Sequence[Count], *, asked: str = "", said: str = ""
    ) -> Standing | None:
        """Report counts, a wish (``start cpsat_solving``) and a message (JSON).

        Returns
        -------
        None if nobody has announced the job: then nothing was kept.
        """
        numbers = [value for count in counts for value in count]
        answer = cast(
            "list[bytes]",
            self._script(
                keys=[keys.ledger(job_id)], args=[keys.TTL_SECONDS, asked, said, *numbers]
            ),
        )
        return Standing(*(part.decode() for part in answer)) if answer else None
