"""Put the clusters of one round together again."""

from __future__ import annotations

from prefect import task

from tasks.retrying import RETRYING
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.solvers import cpsat

__all__ = ["merge"]


@task(task_run_name="merge", **RETRYING)
def merge(base: Timetable, solved: list[Timetable], *, formulation: Formulation) -> Timetable:
    """Merge timetables that grew from `base` side by side; only rooms can collide."""
    return cpsat.merge(base.problem, base, solved, formulation)
