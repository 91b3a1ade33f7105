"""The flow: from an instance's file to a published timetable, in six stages.

A time limit is split over the stages; what a stage does not use goes to the next. Told to stop (by
what the job is asked in Redis, Ctrl-C on the command line, or SIGTERM), the engine in work hands
over its best, later stages are left out, and that is published before the run ends: as cancelled,
unless it was only asked to finish.
"""

from __future__ import annotations

import io
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled
from pydantic import Field

from flows.budgets import PUBLISHING_SHARE, QUICK_SECONDS, QUICK_STAGES, SHARES, expect
from flows.curve import Curve
from flows.files import CURVE, SOLUTION, find_instance, job_folder
from flows.handing import result_of, whole
from flows.improving import improve
from flows.placing import MAX_COURSES_PER_CLUSTER, place_clusters
from flows.settings import Settings
from flows.warmup import COMPILING_SECONDS, compile_kernels, is_compiled
from tasks.budget import Budget
from tasks.explain import explain
from tasks.load import load
from tasks.organise import organise
from tasks.publish import Published, publish
from tasks.stopping import is_cancelled, is_stopped, searching, stop_searching
from timetabling.formats.text import write_text
from timetabling.penalties import FormulationName
from timetabling.penalties import formulation as find_formulation
from tracking.hooks import current_reporter, tracked
from tracking.job_files import DOCUMENT
from tracking.jobs import heeding, job_of, last_snapshot
from tracking.plan import plan as find_plan
from tracking.unit import Unit

__all__ = ["timetable"]


@flow(
    name="timetable",
    description="Make a university's weekly timetable and write it, feasible or not.",
    flow_run_name="{instance.name}",
    task_runner=Settings().make_task_runner(),
    **tracked(),
)
def timetable(
    instance: Path,
    output: Path | None = None,
    formulation: FormulationName = "UD2",
    time_limit_seconds: Annotated[float, Field(gt=0)] = 120.0,
    work_limit: Annotated[int | None, Field(ge=0)] = None,
    plan: Literal["default", "search-heavy", "solve-heavy", "learned"] = "default",
    seed: Annotated[int, Field(ge=0)] = 0,
    start: Path | None = None,
    job_id: str | None = None,  # noqa: ARG001 - the hooks read it
) -> Published | State[Any]:
    # In Google's style: Prefect shows what it finds there in its form.
    """Make a university's weekly timetable and write it, feasible or not.

    Args:
        instance: What to plan: a file's path, or the name of one in the folder of instances.
        output: File for the timetable. Left empty, it goes to the job's own folder, and beside it
            what each lecture costs and why, and what was found when.
        formulation: Which rules count and what they cost, UD1 to UD5.
        time_limit_seconds: Seconds from reading the instance to the written timetable.
        work_limit: Units of work, some millions a second, in place of the time limit; the same seed
            then gives the same timetable.
        plan: How much of the progress bar each stage is worth.
        seed: Another seed searches another way.
        start: File of a timetable to go on from: course, room, day and period a line.
        job_id: Name of the job. Left empty, the id of this run.

    Returns:
        Where the timetable is, and what it breaks and costs, rule by rule.
    """
    settings, rules = Settings(), find_formulation(formulation)
    reporter, stages = current_reporter(), [stage.id for stage in find_plan(plan).stages]
    job = reporter.job_id
    source = find_instance(instance, settings.data_folder)
    target = output or job_folder(job, settings.data_folder) / SOLUTION
    reporter.expect({name: QUICK_SECONDS for name in QUICK_STAGES if name in stages})
    _compile(reporter)
    budget = Budget(
        job, time.time(), time_limit_seconds * (1 - PUBLISHING_SHARE), work_limit, SHARES
    )
    expect(reporter, budget, "cpsat_solving")

    found = io.StringIO()
    curve = Curve(found, lambda: last_snapshot(job)) if output is None else None
    with (
        searching(job),
        heeding(job, lambda request: stop_searching(job, cancel=request == "cancel")),
        _sigterm_cancels(job),
        curve or nullcontext(),
    ):
        reporter.start_stage("loading")
        problem, begun = result_of(load.submit(source, start), job)
        reporter.complete_stage()

        reporter.start_stage("clustering")
        clustering = result_of(
            organise.submit(whole(problem), max_courses=MAX_COURSES_PER_CLUSTER, seed=seed),
            job,
        )
        reporter.complete_stage()

        expect(reporter, budget, "cpsat_solving")
        best, least = place_clusters(begun, clustering, rules, budget, settings, seed)
        best = improve(best, least, rules, budget, settings, seed)
        if "finalize" in stages and not is_stopped(job):
            reporter.complete_stage()
            reporter.start_stage("finalize")
        published = publish(whole(best), formulation=rules, output=target, bound=least)
        score = published.score
        if curve is not None:
            explain(whole(best), formulation=rules, output=target.with_name(DOCUMENT), bound=least)
            stage = last["stage"] if (last := last_snapshot(job)) else stages[-1]
            curve.add(stage, violations=score.num_violations, cost=score.cost, bound=least)
            write_text(target.with_name(CURVE), found.getvalue())
        if not is_stopped(job):
            reporter.complete_stage()
        cancelled = is_cancelled(job)
    if not cancelled:
        return published
    # Prefect runs no hook for a flow that returns Cancelled, so the end is told here.
    job_of(job).mark_cancelled()
    return Cancelled(
        message=f"stopped; best so far is in {target}: "
        f"{score.num_violations} violations, cost {score.cost}",
        data=replace(published, cancelled=True),
    )


def _compile(reporter: Unit) -> None:
    """Compile the kernels where they are not, before the time limit begins."""
    if not is_compiled():
        reporter.expect({"loading": COMPILING_SECONDS})
        reporter.start_stage("loading")
        compile_kernels(reporter.update)


@contextmanager
def _sigterm_cancels(job: str) -> Iterator[None]:
    """Have SIGTERM, by which Prefect's runners cancel a run, end the search and nothing else.

    Prefect would raise an error wherever the flow's thread happens to be, in publishing too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are not this thread's
        return
    before = signal.signal(signal.SIGTERM, lambda *_: stop_searching(job, cancel=True))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
