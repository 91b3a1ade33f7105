"""The stage that places every lecture, and begins to bound the cost."""

from __future__ import annotations

import math

from prefect import unmapped
from prefect.futures import PrefectFuture

from flows.brief import Brief
from flows.checkpoints import digest
from flows.handing import result_of, whole
from tasks.bound import bound
from tasks.merge import merge
from tasks.place_missing import place_missing
from tasks.solve_cluster import solve_cluster
from tasks.stopping import is_stopped
from timetabling.clustering import Clustering
from timetabling.penalties import evaluate
from timetabling.problem import Timetable
from timetabling.solvers.cpsat import keep, lacking
from tracking.hooks import current_reporter

__all__ = ["MAX_COURSES_PER_CLUSTER", "place_clusters"]

MAX_COURSES_PER_CLUSTER = 50


def place_clusters(
    begun: Timetable, clustering: Clustering, brief: Brief
) -> tuple[Timetable, PrefectFuture[int]]:
    """Place what `begun` lacks, and begin to bound the cost.

    The waves come one after the other, the clusters of each side by side. Returns a timetable no
    worse than `begun`, and the bound, which may still be worked on beside the stages that follow:
    in a long run that takes longer than to place all lectures. It is there where work is the limit,
    so that no search depends on when it comes.
    """
    reporter, job, problem = current_reporter(), brief.job_id, begun.problem
    rules, budget, seed, checkpoints = brief.rules, brief.budget, brief.seed, brief.checkpoints
    reporter.start_stage("cpsat_solving")
    best = keep(begun, rules)
    if best.lectures:
        _tell(best, brief)
    waves = [
        {i: courses for i in wave if (courses := lacking(best, clustering.clusters[i]))}
        for wave in clustering.waves
    ]
    num_clusters = sum(map(len, waves))
    reporter.update_stage_progress(0, num_clusters)
    bounding = bound.submit(
        whole(problem),
        formulation=rules,
        allowance=budget.allow("cpsat_solving"),
        seed=seed,
        checkpoints=checkpoints,
    )
    # A wave takes as many turns as it has clusters for each task that runs at a time.
    turns = [math.ceil(len(wave) / brief.settings.num_workers) for wave in waves]
    for number, wave in enumerate(waves):
        if not wave or is_stopped(job):
            continue
        allowance = budget.allow(
            "cpsat_solving", turns_left=sum(turns[number:]), calls=num_clusters
        )
        futures = solve_cluster.map(
            [whole(courses) for courses in wave.values()],
            [i + 1 for i in wave],
            of=len(clustering.clusters),
            base=unmapped(whole(best)),
            formulation=unmapped(rules),
            allowance=unmapped(allowance),
            seed=seed,
            checkpoints=checkpoints,
        )
        solved = {
            courses: result_of(future, job)
            for courses, future in zip(wave.values(), futures, strict=True)
        }
        merged = merge(
            whole(best),
            whole(solved),
            number + 1,
            digest(sorted(solved.items())),
            formulation=rules,
            checkpoints=None if is_stopped(job) else checkpoints,  # clusters were cut short
        )
        best = Timetable(problem, merged)
        _tell(best, brief)
    if not is_stopped(job):
        # Moving placed lectures apart for the last ones is worth a tenth of the next stage's time.
        allowance = budget.allow("ga_optimization", turns_left=10, calls=10)
        placing = place_missing.submit(
            whole(best), formulation=rules, allowance=allowance, seed=seed, checkpoints=checkpoints
        )
        best = Timetable(problem, result_of(placing, job))
    if budget.work is not None:
        result_of(bounding, job)
    _tell(best, brief)
    if not is_stopped(job):
        reporter.complete_stage()
    return min(begun, best, key=lambda timetable: evaluate(timetable, rules).order), bounding


def _tell(best: Timetable, brief: Brief) -> None:
    """Say what is placed, and what it costs."""
    score = evaluate(best, brief.rules)
    current_reporter().update(
        f"Placed {len(best.lectures)} of {best.problem.num_lectures} lectures",
        cost=score.cost,
        violations=score.num_violations,
    )
