"""Prove how little a timetable can cost."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.checkpoints import Checkpoints
from tasks.resuming import resumable
from tasks.searching import search
from timetabling.penalties import Formulation
from timetabling.problem import Problem
from timetabling.solvers.bound import lower_bound
from tracking.hooks import current_reporter

__all__ = ["bound"]


@task(task_run_name="bound the cost", **resumable())
def bound(
    problem: Problem,
    *,
    formulation: Formulation,
    allowance: Allowance,
    seed: int,
    checkpoints: Checkpoints | None = None,  # noqa: ARG001 - read by the cache policy
) -> int:
    """Return a cost that no feasible timetable stays below."""
    with search(allowance) as stop:
        return lower_bound(
            problem,
            formulation=formulation,
            stop=stop,
            seed=seed,
            observer=current_reporter(),
        )
