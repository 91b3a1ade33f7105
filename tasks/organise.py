"""Group the courses into clusters that can be solved one at a time."""

from __future__ import annotations

from prefect import task

from tasks.retrying import RETRYING
from timetabling.clustering import Clustering, cluster
from timetabling.problem import Problem
from tracking.hooks import reporter_of

__all__ = ["organise"]


@task(task_run_name="organise the courses", **RETRYING)
def organise(problem: Problem, *, max_courses: int, seed: int, job_id: str) -> Clustering:
    """Find clusters of at most `max_courses` courses, and waves of independent ones."""
    return cluster(problem, max_courses=max_courses, seed=seed, observer=reporter_of(job_id))
