"""Resolve what conflicts are left with the learned repair agent."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.retrying import RETRYING
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.solvers import repair
from tracking.hooks import current_reporter

__all__ = ["refine"]


@task(task_run_name="resolve conflicts", **RETRYING)
def refine(
    start: Timetable,
    *,
    formulation: Formulation,
    allowance: Allowance,
    seed: int,
    lower_bound: int = 0,
) -> Timetable:
    """Return the best timetable found from `start`; one batch of episodes is one unit.

    It ends early with a feasible timetable that costs no more than `lower_bound`.
    """
    return repair.solve(
        start.problem,
        formulation=formulation,
        start=start,
        stop=allowance.stop(),
        seed=seed,
        observer=current_reporter(),
        lower_bound=lower_bound,
    ).timetable
