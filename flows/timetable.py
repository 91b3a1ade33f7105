"""The flow: from an instance's file to a published timetable, in six stages.

A time limit is split over the stages; what a stage does not use goes to the next. Told to stop (by
what the job is asked in Redis, Ctrl-C on the command line, or SIGTERM), the engine in work hands
over its best, later stages are left out, and that is published before the run ends: as cancelled,
unless it was only asked to finish.
"""

from __future__ import annotations

import io
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from prefect import flow, unmapped
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.states import Cancelled
from prefect.utilities.annotations import quote
from pydantic import Field

from flows.curve import Curve
from flows.files import CURVE, SOLUTION, find_instance, job_folder
from flows.settings import Settings
from flows.warmup import COMPILING_SECONDS, compile_kernels, is_compiled
from tasks.bound import bound
from tasks.budget import Budget
from tasks.evolve import evolve
from tasks.explain import explain
from tasks.load import load
from tasks.merge import merge
from tasks.organise import organise
from tasks.place_missing import place_missing
from tasks.publish import Published, publish
from tasks.refine import refine
from tasks.solve_cluster import solve_cluster
from tasks.stopping import is_cancelled, is_stopped, searching, stop_searching
from timetabling.clustering import Clustering
from timetabling.formats.text import write_text
from timetabling.penalties import Formulation, FormulationName, evaluate
from timetabling.penalties import formulation as find_formulation
from timetabling.problem import Timetable
from timetabling.solvers.cpsat import keep, lacking
from tracking.hooks import current_reporter, tracked
from tracking.job_files import DOCUMENT
from tracking.jobs import heeding, job_of, last_snapshot
from tracking.plan import plan as find_plan
from tracking.unit import Unit

__all__ = ["timetable"]

T = TypeVar("T")

MAX_COURSES_PER_CLUSTER = 50

# Annealed populations gain most from time. Placing the clusters is soon done, except in a large
# problem; the lower bound, proven beside that, has the whole of the first share.
SHARES = {"cpsat_solving": 0.04, "ga_optimization": 0.94, "rl_refinement": 0.02}

# Stages without a budget, and what each should take until earlier runs say better.
QUICK_STAGES = ("loading", "clustering", "finalize")
QUICK_SECONDS = 0.2

# Units of work a second of two cores, roughly: where work is the limit, the time left of a first
# run rests on it.
WORK_A_SECOND = {"cpsat_solving": 4e6, "ga_optimization": 15e6, "rl_refinement": 2.5e6}

# Kept back from a time limit for counting every rule once more and writing the file.
PUBLISHING_SHARE = 0.03


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
    _expect(reporter, budget, "cpsat_solving")

    found = io.StringIO()
    curve = Curve(found, lambda: last_snapshot(job)) if output is None else None
    with (
        searching(job),
        heeding(job, lambda request: stop_searching(job, cancel=request == "cancel")),
        _sigterm_cancels(job),
        curve or nullcontext(),
    ):
        reporter.start_stage("loading")
        problem, begun = _result(load.submit(source, start), job)
        reporter.complete_stage()

        reporter.start_stage("clustering")
        clustering = _result(
            organise.submit(_whole(problem), max_courses=MAX_COURSES_PER_CLUSTER, seed=seed),
            job,
        )
        reporter.complete_stage()

        _expect(reporter, budget, "cpsat_solving")
        best, least = _place_clusters(begun, clustering, rules, budget, settings, seed)
        best = _improve(best, least, rules, budget, settings, seed)
        if "finalize" in stages and not is_stopped(job):
            reporter.complete_stage()
            reporter.start_stage("finalize")
        published = publish(_whole(best), formulation=rules, output=target, bound=least)
        score = published.score
        if curve is not None:
            explain(_whole(best), formulation=rules, output=target.with_name(DOCUMENT), bound=least)
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


def _expect(reporter: Unit, budget: Budget, stage: str) -> None:
    """Say how long a searching stage and those after it should take, from now on.

    Said again before each: what one has left over, the next may use.
    """
    if budget.work is None:
        reporter.expect(budget.expected_seconds(stage, now=time.time()))
    else:
        reporter.expect(
            {name: budget.work * SHARES[name] / speed for name, speed in WORK_A_SECOND.items()}
        )


def _compile(reporter: Unit) -> None:
    """Compile the kernels where they are not, before the time limit begins."""
    if not is_compiled():
        reporter.expect({"loading": COMPILING_SECONDS})
        reporter.start_stage("loading")
        compile_kernels(reporter.update)


def _place_clusters(
    begun: Timetable,
    clustering: Clustering,
    rules: Formulation,
    budget: Budget,
    settings: Settings,
    seed: int,
) -> tuple[Timetable, int]:
    """Place what `begun` lacks, and bound the cost beside that.

    The waves come one after the other, the clusters of each side by side. Returns a timetable no
    worse than `begun`, and the bound.
    """
    reporter, job = current_reporter(), budget.job_id
    reporter.start_stage("cpsat_solving")
    best = keep(begun, rules)
    if best.lectures:
        _tell(reporter, best, rules)
    waves = [
        {i: courses for i in wave if (courses := lacking(best, clustering.clusters[i]))}
        for wave in clustering.waves
    ]
    num_clusters = sum(map(len, waves))
    reporter.update_stage_progress(0, num_clusters + 1)  # the bound is one more
    bounding = bound.submit(
        _whole(best.problem),
        formulation=rules,
        allowance=budget.allow("cpsat_solving"),
        seed=seed,
    )
    # A wave takes as many turns as it has clusters for each task that runs at a time.
    turns = [math.ceil(len(wave) / settings.num_workers) for wave in waves]
    for number, wave in enumerate(waves):
        if not wave or is_stopped(job):
            continue
        allowance = budget.allow(
            "cpsat_solving", turns_left=sum(turns[number:]), calls=num_clusters
        )
        futures = solve_cluster.map(
            [_whole(courses) for courses in wave.values()],
            list(wave),
            base=unmapped(_whole(best)),
            formulation=unmapped(rules),
            allowance=unmapped(allowance),
            seed=seed,
        )
        solved = [_result(future, job) for future in futures]
        best = merge(_whole(best), _whole(solved), formulation=rules)
        _tell(reporter, best, rules)
    if not is_stopped(job):
        # Moving placed lectures apart for the last ones is worth a tenth of the next stage's time.
        allowance = budget.allow("ga_optimization", turns_left=10, calls=10)
        best = _result(
            place_missing.submit(_whole(best), formulation=rules, allowance=allowance, seed=seed),
            job,
        )
    least = _result(bounding, job)
    if not is_stopped(job):
        reporter.complete_stage()
    return min(begun, best, key=lambda timetable: evaluate(timetable, rules).order), least


def _tell(reporter: Unit, best: Timetable, rules: Formulation) -> None:
    """Say what is placed, and what it costs."""
    score = evaluate(best, rules)
    reporter.update(
        f"Placed {len(best.lectures)} of {best.problem.num_lectures} lectures",
        cost=score.cost,
        violations=score.num_violations,
    )


def _improve(
    best: Timetable, least: int, rules: Formulation, budget: Budget, settings: Settings, seed: int
) -> Timetable:
    """Search from a whole timetable, then resolve what conflicts are left."""
    reporter, job = current_reporter(), budget.job_id
    if not is_stopped(job):
        _expect(reporter, budget, "ga_optimization")
        reporter.start_stage("ga_optimization")
        allowance = budget.allow("ga_optimization")
        future = evolve.submit(
            _whole(best),
            formulation=rules,
            allowance=allowance,
            num_threads=settings.num_workers,
            seed=seed,
            lower_bound=least,
        )
        best = _result(future, job)
    if not is_stopped(job):
        reporter.complete_stage()
        _expect(reporter, budget, "rl_refinement")
        reporter.start_stage("rl_refinement")
        allowance = budget.allow("rl_refinement")
        future = refine.submit(
            _whole(best), formulation=rules, allowance=allowance, seed=seed, lower_bound=least
        )
        best = _result(future, job)
    return best


def _whole(value: T) -> T:
    """Hand a value to a task as it is: Prefect would look for futures in each of its parts."""
    return cast("T", quote(value))


def _result(future: PrefectFuture[T], job: str) -> T:
    """Wait for a task; on Ctrl-C, ask it for what it has instead of leaving it."""
    try:
        return future.result()
    except KeyboardInterrupt:
        stop_searching(job, cancel=True)
        return future.result()


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
