"""The bar: what is shown of the work. It never falls, leaps or stands still. Pure."""

from __future__ import annotations

from tracking.plan import Plan
from tracking.work import JobWork

__all__ = ["MOST_PERCENT", "Bar"]

MOST_PERCENT = 99.99
"""100 is for a completed job alone."""

_STEP = 4.9  # percent points between two snapshots: no more than 5, rounding included
_MOST_BY_WORK = 99.9  # all units are finished: what is left is for publishing the result
_CRUMB = 0.01  # the smallest movement that people can see
_BRISK_SECONDS = 0.75  # how long the same percentage may stand: 1.5 s less two late snapshots,
_PATIENT_SECONDS = 1.15  # or one where there is little room left to move in
_LITTLE_ROOM = 0.5


class Bar:
    """Follows the work of a job, and passes through the end of every stage.

    Parameters
    ----------
    work
        What was reported.
    """

    def __init__(self, work: JobWork) -> None:
        self._work = work
        self.shown = 0
        """Index of the stage that the bar is in."""
        self.overall = 0.0
        """What is shown: the position, or what an earlier attempt had reached."""
        self.confirmed = 0.0
        """Percentage by finished units alone; never falls either."""
        self._position = 0.0  # of this attempt on the bar, in percent; falls at a new attempt only
        self._own_share = True  # whether the stage's percentage is the overall one's, see enter
        self.behind = False
        """Whether another step should follow at once."""
        self._moved = 0.0  # when the shown percentage last changed

    @property
    def _plan(self) -> Plan:
        return self._work.plan

    @property
    def stage_percent(self) -> float:
        """Of the stage that the bar is in, 0 to 100."""
        stage = self._plan.stages[self.shown]
        reached = self.overall if self._own_share else self._position
        return min(100.0, max(0.0, (reached - stage.start) / stage.weight * 100))

    def enter(self, index: int, position: float) -> None:
        """The bar is in another stage now.

        The stage's own percentage follows from the overall one, except where that has been held
        beyond the stage's end since an earlier attempt.
        """
        self.shown = index
        self._position = position
        self._own_share = self.overall < self._plan.stages[index].end

    def keep(self, overall: float, confirmed: float) -> None:
        """Show no less than an earlier attempt did."""
        self.overall = max(self.overall, min(overall, MOST_PERCENT))
        self.confirmed = max(self.confirmed, min(confirmed, self.overall))
        self.enter(self.shown, self._position)

    def restart(self, index: int) -> None:
        """A new attempt begins in a stage; what was shown stays, short of completion."""
        if self.overall == 100:
            self.overall = self.confirmed = 0.0
        if self.shown >= index:
            self.enter(index, self._plan.stages[index].start)

    def complete(self) -> None:
        """Show that the job is completed."""
        self._position = self.overall = self.confirmed = 100.0

    def step(self, elapsed: float, expected: float | None, *, ending: bool) -> bool:
        """Move towards the work by one step.

        Parameters
        ----------
        elapsed
            Seconds on the job's clock.
        expected
            How long the stage in work should take in all.
        ending
            Whether the job has ended: then the bar goes where the work is and no further.

        Returns
        -------
        Whether it was where the work is before the step, so that an end may be shown.
        """
        shown_before = round(self.overall, 2)
        in_stage = self.shown >= self._work.index
        aim = self._aim(elapsed, expected, ending=ending)
        arrived = in_stage and self._position >= aim
        if not (ending and arrived):
            self._position = max(self._position, min(aim, self.overall + _STEP))
            self.overall = max(self.overall, self._position)
            if not ending and round(self.overall, 2) <= shown_before:
                self._crumb(elapsed)
        if round(self.overall, 2) > shown_before:
            self._moved = elapsed
        self.confirmed = max(self.confirmed, min(self._work.percent(), self.overall))
        self.behind = not in_stage or self._position < aim
        return arrived

    def _aim(self, elapsed: float, expected: float | None, *, ending: bool) -> float:
        """Where on the bar the work is. Steps from one stage to the next on the way there."""
        stage = self._plan.stages[self.shown]
        if self.shown < self._work.index:
            if self._position < stage.end:
                return stage.end
            self.enter(self.shown + 1, stage.end)
            return stage.end
        if self.shown > self._work.index:
            return self._position
        exact = self._work.percent()
        if not ending:
            room = self._unit_end() - exact
            # The end of the room is kept for crumbs: a unit may take far longer than thought.
            free = room - max(_LITTLE_ROOM, min(3.0, 0.5 * room), 0.1 * room)
            exact += max(0.0, free) * self._work.current.part_done(elapsed, expected)
        return min(exact, _MOST_BY_WORK)

    def _unit_end(self) -> float:
        """What the unit in work gives when finished; the end of the stage if nobody counts."""
        stage, work = self._plan.stages[self.shown], self._work.stages[self.shown]
        stage_end = min(stage.end - _CRUMB, MOST_PERCENT)
        if self.shown != self._work.index or not work.total:
            return stage_end
        return min(stage.start + stage.weight * (work.completed + 1) / work.total, stage_end)

    def _ceiling(self) -> float:
        """What the bar may creep up to."""
        stage_end, unit_end = self._plan.stages[self.shown].end, self._unit_end()
        if self.overall <= unit_end + _CRUMB:
            return unit_end
        # Beyond it: units are counted afresh after a retry, or there are more than was thought.
        return min(stage_end - _CRUMB, MOST_PERCENT) if self._own_share else MOST_PERCENT

    def _crumb(self, elapsed: float) -> None:
        """Move by the least that can be seen, if the same percentage has stood for long."""
        stood = elapsed - self._moved
        if stood < _BRISK_SECONDS:
            return
        work = self._work
        all_counted = self.shown == work.index and work.current.fraction >= 1
        if all_counted and work.index < len(work.stages) - 1:
            # Every unit is in, but nobody has completed the stage: what is in work leads over.
            self.enter(self.shown + 1, work.stage.end)
        shown = round(self.overall, 2)
        room = self._ceiling() - shown
        if room < _CRUMB - 1e-9 or (room < _LITTLE_ROOM and stood < _PATIENT_SECONDS):
            return
        held = self.overall > self._position
        self.overall = shown + _CRUMB
        if not held:
            self._position = self.overall
