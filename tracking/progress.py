"""Counts of finished work become percentages: the one place where they are computed.

Pure: no clock, no thread, no network; `now` is an argument. Two things are kept apart. The
**work** (`tracking.work`) is what was reported, as it is. The **bar** (`tracking.bar`) is what is
shown of it. The time left (`tracking.eta`) rests on the work and on how earlier runs went.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tracking.accuracy import Accuracy, Look, accuracy
from tracking.bar import Bar
from tracking.eta import Left, TimeLeft
from tracking.history import Forecast, Record, forecast, learned
from tracking.plan import Plan
from tracking.snapshot import End, Snapshot, Status, figure
from tracking.work import JobWork

__all__ = ["Progress"]

_LOOKS_KEPT = 512
_LEAST_SECONDS = 0.01
_DOUBT_OF_CALLER = 1.25  # a duration that the caller expects may be off by this factor


class Progress:
    """How far one job is.

    Reports change the work; `next` moves the bar after it and returns what to show. Not safe for
    threads: the caller holds a lock.

    Parameters
    ----------
    plan
        The stages.
    job_id, run_id
        Which job this is, and which run of it.
    now
        Unix seconds. A clock that is set back only loses the time between two calls.
    expected_seconds
        How long stages are thought to take, by id, as far as is known.
    """

    def __init__(
        self,
        plan: Plan,
        job_id: str,
        now: float,
        *,
        run_id: str = "",
        expected_seconds: Mapping[str, float] | None = None,
    ) -> None:
        self.job_id = job_id
        self.run_id = run_id
        self.attempt = 1
        self.hurry = False
        """Whether the next snapshot should follow at once, the bar being far behind the work."""
        self.over = False
        """Whether the last snapshot was the job's end."""
        self._seq = 0
        self._started_at = self._last_updated = int(now)
        self._now = now
        self._elapsed = 0.0
        self._attempt_began = 0.0

        self._work = JobWork(plan)
        self._bar = Bar(self._work)
        self._status: Status = "initializing"
        self._end: End | None = None
        self._message = ""
        self._figures: dict[str, Any] = {}

        self._expected: dict[str, float] = {}
        self._size: float | None = None
        self._records: Sequence[Record] = ()
        self._forecasts: dict[str, Forecast] = {}
        self._looked_at = 0.0  # when `next` was last called
        self._time_left = TimeLeft()
        self._looks: list[Look] = []
        self._keep_each = 1  # look of so many, see _remember
        self._look_number = 0
        self.expect(expected_seconds or {})

    @property
    def plan(self) -> Plan:
        """The stages, with the weights that this job has."""
        return self._work.plan

    @property
    def stage(self) -> str:
        """Id of the stage in work."""
        return self._work.stage.id

    @property
    def completed(self) -> int:
        """Units of that stage that are finished."""
        return self._work.current.completed

    @property
    def begun(self) -> bool:
        """Whether work on that stage has begun."""
        return self._work.begun

    @property
    def finished(self) -> bool:
        """Whether all work on that stage is done, which is the last one then."""
        return self._work.current.finished

    def has_begun(self, stage_id: str) -> bool:
        """Whether work on a stage, or on a later one, has begun."""
        index = self.plan.index(stage_id)
        return index < self._work.index or (index == self._work.index and self.begun)

    # What happened

    def expect(self, seconds: Mapping[str, float], *, size: float | None = None) -> None:
        """Say how long stages are thought to take, and how large the problem is.

        Parameters
        ----------
        seconds
            By stage id.
        size
            In the same unit for all runs of the plan; None leaves it as it is.
        """
        for stage_id, duration in seconds.items():
            self.plan.index(stage_id)
            if not 0 <= duration < math.inf:
                raise ValueError(f"stage {stage_id!r}: expected seconds >= 0, got {duration}")
        if size is not None and not 0 < size < math.inf:
            raise ValueError(f"size: expected a number above 0, got {size}")
        self._expected |= {
            stage_id: float(duration)
            for stage_id, duration in seconds.items()
            if not self._work.stages[self.plan.index(stage_id)].finished
        }
        self._size = self._size if size is None else float(size)
        self._foresee()

    def remember(self, records: Sequence[Record]) -> None:
        """Say how earlier runs of the same plan and deployment went."""
        self._records = records
        self._foresee()
        # They are asked of Redis, which may take longer than it takes to begin with the work.
        if self.begun and self._work.index == 0 and not self._bar.overall:
            self._weigh()

    def start_stage(self, stage_id: str, now: float) -> None:
        """Work on a stage begins. The stages before it count as done.

        The stage in work again: its task is retried, and its units are counted afresh. An earlier
        stage: the flow is retried, which opens a new attempt. The bar keeps what it has shown.
        """
        index = self.plan.index(stage_id)
        self._see(now)
        if self._end is not None:
            return
        if index < self._work.index:
            self._restart(index)
        self._begin(index)
        self._message = self.plan.stages[index].label

    def count(self, completed: int, total: int | None, now: float) -> None:
        """`completed` units of `total` are finished now; None leaves the total as it is.

        Fewer than before says that a retry does its work again: the bar keeps what it has shown.
        """
        self._see(now)
        if self._end is not None or self._work.current.finished:
            return
        if not self._work.begun:
            if self._work.index > 0:
                return  # a late report of the stage before
            self._begin(0)
        whole = None if total is None else int(total)
        self._work.current.count(max(0, int(completed)), whole, self._elapsed, self._expects)

    def recount(self, stage_id: str, completed: int, total: int) -> None:
        """Correct what was counted of a stage that is done: reports of others come later."""
        work = self._work.stages[self.plan.index(stage_id)]
        if work.finished or self._end is not None:
            work.completed, work.total = completed, max(completed, total)

    def complete_stage(self, now: float) -> None:
        """All work of the stage is done, whatever was counted."""
        self._see(now)
        if self._end is None and self._work.begun and not self._work.current.finished:
            self._work.finish(self._elapsed)

    def say(self, message: str, figures: Mapping[str, float]) -> None:
        """Keep a message for people, and figures such as the cost found so far."""
        clean = {name: figure(value) for name, value in figures.items()}
        # What a task in another process said last may come after the end of the flow.
        if self._end is None or (self._end == "completed" and not self.over):
            self._message = str(message)
            self._figures.update(clean)

    def end(self, status: End, now: float, *, reason: str = "") -> None:
        """End the job; the first end wins."""
        self._see(now)
        if self._end is not None:
            return
        self._end = status
        self.hurry = True
        if reason:
            self._figures["error"] = reason
            self._message = reason
        if status == "completed":
            self._work.finish_before(len(self.plan.stages), self._elapsed)
            self._work.index = len(self.plan.stages) - 1

    @property
    def ended(self) -> bool:
        """Whether an end was reported; its snapshot may still be to come."""
        return self._end is not None

    def start_attempt(self, now: float) -> None:
        """Begin again from the first stage: the whole flow is retried."""
        self._see(now)
        self._restart(0)

    def adopt(self, stored: Snapshot) -> None:
        """Go on where an earlier process left this job.

        The numbering goes on. The percentage is kept only when the same run is tried again; an
        old job id used for a new run starts at 0. Whatever this machine's clock shows, readers must
        not take what follows for older: see `is_newer`.
        """
        self._seq = max(self._seq, stored["seq"])
        self.attempt += stored["attempt"]
        if stored["run_id"] == self.run_id and stored["status"] != "completed":
            self._started_at = stored["started_at"]
            self._bar.keep(stored["overall_progress"], stored["work_progress"])
        self._started_at = max(self._started_at, stored["started_at"])
        self._last_updated = max(self._last_updated, self._started_at)

    def skip_to(self, seq: int) -> None:
        """Number what follows after `seq`, which a reader has already seen."""
        self._seq = max(self._seq, seq)

    # What to show

    def next(self, now: float) -> Snapshot:
        """Move the bar towards the work by one step, and describe it."""
        self._see(now)
        ending = self._end is not None
        arrived = self._bar.step(self._elapsed, self._expects, ending=ending)
        if ending and arrived:
            self.over = True
            if self._end == "completed":
                self._bar.complete()
        self.hurry = not self.over and (ending or self._bar.behind)
        self._seq += 1
        passed, self._looked_at = self._elapsed - self._looked_at, self._elapsed
        left: Left | None = Left(0, 0, 0)
        if not self.over:
            left = self._time_left.update(
                self._work, self._forecasts, elapsed=self._elapsed, passed=passed
            )
        if not ending:
            self._remember(left)
        return self._snapshot(left)

    def judge(self) -> Accuracy | None:
        """How right the bar and the time left were, if the job has ended or ended now.

        Nobody can tell of a job that was tried again.
        """
        if self.attempt > 1:
            return None
        return accuracy(self._looks, self._elapsed - self._attempt_began)

    def record(self, deployment: str) -> Record | None:
        """How this run went, after its end; None before."""
        if self._end is None:
            return None
        judged = self.judge() if self._end == "completed" else None
        return Record(
            job_id=self.job_id,
            plan=self.plan.name,
            deployment=deployment,
            status=self._end,
            ended_at=self._last_updated,
            seconds={stage: round(took, 3) for stage, took in self._work.seconds().items()},
            expected=dict(self._expected),
            size=self._size,
            eta_error=None if judged is None else round(judged.eta_error, 4),
            bar_error=None if judged is None else round(judged.bar_error, 2),
        )

    def _snapshot(self, left: Left | None) -> Snapshot:
        bar = self._bar
        stage, work = self.plan.stages[bar.shown], self._work.stages[bar.shown]
        current = self._work.current
        return Snapshot(
            job_id=self.job_id,
            run_id=self.run_id,
            attempt=self.attempt,
            seq=self._seq,
            status=self._end if self._end is not None and self.over else self._status,
            stage=stage.id,
            stage_label=stage.label,
            stage_start=float(stage.start),
            stage_end=float(stage.end),
            stage_progress=round(bar.stage_percent, 2),
            overall_progress=round(float(bar.overall), 2),
            work_progress=round(float(bar.confirmed), 2),
            eta_seconds=None if left is None else left.seconds,
            eta_low_seconds=None if left is None else left.low,
            eta_high_seconds=None if left is None else left.high,
            stalled=self._end is None and current.stalled(self._elapsed, self._expects),
            started_at=self._started_at,
            last_updated=self._last_updated,
            published_at=round(float(self._now), 3),
            message=self._message if bar.shown >= self._work.index else stage.label,
            stages=self.plan.places,
            metadata=self._figures | {"completed_items": work.completed, "total_items": work.total},
        )

    def _see(self, now: float) -> None:
        """Let the job's own clock follow: forward only."""
        self._elapsed += max(0.0, now - self._now)
        self._now = now
        self._last_updated = max(self._last_updated, int(now))

    def _begin(self, index: int) -> None:
        if self._status == "initializing":
            self._status = "running"
            if self._bar.shown == 0:
                self._weigh()
        self._work.begin(index, self._elapsed)

    def _weigh(self) -> None:
        """Take the weights from the forecasts, unless what is shown of the stage would fall."""
        if not self.plan.learned:
            return
        plan = learned(self.plan, {stage: f.seconds for stage, f in self._forecasts.items()})
        if not self._bar.overall or plan.stages[0].end <= self.plan.stages[0].end:
            self._work.plan = plan

    def _restart(self, index: int) -> None:
        """A new attempt from a stage on; what the bar has shown stays, short of completion."""
        self.attempt += 1
        self._attempt_began = self._elapsed
        self._looks = []
        self.over, self._end = False, None
        self._figures.pop("error", None)
        self._work.restart(index)
        self._bar.restart(index)

    @property
    def _expects(self) -> float | None:
        """How long the stage in work should take in all."""
        known = self._forecasts.get(self._work.stage.id)
        return None if known is None else known.seconds

    def _foresee(self) -> None:
        """What the caller expects, and in its place what earlier runs say of it."""
        self._forecasts = {
            stage: Forecast(seconds, seconds / _DOUBT_OF_CALLER, seconds * _DOUBT_OF_CALLER)
            for stage, expected in self._expected.items()
            if (seconds := max(expected, _LEAST_SECONDS))
        } | forecast(self._records, expected=self._expected, size=self._size)

    def _remember(self, left: Left | None) -> None:
        """Keep what was shown, for the judgement at the end; every second look when many."""
        self._look_number += 1
        if self._look_number % self._keep_each:
            return
        seen = (None, None, None) if left is None else left
        self._looks.append(Look(self._elapsed - self._attempt_began, self._bar.overall, *seen))
        if len(self._looks) >= _LOOKS_KEPT:
            self._looks = self._looks[::2]
            self._keep_each *= 2
