"""The rules of the bar, on the pure state machine and a clock of its own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.tracking.virtual_job import IN_STAGES, Job, seen
from tracking.history import Record
from tracking.plan import DEFAULT, Plan, Stage
from tracking.progress import Progress
from tracking.snapshot import End, is_newer


def test_finished_units_move_the_bar_by_their_share_of_the_stage() -> None:
    job = Job()
    job.start("cpsat_solving")
    job.count(54, 216)
    job.catch_up()
    assert job.last["stage_progress"] == 25.0
    assert job.last["overall_progress"] == 30.0
    assert job.last["work_progress"] == 30.0
    assert job.last["metadata"] == {"completed_items": 54, "total_items": 216}


def test_percentages_have_two_places_and_are_not_cut_to_whole_ones() -> None:
    job = Job()
    job.start("cpsat_solving")
    job.count(74, 216)
    job.catch_up()
    assert job.last["stage_progress"] == 34.26
    assert job.last["overall_progress"] == 35.56


def test_a_whole_job_with_known_durations_breaks_no_rule() -> None:
    job = Job(expected=IN_STAGES)
    job.look()
    for stage, seconds in IN_STAGES.items():
        job.start(stage)
        for unit in range(10):
            job.run(seconds / 10)
            job.count(unit + 1, 10)
        job.complete()
    job.run(0.4)
    job.end("completed")
    assert job.judge() == []
    assert seen(job, lambda s: s["stage"]) == list(IN_STAGES)
    assert job.last["status"] == "completed"


@pytest.mark.parametrize("known", [True, False], ids=["expected", "unexpected"])
@pytest.mark.parametrize("units", [1, 2, 7])
def test_the_bar_never_stands_while_one_long_unit_is_in_work(units: int, known: bool) -> None:
    job = Job(expected={"cpsat_solving": 20.0} if known else None)
    job.look()
    job.start("cpsat_solving")
    job.count(0, units)
    job.run(240.0)
    job.end("cancelled")
    assert job.judge() == []
    assert job.last["overall_progress"] < 15 + 60 / units


def test_the_bar_never_stands_while_a_short_unit_of_many_takes_thirty_seconds() -> None:
    job = Job(expected={"cpsat_solving": 30.0})
    job.look()
    job.start("cpsat_solving")
    for unit in range(100):
        job.count(unit, 216)
        job.run(0.1)
    job.run(30.0)
    job.end("cancelled")
    assert job.judge() == []
    assert job.last["work_progress"] == 42.5
    assert job.last["overall_progress"] <= 42.78


def test_the_bar_moves_before_the_first_stage_between_stages_and_after_the_last() -> None:
    job = Job()
    job.look()
    assert job.last["status"] == "initializing"
    job.run(5.0)
    for stage in IN_STAGES:
        job.start(stage)
        job.count(1, 1)  # every unit is in, the stage is not completed yet
        job.run(5.0)
        job.complete()
        job.run(5.0)
    assert 99.9 <= job.last["overall_progress"] < 100
    job.end("completed")
    assert job.judge() == []


def test_creeping_stays_below_what_the_unit_in_work_gives_when_finished() -> None:
    job = Job(expected={"cpsat_solving": 1.0})
    job.start("cpsat_solving")
    job.count(1, 4)
    job.catch_up()
    job.run(100.0)
    assert job.last["work_progress"] == 30.0
    assert 43.0 < job.last["overall_progress"] <= 45.0
    assert job.last["metadata"]["completed_items"] == 1


def test_many_units_that_arrive_at_once_are_shown_in_steps() -> None:
    job = Job()
    job.start("cpsat_solving")
    job.look()
    job.count(200, 216)
    job.catch_up()
    assert [p for p in job.judge() if "no end" not in p] == []
    assert job.last["overall_progress"] == 70.56


def test_completing_a_stage_lands_exactly_on_its_end_and_the_next_begins_there() -> None:
    job = Job()
    job.start("loading")
    job.count(3, 11)
    job.look()
    job.complete()
    job.start("clustering")
    job.catch_up()
    bounds = [
        (s["stage"], s["stage_progress"], s["overall_progress"])
        for _, s in job.events
        if s["overall_progress"] == 5.0
    ]
    assert bounds[:2] == [("loading", 100.0, 5.0), ("clustering", 0.0, 5.0)]


def test_stages_that_pass_between_two_looks_are_all_shown() -> None:
    job = Job()
    job.look()
    for stage in IN_STAGES:
        job.start(stage)
        job.complete()
    job.end("completed")
    assert seen(job, lambda s: s["stage"]) == list(IN_STAGES)
    assert job.judge() == []
    assert job.time - job.events[0][0] < 1.5


def test_skipped_stages_count_as_done() -> None:
    job = Job()
    job.start("ga_optimization")
    job.catch_up()
    assert job.last["stage"] == "ga_optimization"
    assert job.last["work_progress"] == 75.0


@pytest.mark.parametrize("report", [(3, 10), (5, 10), (2, 4), (0, 0), (-1, 10)])
def test_units_that_are_done_again_are_told_as_they_are_and_the_bar_stays(
    report: tuple[int, int],
) -> None:
    job = Job()
    job.start("cpsat_solving")
    job.count(5, 10)
    job.catch_up()
    before = job.last["overall_progress"]
    job.count(*report)
    job.catch_up()
    assert job.last["overall_progress"] >= before
    assert job.last["work_progress"] == 45.0
    completed, total = (max(0, number) for number in report)
    assert job.last["metadata"] == {"completed_items": completed, "total_items": total}


def test_a_total_that_grows_does_not_move_the_bar_backward() -> None:
    job = Job()
    job.start("cpsat_solving")
    for unit in range(5):
        job.count(unit, 10)
        job.run(10.0)
    job.count(5, 10)
    job.catch_up()
    job.count(5, 100)
    job.run(10.0)
    assert 45.0 < job.last["overall_progress"] < 46.0
    assert job.last["work_progress"] == 45.0
    assert job.last["metadata"] == {"completed_items": 5, "total_items": 100}


def test_a_retried_task_counts_its_units_once() -> None:
    job = Job()
    for _ in range(2):
        job.start("cpsat_solving")
        job.count(0, 10)
        for _unit in range(5):
            job.run(5.0)
            job.advance(1)
        job.catch_up()
        assert job.last["metadata"] == {"completed_items": 5, "total_items": 10}
        assert job.last["work_progress"] == 45.0
    assert job.last["attempt"] == 1
    assert [p for p in job.judge() if "no end" not in p] == []


def test_a_retried_flow_is_a_new_attempt_that_keeps_what_the_bar_has_shown() -> None:
    job = Job()
    job.start("cpsat_solving")
    for unit in range(5):
        job.count(unit, 10)
        job.run(10.0)
    job.count(5, 10)
    job.catch_up()
    job.start("loading")
    job.run(20.0)
    assert job.last["attempt"] == 2
    assert job.last["stage"] == "loading"
    assert 45.0 < job.last["overall_progress"] < 46.0
    for stage in IN_STAGES:
        job.start(stage)
        job.run(2.0)
        job.complete()
    job.end("completed")
    assert job.judge() == []


def test_hundred_is_for_a_completed_job_alone() -> None:
    job = Job()
    job.start("rl_refinement")
    job.count(10, 10)
    job.complete()
    job.catch_up()
    assert job.last["overall_progress"] == 99.9
    job.end("completed")
    assert (job.last["overall_progress"], job.last["eta_seconds"]) == (100.0, 0)
    assert (job.last["stage_progress"], job.last["work_progress"]) == (100.0, 100.0)


@pytest.mark.parametrize("status", ["failed", "cancelled", "timeout"])
def test_another_end_keeps_the_percentage_and_leaves_nothing_to_wait_for(status: End) -> None:
    job = Job()
    job.start("cpsat_solving")
    job.count(5, 10)
    job.end(status, "disk full" if status == "failed" else "")
    assert job.last["status"] == status
    assert job.last["overall_progress"] == 45.0
    assert job.last["eta_seconds"] == 0
    assert job.last["metadata"].get("error") == ("disk full" if status == "failed" else None)


def test_the_first_end_wins() -> None:
    job = Job()
    job.start("loading")
    job.end("cancelled")
    job.progress.end("completed", job.now)
    job.start("clustering")
    job.count(5, 5)
    assert job.progress.over
    assert job.look()["status"] == "cancelled"
    assert job.last["stage"] == "loading"


def test_figures_stay_until_they_change_and_fit_into_json() -> None:
    job = Job()
    job.progress.say("a first timetable", {"cost": 61.0, "violations": 0, "ratio": float("nan")})
    job.look()
    assert job.last["message"] == "a first timetable"
    assert job.last["metadata"] == {
        "cost": 61,
        "violations": 0,
        "ratio": None,
        "completed_items": 0,
        "total_items": 0,
    }


def test_counts_and_figures_of_numpy_fit_into_json() -> None:
    job = Job()
    job.start("loading")
    job.progress.count(np.int64(1), np.int64(4), job.now)  # type: ignore[arg-type]
    job.progress.say("found", {"cost": np.int32(61), "ratio": np.float64(0.5)})  # type: ignore[dict-item]
    job.catch_up()
    assert json.loads(json.dumps(job.last)) == job.last
    assert job.last["metadata"]["cost"] == 61


def test_a_report_between_two_stages_is_a_late_one() -> None:
    job = Job()
    job.start("loading")
    job.complete()
    job.count(7, 7)
    job.catch_up()
    assert (job.last["stage"], job.last["work_progress"]) == ("clustering", 5.0)


def test_counting_without_a_stage_is_counting_the_first() -> None:
    job = Job()
    job.count(1, 4)
    job.catch_up()
    assert (job.last["stage"], job.last["stage_progress"]) == ("loading", 25.0)
    assert job.last["status"] == "running"


def test_weights_are_learned_from_runs_that_are_heard_of_after_the_work_has_begun() -> None:
    stages = (Stage("a", "First", 0, 50), Stage("b", "Second", 50, 100))
    job = Job(Plan("two", stages, learned=True))
    job.start("a")
    job.progress.remember([Record("before", "two", "", "completed", 1, {"a": 90.0, "b": 10.0})])
    job.run(1.0)
    assert job.last["stage_end"] == pytest.approx(90, abs=0.5)
    assert [place["end"] for place in job.last["stages"]] == [job.last["stage_end"], 100]
    job.progress.remember([Record("late", "two", "", "completed", 2, {"a": 10.0, "b": 90.0})])
    job.run(1.0)
    assert job.last["stage_end"] == pytest.approx(90, abs=0.5), "what was shown stays"


@pytest.mark.parametrize("seconds", [-1.0, float("nan"), float("inf")])
def test_a_duration_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="stage 'loading': expected seconds >= 0, got"):
        Job(expected={"loading": seconds})


@pytest.mark.parametrize("run_id", ["the same", "another"])
def test_who_goes_on_with_a_job_by_a_clock_that_is_behind_is_not_taken_for_older(
    run_id: str,
) -> None:
    before = Progress(DEFAULT, "job", 1_740_000_000.0, run_id="the same").next(1_740_000_001.0)
    behind = Progress(DEFAULT, "job", 1_739_999_000.0, run_id=run_id)
    behind.adopt(before)
    after = behind.next(1_739_999_001.0)
    assert is_newer(after, before)
    assert after["last_updated"] >= after["started_at"]
