"""Group the courses into clusters that can be solved one at a time."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.retrying import RETRIES, RETRY_DELAYS_SECONDS, worth_retrying
from timetabling.clustering import Clustering, cluster
from timetabling.problem import Problem
from tracking.hooks import reporter_of

__all__ = ["organise"]


@task(
    task_run_name="organise the courses",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS_SECONDS,
    retry_condition_fn=worth_retrying,
    cache_policy=NO_CACHE,
)
def organise(problem: Problem, *, max_courses: int, seed: int, job_id: str) -> Clustering:
    """Find clusters of at most `max_courses` courses, and waves of independent ones."""
    return cluster(problem, max_courses=max_courses, seed=seed, observer=reporter_of(job_id))
