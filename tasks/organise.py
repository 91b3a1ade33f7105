"""Group the courses into clusters that can be solved one at a time."""

from __future__ import annotations

from prefect import task

from tasks.retrying import RETRYING
from timetabling.clustering import Clustering, cluster
from timetabling.problem import Problem
from tracking.hooks import current_reporter

__all__ = ["organise"]


@task(task_run_name="organise the courses", **RETRYING)
def organise(problem: Problem, *, max_courses: int, seed: int) -> Clustering:
    """Find clusters of at most `max_courses` courses, and waves of independent ones."""
    return cluster(problem, max_courses=max_courses, seed=seed, observer=current_reporter())
