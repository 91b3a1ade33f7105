"""Resolve what conflicts are left with the learned repair agent."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.checkpoints import Checkpoints
from tasks.resuming import resumable
from tasks.searching import search
from timetabling.penalties import Formulation
from timetabling.problem import Lecture, Timetable
from timetabling.solvers import repair
from tracking.hooks import current_reporter

__all__ = ["refine"]


@task(task_run_name="resolve conflicts", **resumable())
def refine(
    start: Timetable,
    *,
    formulation: Formulation,
    allowance: Allowance,
    seed: int,
    lower_bound: int = 0,
    checkpoints: Checkpoints | None = None,  # noqa: ARG001 - read by the cache policy
) -> tuple[Lecture, ...]:
    """Return the lectures of the best timetable found; one batch of episodes is one unit.

    It ends early with a feasible timetable that costs no more than `lower_bound`.
    """
    with search(allowance) as stop:
        found = repair.solve(
            start.problem,
            formulation=formulation,
            start=start,
            stop=stop,
            seed=seed,
            observer=current_reporter(),
            lower_bound=lower_bound,
        )
    return found.timetable.lectures
