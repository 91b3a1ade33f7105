"""Counts of finished work become percentages: the one place where they are computed.

Pure: no clock, no thread, no network; `now` is an argument. Two things are kept apart. The
**work** is what was reported, as it is. The **bar** is what is shown: it follows the work
without falling, leaping or standing still, and passes through the end of every stage.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tracking.eta import Pace, TimeLeft, rest_of_stage
from tracking.plan import Plan, Stage
from tracking.snapshot import End, Snapshot, Status, figure
from tracking.work import StageWork

__all__ = ["Progress"]

_STEP = 4.9  # percent points between two snapshots: no more than 5, rounding included
_MOST = 99.99  # 100 is for a completed job alone
_MOST_BY_WORK = 99.9  # all units are finished: what is left is for publishing the result
_CRUMB = 0.01  # the smallest movement that people can see
_BRISK_SECONDS = 0.75  # how long the same percentage may stand: 1.5 s less two late snapshots,
_PATIENT_SECONDS = 1.15  # or one where there is little room left to move in
_LITTLE_ROOM = 0.5


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
        self.plan = plan
        self.job_id = job_id
        self.run_id = run_id
        self.attempt = 1
        self.hurry = False
        """Whether the next snapshot should follow at once, the bar being far behind the work."""
        self.over = False
        """Whether the last snapshot was the job's end."""
        self._expected: dict[str, float] = {}
        self._seq = 0
        self._started_at = self._last_updated = int(now)
        self._now = now
        self._elapsed = 0.0

        self._index = 0  # of the stage in work
        self._begun = False
        self._works = [StageWork() for _ in plan.stages]
        self._status: Status = "initializing"
        self._end: End | None = None
        self._message = ""
        self._figures: dict[str, Any] = {}

        self._shown = 0  # index of the stage that the bar is in
        self._position = 0.0  # of this attempt on the bar, in percent; falls at a new attempt only
        self._overall = 0.0  # what is shown: the position, or what an earlier attempt had reached
        self._confirmed = 0.0  # percentage by finished units alone
        self._own_share = True  # whether the stage's percentage is the overall one's, see _enter
        self._moved = 0.0  # when the shown percentage last changed
        self._next_at = 0.0  # when `next` was last called
        self._pace = Pace()
        self._time_left = TimeLeft()
        self.expect(expected_seconds or {})

    # What happened

    def expect(self, seconds: Mapping[str, float]) -> None:
        """Say how long stages are thought to take, by id, in seconds."""
        for stage_id, duration in seconds.items():
            self.plan.index(stage_id)
            if not 0 <= duration < math.inf:
                raise ValueError(f"stage {stage_id!r}: expected seconds >= 0, got {duration}")
            self._expected[stage_id] = float(duration)

    def start_stage(self, stage_id: str, now: float) -> None:
        """Work on a stage begins. The stages before it count as done.

        The stage in work again: its task is retried, and its units are counted afresh. An earlier
        stage: the flow is retried, which opens a new attempt. The bar keeps what it has shown.
        """
        index = self.plan.index(stage_id)
        self._see(now)
        if self._end is not None:
            return
        if index < self._index:
            self._restart(index)
        self._index = index
        for work in self._works[:index]:
            work.finished = True
        self._begin()
        self._message = self.plan.stages[index].label

    def count(self, completed: int, total: int | None, now: float) -> None:
        """`completed` units of `total` are finished; fewer than before is a late report."""
        self._see(now)
        if self._end is not None:
            return
        if not self._begun:
            if self._index > 0:
                return  # a late report of the stage before
            self._begin()
        whole = None if total is None else int(total)
        self._work.count(max(0, int(completed)), whole, self._elapsed, self._expects)

    def advance(self, units: int, now: float) -> None:
        """`units` more are finished."""
        self.count(self._work.completed + max(0, int(units)), None, now)

    def complete_stage(self, now: float) -> None:
        """All work of the stage is done, whatever was counted."""
        self._see(now)
        if self._end is not None or not self._begun:
            return
        self._work.finished = True
        if self._index < len(self.plan.stages) - 1:
            self._index += 1
            self._begun = False

    def say(self, message: str, figures: Mapping[str, float]) -> None:
        """Keep a message for people, and figures such as the cost found so far."""
        clean = {name: figure(value) for name, value in figures.items()}
        if self._end is None:
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
            self._index = len(self.plan.stages) - 1
            for work in self._works:
                work.finished = True

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
        old job id used for a new run starts at 0.
        """
        self._seq = max(self._seq, stored["seq"])
        self.attempt += stored["attempt"]
        if stored["run_id"] == self.run_id and stored["status"] != "completed":
            self._started_at = min(self._started_at, stored["started_at"])
            self._overall = max(self._overall, min(stored["overall_progress"], _MOST))
            self._confirmed = max(self._confirmed, min(stored["work_progress"], self._overall))
            self._enter(self._shown, self._position)

    def take_over(self, stored: Snapshot) -> None:
        """Be the attempt that an earlier process was in, in order to end it.

        Raises
        ------
        ValueError
            If it was in a stage that the plan does not have.
        """
        index = self.plan.index(stored["stage"])
        stage = self.plan.stages[index]
        self.adopt(stored)
        self.attempt = stored["attempt"]
        self._index = index
        self._message = stored["message"]
        self._figures = dict(stored["metadata"])
        self._works[index].completed = self._figures.pop("completed_items", 0)
        self._works[index].total = self._figures.pop("total_items", 0)
        self._enter(index, stage.start + stored["stage_progress"] / 100 * stage.weight)

    def skip_to(self, seq: int) -> None:
        """Number what follows after `seq`, which a reader has already seen."""
        self._seq = max(self._seq, seq)

    # What to show

    def next(self, now: float) -> Snapshot:
        """Move the bar towards the work by one step, and describe it."""
        self._see(now)
        shown_before = round(self._overall, 2)
        in_stage = self._shown >= self._index
        aim = self._aim()
        if self._end is not None and in_stage and self._position >= aim:
            self.over = True
            if self._end == "completed":
                self._position = self._overall = self._confirmed = 100.0
        else:
            self._position = max(self._position, min(aim, self._overall + _STEP))
            self._overall = max(self._overall, self._position)
            if self._end is None and round(self._overall, 2) <= shown_before:
                self._crumb()
        if round(self._overall, 2) > shown_before:
            self._moved = self._elapsed
        self.hurry = not self.over and (
            self._end is not None or not in_stage or self._position < aim
        )
        self._confirmed = max(self._confirmed, min(self._exact(), self._overall))
        self._seq += 1
        return self._snapshot()

    def _snapshot(self) -> Snapshot:
        stage, work = self.plan.stages[self._shown], self._works[self._shown]
        reached = self._overall if self._own_share else self._position
        stage_percent = (reached - stage.start) / stage.weight * 100
        return Snapshot(
            job_id=self.job_id,
            run_id=self.run_id,
            attempt=self.attempt,
            seq=self._seq,
            status=self._end if self._end is not None and self.over else self._status,
            stage=stage.id,
            stage_label=stage.label,
            stage_progress=round(min(100.0, max(0.0, stage_percent)), 2),
            overall_progress=round(float(self._overall), 2),
            work_progress=round(float(self._confirmed), 2),
            eta_seconds=self._eta_seconds(),
            started_at=self._started_at,
            last_updated=self._last_updated,
            message=self._message if self._shown >= self._index else stage.label,
            metadata=self._figures | {"completed_items": work.completed, "total_items": work.total},
        )

    # The work

    def _see(self, now: float) -> None:
        """Let the job's own clock follow: forward only."""
        self._elapsed += max(0.0, now - self._now)
        self._now = now
        self._last_updated = max(self._last_updated, int(now))

    def _begin(self) -> None:
        self._begun = True
        self._status = "running"
        self._works[self._index] = StageWork(self._elapsed)

    def _restart(self, index: int) -> None:
        """A new attempt from a stage on; what the bar has shown stays, short of completion."""
        self.attempt += 1
        if self._overall == 100:
            self._overall = self._confirmed = 0.0
        self.over, self._end = False, None
        self._figures.pop("error", None)
        self._index, self._begun = index, False
        self._works[index:] = [StageWork() for _ in self.plan.stages[index:]]
        if self._shown >= index:
            self._enter(index, self.plan.stages[index].start)

    @property
    def _stage(self) -> Stage:
        """The stage in work."""
        return self.plan.stages[self._index]

    @property
    def _work(self) -> StageWork:
        return self._works[self._index]

    @property
    def _expects(self) -> float | None:
        return self._expected.get(self._stage.id)

    def _exact(self) -> float:
        """Percentage of the whole by finished units alone."""
        return self._stage.start + self._work.fraction * self._stage.weight

    def _part_done(self) -> float:
        """How much of the unit in work seems done by the time it has taken, below 1."""
        return self._work.part_done(self._elapsed, self._expects) if self._begun else 0.0

    # The bar

    def _enter(self, index: int, position: float) -> None:
        """The bar is in another stage now.

        The stage's own percentage follows from the overall one, except where that has been held
        beyond the stage's end since an earlier attempt.
        """
        self._shown = index
        self._position = position
        self._own_share = self._overall < self.plan.stages[index].end

    def _aim(self) -> float:
        """Where on the bar the work is. Steps from one stage to the next on the way there."""
        stage = self.plan.stages[self._shown]
        if self._shown < self._index:
            if self._position < stage.end:
                return stage.end
            self._enter(self._shown + 1, stage.end)
            return stage.end
        if self._shown > self._index:
            return self._position
        exact = self._exact()
        if self._end is None:
            room = self._unit_end() - exact
            # The end of the room is kept for crumbs: a unit may take far longer than thought.
            free = room - max(_LITTLE_ROOM, min(3.0, 0.5 * room), 0.1 * room)
            exact += max(0.0, free) * self._part_done()
        return min(exact, _MOST_BY_WORK)

    def _unit_end(self) -> float:
        """What the unit in work gives when finished; the end of the stage if nobody counts."""
        stage, work = self.plan.stages[self._shown], self._works[self._shown]
        stage_end = min(stage.end - _CRUMB, _MOST)
        if self._shown != self._index or not work.total:
            return stage_end
        return min(stage.start + stage.weight * (work.completed + 1) / work.total, stage_end)

    def _ceiling(self) -> float:
        """What the bar may creep up to."""
        stage_end, unit_end = self.plan.stages[self._shown].end, self._unit_end()
        if self._overall <= unit_end + _CRUMB:
            return unit_end
        # Beyond it: units are counted afresh after a retry, or there are more than was thought.
        return _MOST if self._overall >= stage_end else min(stage_end - _CRUMB, _MOST)

    def _crumb(self) -> None:
        """Move by the least that can be seen, if the same percentage has stood for long."""
        stood = self._elapsed - self._moved
        if stood < _BRISK_SECONDS:
            return
        all_counted = self._shown == self._index and self._work.fraction >= 1
        if all_counted and self._index < len(self.plan.stages) - 1:
            # Every unit is in, but nobody has completed the stage: what is in work leads over.
            self._enter(self._shown + 1, self._stage.end)
        shown = round(self._overall, 2)
        room = self._ceiling() - shown
        if room < _CRUMB - 1e-9 or (room < _LITTLE_ROOM and stood < _PATIENT_SECONDS):
            return
        held = self._overall > self._position
        self._overall = shown + _CRUMB
        if not held:
            self._position = self._overall

    # The time left

    def _eta_seconds(self) -> int | None:
        passed = self._elapsed - self._next_at
        self._next_at = self._elapsed
        if self.over:
            return 0
        return self._time_left.update(self._raw_time_left(), passed)

    def _raw_time_left(self) -> float | None:
        work, expected = self._work, self._expects
        if work.finished:
            return 0.0
        known = work.measured or expected is not None
        part = self._part_done() if known else 0.0
        fraction = work.fraction + part / max(1, work.total) if work.fraction < 1 else 1.0
        rest = expected
        if self._begun:
            rest = rest_of_stage(
                elapsed=self._elapsed - work.began,
                expected=expected,
                fraction=fraction,
                measured=work.measured,
                overdue=work.overdue(self._elapsed, expected),
            )
        by_pace = self._pace.rest(self._elapsed, self._stage.start + fraction * self._stage.weight)
        later = [self._expected.get(stage.id) for stage in self.plan.stages[self._index + 1 :]]
        if rest is None or None in later:
            return by_pace
        return rest + sum(seconds for seconds in later if seconds is not None)
