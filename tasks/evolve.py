"""Improve a whole timetable by genetic search."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.budget import Allowance
from tasks.retrying import RETRIES, RETRY_DELAYS_SECONDS, worth_retrying
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.solvers import genetic
from tracking.hooks import reporter_of

__all__ = ["evolve"]


@task(
    task_run_name="improve the timetable",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS_SECONDS,
    retry_condition_fn=worth_retrying,
    cache_policy=NO_CACHE,
)
def evolve(
    start: Timetable,
    *,
    formulation: Formulation,
    allowance: Allowance,
    num_threads: int,
    seed: int,
) -> Timetable:
    """Return the best timetable found from `start`; one generation is one unit of work."""
    return genetic.solve(
        start.problem,
        formulation=formulation,
        start=start,
        stop=allowance.stop(),
        seed=seed,
        observer=reporter_of(allowance.job_id),
        num_threads=num_threads,
    ).timetable
