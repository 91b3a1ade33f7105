"""Place the lectures of one cluster, all others held fixed."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.retrying import RETRYING
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.search import SilentObserver
from timetabling.solvers import cpsat
from tracking.hooks import current_reporter

__all__ = ["solve_cluster"]


@task(task_run_name="cluster {number}", **RETRYING)
def solve_cluster(
    courses: tuple[int, ...],
    number: int,
    *,
    base: Timetable,
    formulation: Formulation,
    allowance: Allowance,
    seed: int,
) -> Timetable:
    """Place cluster `number` beside the lectures already placed in `base`.

    Nothing is spent on its cost: annealing begins hot, and would undo that.
    """
    result = cpsat.solve(
        base.problem,
        formulation=formulation,
        start=base,
        stop=allowance.stop(),
        seed=seed + number,
        observer=SilentObserver(),
        courses=courses,
        improve=False,
    )
    current_reporter().advance()
    return result.timetable
