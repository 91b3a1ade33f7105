"""Put the clusters of one round together again."""

from __future__ import annotations

from prefect import task
from prefect.cache_policies import NO_CACHE

from tasks.retrying import RETRIES, RETRY_DELAYS_SECONDS, worth_retrying
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.solvers import cpsat

__all__ = ["merge"]


@task(
    task_run_name="merge",
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAYS_SECONDS,
    retry_condition_fn=worth_retrying,
    cache_policy=NO_CACHE,
)
def merge(base: Timetable, solved: list[Timetable], *, formulation: Formulation) -> Timetable:
    """Merge timetables that grew from `base` side by side; only rooms can collide."""
    return cpsat.merge(base.problem, base, solved, formulation)
