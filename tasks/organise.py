"""Group the courses into clusters that can be solved one at a time."""

from __future__ import annotations

from prefect import task

from tasks.checkpoints import Checkpoints
from tasks.resuming import resumable
from timetabling.clustering import Clustering, cluster
from timetabling.problem import Problem
from tracking.hooks import current_reporter

__all__ = ["organise"]


@task(task_run_name="organise the courses", **resumable())
def organise(
    problem: Problem,
    *,
    max_courses: int,
    seed: int,
    checkpoints: Checkpoints | None = None,  # noqa: ARG001 - read by the cache policy
) -> Clustering:
    """Find clusters of at most `max_courses` courses, and waves of independent ones."""
    return cluster(problem, max_courses=max_courses, seed=seed, observer=current_reporter())
