"""Improve a whole timetable by genetic search."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.retrying import RETRYING
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.solvers import genetic
from tracking.hooks import current_reporter

__all__ = ["evolve"]


@task(task_run_name="improve the timetable", **RETRYING)
def evolve(
    start: Timetable,
    *,
    formulation: Formulation,
    allowance: Allowance,
    num_threads: int,
    seed: int,
    lower_bound: int = 0,
) -> Timetable:
    """Return the best timetable found from `start`; one generation is one unit of work.

    It ends early with a feasible timetable that costs no more than `lower_bound`.
    """
    return genetic.solve(
        start.problem,
        formulation=formulation,
        start=start,
        stop=allowance.stop(),
        seed=seed,
        observer=current_reporter(),
        num_threads=num_threads,
        lower_bound=lower_bound,
    ).timetable
