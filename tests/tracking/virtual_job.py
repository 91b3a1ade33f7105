"""A job on a virtual clock, for the tests of the pure state machine."""

from __future__ import annotations

from collections.abc import Callable

from tracking.plan import DEFAULT, Plan
from tracking.progress import Progress
from tracking.snapshot import End, Snapshot
from tracking.testing import check

__all__ = ["IN_STAGES", "Job", "seen"]

IN_STAGES = {
    "loading": 2.0,
    "clustering": 3.0,
    "cpsat_solving": 30.0,
    "ga_optimization": 15.0,
    "rl_refinement": 10.0,
}


class Job:
    """A job on a virtual clock, whose bar is looked at as often as the publisher does."""

    def __init__(self, plan: Plan = DEFAULT, expected: dict[str, float] | None = None) -> None:
        self.plan = plan
        self.time = 1_740_000_000.0
        self.clock_error = 0.0
        self.due = self.time
        self.events: list[tuple[float, Snapshot]] = []
        self.progress = Progress(plan, "job", self.now, expected_seconds=expected)

    @property
    def now(self) -> float:
        return self.time + self.clock_error

    @property
    def last(self) -> Snapshot:
        return self.events[-1][1]

    def look(self) -> Snapshot:
        self.events.append((self.time, self.progress.next(self.now)))
        self.due = self.time + (0.04 if self.progress.hurry else 0.4)
        return self.last

    def run(self, seconds: float) -> None:
        """Let time pass, the publisher publishing."""
        until = self.time + seconds
        while self.due <= until and not self.progress.over:
            self.time = self.due
            self.look()
        self.time = until

    def catch_up(self) -> None:
        """Publish until the bar is where the work is."""
        if not self.progress.over:
            self.look()
        while self.progress.hurry:
            self.time = self.due
            self.look()

    def start(self, stage: str) -> None:
        self.progress.start_stage(stage, self.now)
        self.due = self.time

    def count(self, completed: int, total: int | None = None) -> None:
        self.progress.count(completed, total, self.now)

    def advance(self, units: int) -> None:
        """More units are finished, as a task's counter would say."""
        self.count(self.progress.completed + units)

    def complete(self) -> None:
        self.progress.complete_stage(self.now)
        self.due = self.time

    def end(self, status: End, reason: str = "") -> None:
        self.progress.end(status, self.now, reason=reason)
        self.catch_up()

    def judge(self) -> list[str]:
        return check(self.events, self.plan)


def seen(job: Job, key: Callable[[Snapshot], object]) -> list[object]:
    """What was shown, without repeats in a row."""
    shown: list[object] = []
    for _, snapshot in job.events:
        if not shown or shown[-1] != key(snapshot):
            shown.append(key(snapshot))
    return shown
