"""Put the clusters of one wave together again."""

from __future__ import annotations

from prefect import task

from tasks.checkpoints import Checkpoints
from tasks.resuming import resumable
from timetabling.penalties import Formulation
from timetabling.problem import Lecture, Timetable
from timetabling.solvers import cpsat

__all__ = ["merge"]


@task(task_run_name="merge wave {wave}", **resumable("wave", "digest"))
def merge(
    base: Timetable,
    solved: dict[tuple[int, ...], tuple[Lecture, ...]],
    wave: int,  # noqa: ARG001 - for the name, and the cache policy
    digest: str,  # noqa: ARG001 - for the cache policy
    *,
    formulation: Formulation,
    checkpoints: Checkpoints | None = None,  # noqa: ARG001 - read by the cache policy
) -> tuple[Lecture, ...]:
    """Merge what the clusters of `wave` have placed into `base`; only rooms can collide.

    Parameters
    ----------
    solved
        By the courses of the cluster, their lectures.
    digest
        Of `solved`. A worker may hear of a wish to stop before the flow's process does: what was
        merged then, of clusters that were cut short, is not to be taken for the whole wave.
    """
    problem = base.problem
    grown = [
        Timetable(problem, (*(x for x in base.lectures if x.course not in courses), *placed))
        for courses, placed in solved.items()
    ]
    return cpsat.merge(problem, base, grown, formulation).lectures
