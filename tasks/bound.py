"""Prove how little a timetable can cost."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.retrying import RETRYING
from timetabling.penalties import Formulation
from timetabling.problem import Problem
from timetabling.solvers.bound import lower_bound
from tracking.hooks import current_reporter

__all__ = ["bound"]


@task(task_run_name="bound the cost", **RETRYING)
def bound(problem: Problem, *, formulation: Formulation, allowance: Allowance, seed: int) -> int:
    """Return a cost that no feasible timetable stays below; it is one unit of work."""
    reporter = current_reporter()
    least = lower_bound(
        problem,
        formulation=formulation,
        stop=allowance.stop(),
        seed=seed,
        observer=reporter,
    )
    reporter.advance()
    return least
