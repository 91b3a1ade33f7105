"""What the random walks have found, each in as few reports as it takes."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
from redis import Redis

from tests.tracking.virtual_job import Job
from tracking.plan import DEFAULT
from tracking.relay import Relay
from tracking.reporter import Reporter


def _counted(reporter: Reporter) -> tuple[str, int, int]:
    """The stage and its items, once the bar is there and what others have said is heard."""
    for _ in range(40):
        reporter.publish_once()
    assert reporter.last_snapshot is not None
    items = reporter.last_snapshot["metadata"]
    return reporter.last_snapshot["stage"], items["completed_items"], items["total_items"]


def test_a_retry_of_the_only_unit_begins_at_0() -> None:
    reporter = Reporter("job", DEFAULT, None)
    reporter.unit("a").update_stage_progress(3, 5)
    assert _counted(reporter) == ("loading", 3, 5)
    reporter.unit("a", attempt=2)
    assert _counted(reporter) == ("loading", 0, 5)


def test_a_late_report_between_two_stages_is_not_counted_to_the_next() -> None:
    reporter = Reporter("job", DEFAULT, None)
    reporter.start_stage("loading")
    reporter.complete_stage()
    reporter.advance()
    reporter.start_stage("clustering")
    assert _counted(reporter) == ("clustering", 0, 0)


def test_what_was_counted_of_the_last_stage_stays_when_it_is_completed(redis_url: str) -> None:
    reporter, relay = Reporter("job", DEFAULT, redis_url), Relay("job", redis_url)
    reporter.start_stage("rl_refinement")
    reporter.update_stage_progress(3, 5)
    _counted(reporter)
    relay.unit("a", stage="rl_refinement").advance(2)
    relay.flush()
    assert _counted(reporter) == ("rl_refinement", 5, 5)
    reporter.complete_stage()
    reporter.advance()
    assert _counted(reporter) == ("rl_refinement", 5, 5)
    reporter.mark_completed()
    assert _counted(reporter) == ("rl_refinement", 5, 5)


def test_what_the_flow_counts_is_no_part_of_what_tasks_elsewhere_have_to_do(
    redis_url: str,
) -> None:
    reporter, relay = Reporter("job", DEFAULT, redis_url), Relay("job", redis_url)
    reporter.start_stage("rl_refinement")
    reporter.advance(5)
    _counted(reporter)
    relay.unit("a").update_stage_progress(0, 23)
    relay.flush()
    assert _counted(reporter) == ("rl_refinement", 5, 23)
    reporter.complete_stage()
    assert _counted(reporter) == ("rl_refinement", 5, 23)


def test_a_task_that_names_its_stage_twice_keeps_what_it_counted() -> None:
    reporter = Reporter("job", DEFAULT, None)
    unit = reporter.unit("a")
    for _ in range(3):
        unit.start_stage("loading")
        unit.advance()
    assert _counted(reporter) == ("loading", 3, 0)


def test_a_task_elsewhere_that_asks_again_for_its_unit_counts_in_the_stage_it_has_begun(
    redis_url: str,
) -> None:
    reporter, relay = Reporter("job", DEFAULT, redis_url), Relay("job", redis_url)
    reporter.start_stage("loading")
    _counted(reporter)
    relay.unit("a").advance(2)
    relay.flush()
    relay.unit("a").start_stage("clustering")
    relay.unit("a").advance(3)
    relay.flush()
    assert _counted(reporter) == ("clustering", 3, 0)


def test_a_retry_elsewhere_takes_the_place_of_an_attempt_that_had_begun_a_stage(
    redis_url: str,
) -> None:
    reporter, relay = Reporter("job", DEFAULT, redis_url), Relay("job", redis_url)
    reporter.publish_once()
    first = relay.unit("a")
    first.start_stage("loading")
    first.advance(4)
    relay.flush()
    relay.unit("a", attempt=2).advance(1)
    first.advance(4)
    relay.flush()
    assert _counted(reporter) == ("loading", 1, 0)


def test_a_ledger_that_was_lost_asks_for_nothing(
    redis_url: str, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    reporter, relay = Reporter("job", DEFAULT, redis_url), Relay("job", redis_url)
    reporter.publish_once()
    relay.unit("a").start_stage("clustering")
    relay.flush()
    _counted(reporter)
    redis.flushall()
    assert _counted(reporter) == ("clustering", 0, 0)
    assert [line for line in caplog.records if line.levelno >= logging.ERROR] == []


def test_a_total_that_grows_when_all_was_counted_leaves_the_bar_in_its_stage() -> None:
    job = Job()
    job.start("loading")
    job.count(1, 1)
    job.run(0.5)
    job.count(1, 3)
    job.run(5.0)
    job.end("completed")
    assert [problem for problem in job.judge() if " stood at " not in problem] == []


def test_what_is_said_after_the_end_moves_nothing_in_secret(redis_url: str) -> None:
    reporter, relay = Reporter("job", DEFAULT, redis_url), Relay("job", redis_url)
    reporter.start_stage("ga_optimization")
    reporter.update_stage_progress(3, 5)
    _counted(reporter)
    reporter.mark_cancelled()
    assert _counted(reporter) == ("ga_optimization", 3, 5)
    end = reporter.last_snapshot
    assert end is not None
    relay.unit("late", stage="ga_optimization").advance(2)
    relay.flush()
    reporter.start_stage("rl_refinement")
    reporter.complete_stage()
    _counted(reporter)
    reporter.start_attempt()
    reporter.publish_once()
    assert reporter.last_snapshot is not None
    assert reporter.last_snapshot["overall_progress"] < end["overall_progress"] + 0.1


def test_a_task_elsewhere_that_starts_its_stage_again_keeps_what_it_has_counted(
    redis_url: str,
) -> None:
    reporter, relay = Reporter("job", DEFAULT, redis_url), Relay("job", redis_url)
    reporter.start_stage("rl_refinement")
    reporter.publish_once()
    unit = relay.unit("a", stage="rl_refinement")
    unit.update_stage_progress(5, 22)
    relay.flush()
    unit.start_stage("rl_refinement")
    unit.advance()
    relay.flush()
    assert _counted(reporter) == ("rl_refinement", 6, 22)


@pytest.mark.parametrize("wrong", [None, "two", math.nan, math.inf, -1, 0.5, 1j], ids=str)
def test_a_count_that_is_none_raises_nothing_and_ends_nothing(wrong: Any) -> None:
    reporter = Reporter("job", DEFAULT, None)
    unit = reporter.unit("a")
    unit.advance(wrong)
    reporter.advance(wrong)
    assert _counted(reporter) == ("loading", 0, 0)
    unit.update_stage_progress(3, 5)
    reporter.update_work_progress(1)
    assert _counted(reporter) == ("loading", 4, 5)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 0.5], ids=str)
def test_a_count_that_is_none_takes_nothing_of_what_was_counted_before(wrong: Any) -> None:
    reporter = Reporter("job", DEFAULT, None)
    unit = reporter.unit("a")
    unit.update_stage_progress(3, 5)
    assert _counted(reporter) == ("loading", 3, 5)
    unit.advance(wrong)
    assert _counted(reporter) == ("loading", 3, 5)
    unit.advance()
    assert _counted(reporter) == ("loading", 4, 5)
