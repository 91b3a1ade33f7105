"""How much a job may spend.

A budget is split over the stages of a job; an allowance, one call's part of it, travels to a task
as a plain value, and the task turns it into the library's `Stop`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from tasks.stopping import is_stopped
from timetabling.search import Stop, TimeLimit, WorkLimit

__all__ = ["Allowance", "Budget"]


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one call of an engine may spend.

    Parameters
    ----------
    job_id
        The job whose wish to stop ends the search early.
    seconds
        Time from the start of the call; ignored when `work` is given.
    work
        Units of work (see `timetabling.search.WorkLimit`), or None. When given, time does not
        count, so that the result depends on the seed alone.
    used
        Share of the time, or the work, that earlier spans of the call have used.
    """

    job_id: str
    seconds: float
    work: int | None = None
    used: float = 0.0

    def stop(self, cancelled: Callable[[], bool] | None = None) -> Stop:
        """Start counting: the search that is given this may begin now.

        It ends early when `cancelled` says so: by default, when its job in this process is told to.
        """
        cancelled = cancelled or partial(is_stopped, self.job_id)
        if self.work is not None:
            return WorkLimit(self.work, used=self.used, cancelled=cancelled)
        return TimeLimit(self.seconds, time.monotonic, used=self.used, cancelled=cancelled)


@dataclass(frozen=True, slots=True)
class Budget:
    """What a whole job may spend, and how its stages share it.

    Parameters
    ----------
    job_id
        The job.
    started_at
        Unix time in seconds.
    seconds
        Time for everything; what a stage leaves over goes to the next.
    work
        Units of work for all stages together, or None.
    shares
        Share of each searching stage, in their order; the shares add to 1.
    """

    job_id: str
    started_at: float
    seconds: float
    work: int | None
    shares: Mapping[str, float]

    def allow(self, stage: str, *, turns_left: int = 1, calls: int = 1) -> Allowance:
        """Allow a call of a stage its part.

        Parameters
        ----------
        stage
            Whose time and work it is.
        turns_left
            Calls, one after the other, that share the time that is left to the stage.
        calls
            Calls that share the stage's work.
        """
        work = None if self.work is None else int(self.work * self.shares[stage] / calls)
        seconds = self.seconds_left(stage, now=time.time()) / turns_left
        return Allowance(self.job_id, seconds, work)

    def go_on(self, stage: str, call: Allowance, *, used: float) -> Allowance:
        """Allow the rest of a call that is made in spans, of which a share is used.

        Time lost between spans is taken from the rest. A run that goes on from what another has
        kept has more time left than the rest needs, and does not need it.
        """
        seconds = self.seconds_left(stage, now=time.time()) / max(1e-9, 1 - used)
        return replace(call, seconds=min(call.seconds, seconds), used=used)

    def seconds_left(self, stage: str, *, now: float) -> float:
        """Seconds until the stage has to end."""
        stages = list(self.shares)
        share_until_end = sum(self.shares[s] for s in stages[: stages.index(stage) + 1])
        return max(0.0, self.started_at + self.seconds * share_until_end - now)

    def expected_seconds(self, stage: str, *, now: float) -> dict[str, float]:
        """How long a stage that begins now, and those after it, should take.

        Nothing is said where work is the limit.
        """
        if self.work is not None:
            return {}
        stages = list(self.shares)
        stages = stages[stages.index(stage) :]
        ends = [self.seconds_left(each, now=now) for each in stages]
        begins = [0.0, *ends]
        return {each: end - begin for each, begin, end in zip(stages, begins, ends, strict=False)}
