"""Improve a whole timetable by genetic search: one span of it, on one island."""

from __future__ import annotations

from prefect import task

from tasks.budget import Allowance
from tasks.checkpoints import Checkpoints
from tasks.resuming import resumable
from tasks.searching import CountingOnly, search
from timetabling.penalties import Formulation
from timetabling.problem import Problem
from timetabling.solvers import genetic
from timetabling.solvers.individuals import Search
from tracking.hooks import current_reporter

__all__ = ["evolve"]


@task(task_run_name="improve the timetable, {part}", **resumable("until", "island"))
def evolve(
    population: Search,
    island: int,  # noqa: ARG001 - read by the cache policy
    part: str,  # noqa: ARG001 - for the name
    observed: bool,
    *,
    problem: Problem,
    until: int,
    formulation: Formulation,
    allowance: Allowance,
    num_threads: int,
    lower_bound: int = 0,
    checkpoints: Checkpoints | None = None,  # noqa: ARG001 - read by the cache policy
) -> Search:
    """Let a population live until generation `until`; one generation is one unit of work.

    It ends early with a feasible timetable that costs no more than `lower_bound`. What is found is
    told only where it is `observed`: of several islands one speaks.
    """
    reporter = current_reporter()
    with search(allowance) as stop:
        return genetic.go_on(
            problem,
            population,
            formulation=formulation,
            stop=stop,
            observer=reporter if observed else CountingOnly(reporter),
            lower_bound=lower_bound,
            until=until,
            num_threads=num_threads,
        )
