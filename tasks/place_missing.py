"""Make room for lectures that no cluster had room for."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.budget import Allowance
from tasks.retrying import RETRIES, RETRY_DELAYS_SECONDS, worth_retrying
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.search import SilentObserver
from timetabling.solvers import cpsat

__all__ = ["place_missing"]


@task(
    task_run_name="place what is missing",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS_SECONDS,
    retry_condition_fn=worth_retrying,
    cache_policy=NO_CACHE,
)
def place_missing(
    start: Timetable, *, formulation: Formulation, allowance: Allowance, seed: int
) -> Timetable:
    """Return `start` with missing lectures placed, by moving others out of their way."""
    return cpsat.place_missing(
        start.problem,
        formulation=formulation,
        start=start,
        stop=allowance.stop(),
        seed=seed,
        observer=SilentObserver(),
    ).timetable
