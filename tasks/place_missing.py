"""Make room for lectures that no cluster had room for."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.retrying import RETRYING
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.solvers import cpsat
from tracking.hooks import current_reporter

__all__ = ["place_missing"]


@task(task_run_name="place what is missing", **RETRYING)
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
        observer=current_reporter(),
    ).timetable
