"""What the searching stages of one run are all told."""

from __future__ import annotations

from dataclasses import dataclass

from flows.settings import Settings
from tasks.budget import Budget
from tasks.checkpoints import Checkpoints
from timetabling.penalties import Formulation

__all__ = ["Brief"]


@dataclass(frozen=True, slots=True)
class Brief:
    """The rules that count, what may be spent, on how many processes, and where results are kept.

    The same `seed` searches the same way. Without `checkpoints` nothing is kept.
    """

    rules: Formulation
    budget: Budget
    settings: Settings
    seed: int
    checkpoints: Checkpoints | None

    @property
    def job_id(self) -> str:
        """The job."""
        return self.budget.job_id
