"""A job whose tasks run in two other processes, in any order of what they all do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.tracking.effort import NIGHTLY, effort, tell
from tests.tracking.judged_job import JudgedJob
from tests.tracking.model import Handle
from tests.tracking.relay_worker import Worker, two_workers
from tracking.plan import DEFAULT

_which = st.integers(0, 12)
_worker = st.integers(0, 1)
_passing_on = st.booleans()
_stage = st.integers(0, len(DEFAULT.stages) - 1)
_rarely = st.integers(0, 4).map(lambda number: number == 4)
_units_stage = (
    st.none() | st.none() | st.none() | _stage
)  # that of the unit is mostly the one in work
_numbers = count()


class TwoWorkers(RuleBasedStateMachine):
    """A job's process, here, and two others that count for it."""

    steps: ClassVar[int] = 0

    def __init__(self, url: str, workers: Sequence[Worker]) -> None:
        super().__init__()
        self.workers = workers
        self.job = JudgedJob(url, DEFAULT)
        for worker in workers:
            worker.take_job(self.job.job_id, url)

    @initialize(stage=st.none() | _stage)
    def begin(self, stage: int | None) -> None:
        self.job.publish()
        if stage is not None:
            self.start_a_stage(stage, another=True)

    def teardown(self) -> None:
        self.job.close()

    @invariant()
    def count_the_step(self) -> None:
        type(self).steps += 1

    def _then(self) -> None:
        """The job's process publishes and hears, twice; then it knows all that was passed on."""
        self.job.is_behind = True
        self.job.publish()
        self.job.publish()
        self.job.is_behind = False
        self.job.publish()

    def _begin_again(self, before: object) -> None:
        """The job is published anew; the workers, who hear of it later, still report."""
        self._then()
        for worker in self.workers:
            for place, handle in enumerate(worker.handles):
                if handle.generation is before:
                    worker.tell("advance", place, 1)
                    handle.advance(1)
            worker.speak(self.job)
        self._then()

    def _pick(self, worker: int, which: int) -> tuple[Worker, int, Handle] | None:
        chosen = self.workers[worker]
        places = [at for at, handle in enumerate(chosen.handles) if handle.generation is not None]
        if not places:
            return None
        place = places[which % len(places)]
        return chosen, place, chosen.handles[place]

    # What the workers do

    @rule(worker=_worker, number=st.integers(0, 2), stage=_units_stage)
    def take_a_unit(self, worker: int, number: int, stage: int | None) -> None:
        key, model = f"worker {worker} unit {number}", self.job.model
        handles = [h for w in self.workers for h in w.handles if h.key == key]
        there = [h for h in handles if h.generation is model.generation]
        latest = max(there, key=lambda handle: handle.attempt, default=None)
        if latest is None or latest in self.workers[worker].handles:
            self.workers[worker].take(self.job, key, latest.attempt if latest else 1, stage)
            self._then()

    @rule(worker=_worker, which=_which, other=st.booleans(), late=st.integers(0, 5))
    def retry_a_unit(self, worker: int, which: int, other: bool, late: int) -> None:
        picked = self._pick(worker, which)
        if picked is None:
            return
        _, place, handle = picked
        attempts = [h.attempt for w in self.workers for h in w.handles if h.key == handle.key]
        again = self.workers[1 - worker if other else worker]
        again.take(self.job, handle.key, max(attempts) + 1, handle.stage)
        # The attempt before was not dead, only slow.
        self.workers[worker].tell("advance", place, late)
        handle.advance(late)
        self.workers[worker].flush(self.job)
        self._then()

    @rule(worker=_worker, which=_which, n=st.integers(0, 5), passing_on=_passing_on)
    def advance(self, worker: int, which: int, n: int, passing_on: bool) -> None:
        picked = self._pick(worker, which)
        if picked is None:
            return
        chosen, place, handle = picked
        chosen.tell("advance", place, n)
        handle.advance(n)
        if passing_on:
            chosen.flush(self.job)
        self._then()

    @rule(
        worker=_worker,
        which=_which,
        completed=st.integers(-2, 30),
        total=st.integers(-2, 30),
        passing_on=_passing_on,
    )
    def count(self, worker: int, which: int, completed: int, total: int, passing_on: bool) -> None:
        picked = self._pick(worker, which)
        if picked is None:
            return
        chosen, place, handle = picked
        chosen.tell("count", place, completed, total)
        handle.count(completed, total)
        if passing_on:
            chosen.flush(self.job)
        self._then()

    @rule(worker=_worker)
    def pass_on(self, worker: int) -> None:
        self.workers[worker].flush(self.job)
        self._then()

    @rule(worker=_worker, which=_which, stage=_stage)
    def a_task_starts_a_stage(self, worker: int, which: int, stage: int) -> None:
        picked, model = self._pick(worker, which), self.job.model
        if picked is None:
            return
        chosen, place, handle = picked
        chosen.flush(self.job)
        there = model.elsewhere.get(handle.key)
        before = f"{handle.key}@{DEFAULT.stages[handle.stage].id}"
        if there is None or before in model.elsewhere:
            return  # there and back again
        if (there.generation, there.attempt) != (handle.generation, handle.attempt):
            return  # a late one
        chosen.tell("start", place, DEFAULT.stages[stage].id)
        if stage != handle.stage:
            # What it has counted so far stays where it is.
            model.elsewhere[before] = replace(handle, key=before)
            handle.move(stage)
            model.elsewhere[handle.key] = replace(handle)
        chosen.flush(self.job)
        model.hear("start", stage)
        self._then()

    @rule(worker=_worker, stage=_stage, really=_rarely)
    def a_task_completes_a_stage(self, worker: int, stage: int, really: bool) -> None:
        if not really:
            return
        chosen = self.workers[worker]
        chosen.take(self.job, f"end {next(_numbers)}", 1, stage)
        self._then()
        chosen.tell("complete", len(chosen.handles) - 1)
        chosen.flush(self.job)
        self.job.model.hear("complete", stage)
        self._then()

    @rule(worker=_worker, which=_which)
    def say(self, worker: int, which: int) -> None:
        picked = self._pick(worker, which)
        if picked is None:
            return
        chosen, place, _ = picked
        message, in_work = f"said {next(_numbers)}", DEFAULT.stages[self.job.model.at].id
        chosen.tell("say", place, message)
        chosen.flush(self.job)
        self._then()
        assert self.job.last is not None
        if not self.job.model.end and self.job.last["stage"] == in_work:
            assert self.job.last["message"] == message

    # What the flow does

    @rule(n=st.integers(0, 5), total=st.integers(0, 30))
    def the_flow_counts(self, n: int, total: int) -> None:
        own = self.job.model.own
        self.job.reporter.update_stage_progress(n, total)
        own.count(n, total)
        self._then()

    @rule(stage=_stage, another=_rarely)
    def start_a_stage(self, stage: int, another: bool) -> None:
        if not another:
            stage = self.job.model.at  # all of it again, or the one that follows
        before = self.job.model.generation
        self.job.reporter.start_stage(DEFAULT.stages[stage].id)
        self.job.model.start(stage, self.job.model.own)
        self._begin_again(before)

    @rule(really=_rarely)
    def complete_a_stage(self, really: bool) -> None:
        if not really:
            return
        self.job.reporter.complete_stage()
        self.job.model.complete(self.job.model.own)
        self._then()

    @rule(really=_rarely)
    def the_flow_is_retried(self, really: bool) -> None:
        if not really:
            return
        before = self.job.model.generation
        self.job.reporter.start_attempt()
        self.job.model.retry()
        self._begin_again(before)

    @rule(seconds=st.floats(0, 2))
    def time_passes(self, seconds: float) -> None:
        self.job.run(seconds)

    @rule()
    def redis_is_emptied(self) -> None:
        if self.job.model.end:
            return
        self.job.is_behind = True
        self.job.empty_redis()
        for worker in self.workers:
            worker.speak(self.job)
        self._then()

    @rule(
        status=st.sampled_from(["completed", "failed", "cancelled", "timeout"]),
        worker=_worker,
        which=_which,
        for_good=_rarely,
        really=_rarely,
    )
    def the_job_ends(
        self, status: str, worker: int, which: int, for_good: bool, really: bool
    ) -> None:
        if not really:
            return
        job, picked = self.job, self._pick(worker, which)
        if picked is not None and job.model.begun:
            # The job's process hears the last of it after its end.
            chosen, place, handle = picked
            chosen.tell("advance", place, 3)
            handle.advance(3)
            chosen.flush(job)
        job.model.finish(status)
        getattr(job.reporter, f"mark_{status}")(*(["disk full"] if status == "failed" else []))
        job.is_behind = True
        job.catch_up()
        assert job.last is not None
        assert job.last["status"] == job.model.end
        job.is_behind = False
        if not for_good:
            self.the_flow_is_retried(really=True)


@pytest.mark.timeout(7200 if NIGHTLY else 600)
def test_whatever_two_other_processes_count_every_snapshot_is_honest(
    redis_url: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with two_workers() as workers:
        run_state_machine_as_test(
            lambda: TwoWorkers(redis_url, workers),  # type: ignore[arg-type]
            settings=effort(examples=80, nightly_examples=200),
        )
    assert [line for line in caplog.messages if "dropped" in line] == []
    tell(capsys, f"two other processes: {TwoWorkers.steps} steps")
