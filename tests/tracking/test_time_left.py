"""The time left, on the pure state machine and a clock of its own."""

from __future__ import annotations

import pytest

from tests.tracking.virtual_job import IN_STAGES, Job, seen
from tracking.plan import Plan, Stage


def test_nothing_is_said_of_the_time_left_while_nothing_is_known() -> None:
    job = Job()
    job.look()
    job.start("loading")
    job.run(3.0)
    assert seen(job, lambda s: s["eta_seconds"]) == [None]


def test_with_known_durations_the_time_left_counts_down_to_the_end() -> None:
    job = Job(expected=IN_STAGES)
    job.look()
    for stage, seconds in IN_STAGES.items():
        job.start(stage)
        for unit in range(20):
            job.run(seconds / 20)
            job.count(unit + 1, 20)
        job.complete()
    total = sum(IN_STAGES.values())
    start = job.events[0][0]
    for at, snapshot in job.events:
        assert snapshot["eta_seconds"] is not None
        assert snapshot["eta_seconds"] == pytest.approx(total - (at - start), abs=4.0)


def test_without_known_durations_the_time_left_follows_the_rate() -> None:
    stages = (Stage("only", "Working", 0, 100),)
    job = Job(Plan("one", stages))
    job.start("only")
    for unit in range(50):
        job.run(1.0)
        job.count(unit + 1, 100)
    assert job.last["eta_seconds"] == pytest.approx(50, abs=5)


@pytest.mark.parametrize("before", [1.0, 30.0], ids=["slower", "faster"])
def test_the_time_left_follows_the_pace_of_late_and_not_of_the_whole_stage(before: float) -> None:
    job = Job(Plan("one", (Stage("only", "Working", 0, 100),)))
    job.start("only")
    for unit in range(60):
        job.run(before if unit < 30 else 10.0)
        job.count(unit + 1, 100)
    job.run(5.0)
    # The 40 that are left would take 240 or 840 s as all until now on average.
    assert job.last["eta_seconds"] == pytest.approx(395, abs=40)


def test_after_a_retry_has_counted_afresh_its_own_pace_counts() -> None:
    job = Job(Plan("one", (Stage("only", "Working", 0, 100),)))
    job.start("only")
    for unit in range(50):
        job.run(1.0)
        job.count(unit + 1, 100)
    job.count(0, 100)
    for unit in range(50):
        job.run(5.0)
        job.count(unit + 1, 100)
    assert job.last["eta_seconds"] == pytest.approx(250, abs=25)


def test_the_time_left_does_not_leap_upward_at_a_change_of_stage() -> None:
    job = Job()
    job.start("loading")
    job.run(2.0)
    job.complete()
    job.run(2.0)
    before = job.last["eta_seconds"]
    assert before is not None
    job.progress.expect({"clustering": 50.0, "cpsat_solving": 500.0})
    job.progress.expect({"ga_optimization": 100.0, "rl_refinement": 50.0})
    job.start("clustering")
    job.catch_up()
    after = job.last["eta_seconds"]
    assert after is not None
    assert after <= before * 1.2 + 1


@pytest.mark.parametrize("known", [True, False], ids=["expected", "unexpected"])
def test_the_time_left_grows_while_work_stalls(known: bool) -> None:
    job = Job(expected=IN_STAGES if known else None)
    job.start("cpsat_solving")
    for unit in range(5):
        job.count(unit + 1, 20)
        job.run(1.5)
    seconds = []
    for _ in range(10):
        job.run(6.0)
        seconds.append(job.last["eta_seconds"] or 0)
    assert seconds[2:] == sorted(seconds[2:])
    assert seconds[-1] > seconds[2] + 10
