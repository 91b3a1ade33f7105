"""What is counted of a job's stages, in this process and in others. Pure."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from tracking.hearsay import Hearsay
from tracking.unit import Unit, Units

__all__ = ["Counts", "Tally"]


class Counts(NamedTuple):
    """Of one stage."""

    completed: int
    of_units: int
    """The total over units of work."""
    of_flow: int
    """What the flow itself says the total is."""

    def elsewhere(self, completed: int, total: int) -> Counts:
        """The same, and what units in other processes have counted."""
        return Counts(self.completed + completed, self.of_units + total, self.of_flow)

    @property
    def total(self) -> int:
        """How much there is in all; 0 is not known."""
        return max(self.of_units, self.of_flow)


class Tally:
    """Counts of a generation: since the work was last begun anew.

    Not safe for threads: the caller holds a lock.

    Parameters
    ----------
    flow
        The flow's own unit: what it counts belongs to the stage in work.
    """

    def __init__(self, flow: Unit) -> None:
        self._flow = flow
        self.units = Units()
        self.begin()

    def begin(self) -> None:
        """Count afresh, here and elsewhere."""
        self.generation = secrets.token_hex(4)
        self.hearsay = Hearsay()
        self.units.clear()
        self.leave_stage()

    def leave_stage(self) -> None:
        """What the flow itself counts from now on is of another stage."""
        self._flow.restart()

    def here(self, stage: str) -> Counts:
        """What this process has counted of the stage in work."""
        completed, total = self.units.sums(stage)
        return Counts(completed + self._flow.counted, total, self._flow.total)

    def everywhere(self, stage: str) -> Counts:
        """What all processes are known to have counted of the stage in work."""
        return self.here(stage).elsewhere(*self.hearsay.counts(stage))
