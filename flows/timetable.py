"""The flow: from an instance's file to a published timetable, in six stages.

A time limit is split over the stages; what a stage does not use goes to the next. Told to stop
(by `tasks.stopping.stop_searching`, Ctrl-C on the command line, or SIGTERM), the engine in work
hands over its best, later stages are left out, and that is published before the run ends as
cancelled.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast

from prefect import flow, unmapped
from prefect.client.schemas.objects import State
from prefect.exceptions import TerminationSignal
from prefect.futures import PrefectFuture
from prefect.states import Cancelled
from prefect.utilities.annotations import quote
from pydantic import Field

from flows.settings import Settings
from flows.warmup import COMPILING_SECONDS, compile_kernels, is_compiled
from tasks.bound import bound
from tasks.budget import Budget
from tasks.evolve import evolve
from tasks.load import load
from tasks.merge import merge
from tasks.organise import organise
from tasks.place_missing import place_missing
from tasks.publish import Published, publish
from tasks.refine import refine
from tasks.solve_cluster import solve_cluster
from tasks.stopping import is_stopped, searching, stop_searching
from timetabling.clustering import Clustering
from timetabling.penalties import Formulation, FormulationName, evaluate
from timetabling.penalties import formulation as find_formulation
from timetabling.problem import Timetable
from timetabling.solvers.cpsat import keep, lacking
from tracking.hooks import current_reporter, tracked
from tracking.jobs import job_of
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
    flow_run_name="{instance.name}",
    task_runner=Settings().make_task_runner(),
    **tracked(),
)
def timetable(
    instance: Annotated[Path, Field(description="The instance's file, .ctt or .ectt")],
    output: Annotated[Path, Field(description="Where to write the timetable")],
    formulation: Annotated[FormulationName, Field(description="Rules and weights")] = "UD2",
    time_limit_seconds: Annotated[
        float, Field(gt=0, description="Seconds from reading to published")
    ] = 120.0,
    work_limit: Annotated[
        int | None,
        Field(ge=0, description="Units of work instead of time: repeatable from the seed"),
    ] = None,
    plan: Annotated[
        Literal["default", "search-heavy", "solve-heavy", "learned"],
        Field(description="How much of the bar each stage is worth"),
    ] = "default",
    seed: Annotated[int, Field(ge=0, description="Same seed, same search")] = 0,
    start: Annotated[
        Path | None, Field(description="A timetable to go on from, as output writes it")
    ] = None,
    job_id: Annotated[  # read by the hooks; the flow run's id unless given  # noqa: ARG001
        str | None, Field(description="Name under which progress is published")
    ] = None,
) -> Published | State[Any]:
    """Make a timetable and write it, feasible or not; returns where, and its score by rule."""
    settings, rules = Settings(), find_formulation(formulation)
    reporter, stages = current_reporter(), [stage.id for stage in find_plan(plan).stages]
    job = reporter.job_id
    reporter.expect({name: QUICK_SECONDS for name in QUICK_STAGES if name in stages})
    _compile(reporter)
    budget = Budget(
        job, time.time(), time_limit_seconds * (1 - PUBLISHING_SHARE), work_limit, SHARES
    )
    _expect(reporter, budget, "cpsat_solving")

    with searching(job):
        reporter.start_stage("loading")
        problem, begun = _result(load.submit(instance, start), job)
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
        published = publish(_whole(best), formulation=rules, output=output, bound=least)
        if not is_stopped(job):
            reporter.complete_stage()
            return published
    # Prefect runs no hook for a flow that returns Cancelled, so the end is told here.
    job_of(job).mark_cancelled()
    score = published.score
    return Cancelled(
        message=f"stopped; best so far is in {output}: "
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
    """Wait for a task; on SIGTERM, ask it for what it has instead of leaving it."""
    try:
        return future.result()
    except (KeyboardInterrupt, TerminationSignal):
        stop_searching(job)
        return future.result()
