"""Lessons on the time left: what a flow's earlier runs are good for."""

from __future__ import annotations

import time

import pytest
from prefect import flow

from tests.tutorial.lessons import PLAN, Listen, ended
from tracking.hooks import current_reporter, tracked
from tracking.plan import Plan
from tracking.store import Store

pytestmark = pytest.mark.slow


def test_the_second_run_knows_from_its_first_second_how_long_it_takes(
    listen: Listen, redis_url: str
) -> None:
    plan = Plan("timed", PLAN.stages)

    @flow(**tracked(plan))
    def report(job_id: str, seconds: float) -> None:
        reporter = current_reporter()
        for stage in plan.stages:
            reporter.start_stage(stage.id)
            time.sleep(seconds / 3)
            reporter.complete_stage()

    report("before", 3)
    (first,) = Store(redis_url).history("timed", "")
    took = sum(first.seconds.values())
    heard = listen("after")
    report("after", 3)
    heard.wait_for(ended)
    told = [s["eta_seconds"] for _, s in heard.events if s["stage"] == "fetch"]
    assert took / 2 < told[0] < 2 * took + 1
    # How right it was is kept for each run; `horarium history` prints it.
    records = Store(redis_url).history("timed", "")
    assert [record.job_id for record in records] == ["after", "before"]
    assert all(set(record.seconds) == {"fetch", "compute", "write"} for record in records)
    assert records[0].eta_error is not None


def test_a_plan_with_learned_weights_runs_evenly_in_time(listen: Listen) -> None:
    plan = Plan("even", PLAN.stages, learned=True)
    seconds = {"fetch": 1.5, "compute": 0.4, "write": 0.4}

    @flow(**tracked(plan))
    def report(job_id: str) -> None:
        reporter = current_reporter()
        for stage, duration in seconds.items():
            reporter.start_stage(stage)
            time.sleep(duration)
            reporter.complete_stage()

    report("by-plan")
    heard = listen("learned")
    report("learned")
    end_of_fetching = heard.wait_for(lambda s: s["stage"] == "fetch" and s["stage_progress"] == 100)
    assert end_of_fetching["overall_progress"] > 50  # by the plan it would have been 20
    heard.wait_for(ended)
    assert heard.broken_rules(plan) == []
