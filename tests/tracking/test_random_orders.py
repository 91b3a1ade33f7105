"""The rules of the bar, held by random orders of reports."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracking.virtual_job import IN_STAGES, Job
from tracking.plan import DEFAULT, PLANS, Plan

_reports = st.one_of(
    st.tuples(st.just("start"), st.integers(0, 5)),
    st.tuples(st.just("count"), st.integers(-2, 30), st.integers(-2, 30)),
    st.tuples(st.just("completed"), st.integers(0, 30)),
    st.tuples(st.just("advance"), st.integers(-1, 5)),
    st.tuples(st.just("complete")),
    st.tuples(st.just("retry")),
    st.tuples(st.just("clock"), st.floats(-4000, 4000)),
    st.tuples(st.just("expect"), st.integers(0, 5), st.floats(0, 100)),
    st.tuples(st.just("run"), st.floats(0, 20)),
    st.tuples(st.just("end"), st.sampled_from(["completed", "failed", "cancelled", "timeout"])),
)


def _report(job: Job, kind: str, *values: object) -> None:
    """Do one of `_reports`."""
    stages = job.plan.stages
    match kind, values:
        case "start", (int(index),):
            job.start(stages[index % len(stages)].id)
        case "count", (int(completed), int(total)):
            job.count(completed, total)
        case "completed", (int(completed),):
            job.count(completed)
        case "advance", (int(units),):
            job.advance(units)
        case "complete", ():
            job.complete()
        case "retry", ():
            job.progress.start_attempt(job.now)
        case "clock", (float(error),):
            job.clock_error += error
        case "expect", (int(index), float(seconds)):
            job.progress.expect({stages[index % len(stages)].id: seconds})
        case "run", (float(seconds),):
            job.run(seconds)
        case "end", (str(status),):
            job.progress.end(status, job.now, reason="why")  # type: ignore[arg-type]
        case unknown:
            raise AssertionError(unknown)


@settings(deadline=None, derandomize=True)
@given(st.sampled_from(list(PLANS.values())), st.lists(_reports, max_size=40))
def test_no_order_of_reports_breaks_a_rule(plan: Plan, reports: list[tuple[str]]) -> None:
    job = Job(plan)
    job.look()
    for report in reports:
        _report(job, *report)
    job.run(1.0)
    job.end("completed")
    # How long it may stand is the subject of the tests above: with every unit's room used up,
    # or after a retry, standing still is all that honesty leaves.
    assert [problem for problem in job.judge() if " stood at " not in problem] == []


@settings(deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from(list(IN_STAGES)), st.integers(1, 20), st.floats(0, 8)),
        min_size=1,
        max_size=6,
        unique_by=lambda part: part[0],
    ),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_a_job_without_retries_never_stands_and_never_runs_ahead(
    parts: list[tuple[str, int, float]], known: bool, rng: object
) -> None:
    job = Job(expected=IN_STAGES if known else None)
    job.look()
    for stage, units, unit_seconds in sorted(parts, key=lambda part: DEFAULT.index(part[0])):
        job.start(stage)
        job.count(0, units)
        where = DEFAULT.stages[DEFAULT.index(stage)]
        for unit in range(units):
            job.run(unit_seconds * rng.uniform(0, 1))  # type: ignore[attr-defined]
            limit = where.start + where.weight * (unit + 1) / units
            assert job.last["overall_progress"] <= limit + 0.005
            job.count(unit + 1, units)
        job.complete()
    job.end("completed")
    assert job.judge() == []
