"""A job in one process, in any order of reports, retries, take-overs and losses."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.tracking.effort import NIGHTLY, effort, tell
from tests.tracking.judged_job import JudgedJob
from tests.tracking.model import Handle
from tracking.plan import PLANS, Plan
from tracking.reporter import Reporter
from tracking.unit import Unit

_which = st.integers(0, 12)
_publishing = st.sampled_from([True, True, False])
_rarely = st.integers(0, 4).map(lambda number: number == 4)
_stage = st.integers(0, 5)
_units_stage = (
    st.none() | st.none() | st.none() | _stage
)  # that of the unit is mostly the one in work
_items = st.integers(-2, 30)
_end = st.sampled_from(["completed", "failed", "cancelled", "timeout"])


class OneProcess(RuleBasedStateMachine):
    """Everything that can happen to a job whose tasks run in its own process."""

    steps: ClassVar[int] = 0

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url
        self.job: JudgedJob | None = None
        self.units: list[tuple[Unit, Handle]] = []

    @initialize(plan=st.sampled_from(list(PLANS.values())), known=st.booleans())
    def begin(self, plan: Plan, known: bool) -> None:
        self.job = JudgedJob(self.url, plan)
        if known:
            self.job.reporter.expect({stage.id: 20.0 for stage in plan.stages}, size=10)
        self._meet_own()

    def teardown(self) -> None:
        if self.job is not None:
            self.job.close()

    @property
    def _job(self) -> JudgedJob:
        assert self.job is not None
        return self.job

    def _meet_own(self) -> None:
        self.units.insert(0, (self._job.reporter, self._job.model.own))

    def _pick(self, which: int) -> tuple[Unit, Handle]:
        """The flow's own unit, or one of those that tasks took, of whatever age."""
        return self.units[which % len(self.units)]

    def _stage_id(self, stage: int) -> tuple[int, str]:
        index = stage % len(self._job.plan.stages)
        return index, self._job.plan.stages[index].id

    def _then(self, publishing: bool = True) -> None:
        """The publisher's turn; before the first stage its look decides what is begun."""
        if publishing or not self._job.model.begun:
            self._job.publish()
        else:
            self._job.model.look()

    @invariant()
    def count_the_step(self) -> None:
        type(self).steps += 1

    # Reports

    @rule(which=_which, n=st.integers(0, 5), publishing=_publishing)
    def advance(self, which: int, n: int, publishing: bool) -> None:
        unit, handle = self._pick(which)
        unit.advance(n)
        handle.advance(n)
        self._then(publishing)

    @rule(which=_which, completed=_items, total=_items, times=st.integers(1, 2), p=_publishing)
    def count(self, which: int, completed: int, total: int, times: int, p: bool) -> None:
        unit, handle = self._pick(which)
        for _ in range(times):
            unit.update_stage_progress(completed, total)
            handle.count(completed, total)
        self._then(p)

    @rule(which=_which, completed=_items, publishing=_publishing)
    def count_completed(self, which: int, completed: int, publishing: bool) -> None:
        unit, handle = self._pick(which)
        unit.update_work_progress(completed)
        handle.count(completed)
        self._then(publishing)

    @rule(which=_which, cost=st.floats(), stage=_stage, seconds=st.floats(0, 100))
    def say(self, which: int, cost: float, stage: int, seconds: float) -> None:
        unit, _ = self._pick(which)
        unit.update("found", cost=cost)
        unit.expect({self._stage_id(stage)[1]: seconds})
        self._then()

    # Units, and attempts at them

    @rule(key=st.sampled_from("abcd"), attempt=st.integers(1, 3), stage=_units_stage)
    def take_a_unit(self, key: str, attempt: int, stage: int | None) -> None:
        index, stage_id = (None, "") if stage is None else self._stage_id(stage)
        unit = self._job.reporter.unit(key, attempt=attempt, stage=stage_id)
        self.units.append((unit, self._job.model.unit(key, attempt, index)))
        self._then()

    @rule(which=_which, publishing=_publishing)
    def retry_a_unit(self, which: int, publishing: bool) -> None:
        _, handle = self._pick(which)
        if handle.key:
            key, attempt, stage = handle.key, handle.attempt + 1, handle.stage
            unit = self._job.reporter.unit(
                key, attempt=attempt, stage=self._job.plan.stages[stage].id
            )
            self.units.append((unit, self._job.model.unit(key, attempt, stage)))
            self._then(publishing)

    # Stages

    @rule(stage=_stage, which=_which, publishing=_publishing, really=_rarely)
    def start_a_stage(self, stage: int, which: int, publishing: bool, really: bool) -> None:
        if not really:
            return
        unit, handle = self._pick(which)
        index, stage_id = self._stage_id(stage)
        unit.start_stage(stage_id)
        self._job.model.start(index, handle)
        self._then(publishing)

    @rule(publishing=_publishing, expected=st.none() | st.floats(0, 50))
    def start_the_next_stage(self, publishing: bool, expected: float | None) -> None:
        model = self._job.model
        index = min(model.at + model.begun, model.last)
        stage_id = self._job.plan.stages[index].id
        self._job.reporter.start_stage(stage_id, expected_seconds=expected)
        model.start(index, model.own)
        self._then(publishing)

    @rule(which=_which, publishing=_publishing)
    def complete_a_stage(self, which: int, publishing: bool) -> None:
        job, (unit, handle) = self._job, self._pick(which)
        unit.complete_stage()
        job.model.complete(handle)
        self._then(publishing)

    @rule(really=_rarely)
    def complete_a_stage_and_see_the_bar_land(self, really: bool) -> None:
        job = self._job
        if not really:
            return
        job.catch_up()
        before, stage = job.last, job.plan.stages[job.model.at]
        lands = job.model.begun and not job.model.end and job.model.at < job.model.last
        job.reporter.complete_stage()
        job.model.complete(job.model.own)
        job.catch_up()
        assert before is not None
        assert job.last is not None
        if lands and before["overall_progress"] < job.last["stage_start"] and not job.plan.learned:
            assert job.last["overall_progress"] == stage.end

    # The job

    @rule(seconds=st.floats(0, 3))
    def time_passes(self, seconds: float) -> None:
        self._job.run(seconds)

    @rule()
    def work_stalls(self) -> None:
        self._job.run(35.0, pause_seconds=0.9)

    @rule(seconds=st.floats(-4000, 4000))
    def the_clock_is_set(self, seconds: float) -> None:
        self._job.clock_error += seconds
        self._then()

    @rule(really=_rarely)
    def the_flow_is_retried(self, really: bool) -> None:
        if really:
            self._retry_the_flow()

    def _retry_the_flow(self) -> None:
        self._job.reporter.start_attempt()
        self._job.model.retry()
        self._then()

    @rule(same_run=st.booleans(), really=_rarely)
    def another_process_takes_over(self, same_run: bool, really: bool) -> None:
        job = self._job
        if really and job.last is not None and job.redis.dbsize():
            job.take_over("run" if same_run else f"run {job.time}")
            self.units = [pair for pair in self.units if pair[1].key]
            self._meet_own()

    @precondition(lambda self: self.job is not None and self.job.retired)
    @rule(which=_which, status=st.none() | _end)
    def a_process_that_was_replaced_goes_on(self, which: int, status: str | None) -> None:
        job = self._job
        reporter = job.retired[which % len(job.retired)]
        before = job.stored()
        reporter.advance(3)
        _ends(reporter)[status]() if status else None
        reporter.publish_once()
        assert job.stored() == before

    @rule(
        statuses=st.lists(_end, min_size=1, max_size=3),
        which=_which,
        late=st.booleans(),
        for_good=_rarely,
        really=_rarely,
    )
    def the_job_ends(
        self, statuses: list[str], which: int, late: bool, for_good: bool, really: bool
    ) -> None:
        if not really:
            return
        job, (unit, handle) = self._job, self._pick(which)
        for status in statuses:
            _ends(job.reporter)[status]()
            job.model.finish(status)
        if late:
            unit.advance()
            handle.advance(1)
        job.catch_up()
        assert job.last is not None
        assert job.last["status"] == job.model.end
        if not for_good:
            self._retry_the_flow()

    @rule()
    def redis_is_emptied(self) -> None:
        self._job.empty_redis()


def _ends(reporter: Reporter) -> dict[str, Callable[[], None]]:
    return {
        "completed": reporter.mark_completed,
        "failed": lambda: reporter.mark_failed("disk full"),
        "cancelled": reporter.mark_cancelled,
        "timeout": reporter.mark_timeout,
    }


@pytest.mark.timeout(7200 if NIGHTLY else 600)
def test_whatever_happens_in_one_process_every_snapshot_is_honest(
    redis_url: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_state_machine_as_test(
        lambda: OneProcess(redis_url),  # type: ignore[arg-type]
        settings=effort(examples=150, nightly_examples=850),
    )
    assert [line for line in caplog.messages if "dropped" in line] == []
    tell(capsys, f"one process: {OneProcess.steps} steps")
