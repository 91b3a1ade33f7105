"""Make room for lectures that no cluster had room for."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.checkpoints import Checkpoints
from tasks.resuming import resumable
from tasks.searching import search
from timetabling.penalties import Formulation
from timetabling.problem import Lecture, Timetable
from timetabling.solvers import cpsat
from tracking.hooks import current_reporter

__all__ = ["place_missing"]


@task(task_run_name="place what is missing", **resumable())
def place_missing(
    start: Timetable,
    *,
    formulation: Formulation,
    allowance: Allowance,
    seed: int,
    checkpoints: Checkpoints | None = None,  # noqa: ARG001 - read by the cache policy
) -> tuple[Lecture, ...]:
    """Return the lectures of `start` and missing ones, placed by moving others out of their way."""
    with search(allowance) as stop:
        found = cpsat.place_missing(
            start.problem,
            formulation=formulation,
            start=start,
            stop=stop,
            seed=seed,
            observer=current_reporter(),
        )
    return found.timetable.lectures
