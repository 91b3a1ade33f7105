"""Place the lectures of one cluster, all others held fixed."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.checkpoints import Checkpoints
from tasks.resuming import resumable
from tasks.searching import search
from timetabling.penalties import Formulation
from timetabling.problem import Lecture, Timetable
from timetabling.solvers import cpsat
from tracking.hooks import counted

__all__ = ["solve_cluster"]


@task(task_run_name="cluster {number} of {of}", **resumable("number"), **counted())
def solve_cluster(
    courses: tuple[int, ...],
    number: int,
    *,
    of: int,  # noqa: ARG001 - for the name
    base: Timetable,
    formulation: Formulation,
    allowance: Allowance,
    seed: int,
    checkpoints: Checkpoints | None = None,  # noqa: ARG001 - read by the cache policy
) -> tuple[Lecture, ...]:
    """Place a cluster, from 1, beside the lectures already placed in `base`; return its lectures.

    Nothing is spent on its cost: annealing begins hot, and would undo that.
    """
    with search(allowance) as stop:
        found = cpsat.place_courses(
            base.problem,
            formulation=formulation,
            start=base,
            stop=stop,
            seed=seed + number - 1,
            courses=courses,
            improve=False,
        )
    chosen = set(courses)
    return tuple(lecture for lecture in found.lectures if lecture.course in chosen)
