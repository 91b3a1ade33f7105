"""Read an instance."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from tasks.retrying import RETRYING
from timetabling.formats import read_problem
from timetabling.problem import Problem
from tracking.hooks import current_reporter

__all__ = ["load"]


@task(task_run_name="read {instance.name}", **RETRYING)
def load(instance: Path) -> Problem:
    """Read a file into a problem; one file is one unit of work.

    Raises
    ------
    InputError
        If the file is not what its format says, with every place that is wrong.
    """
    reporter = current_reporter()
    reporter.update_stage_progress(0, 1)
    problem = read_problem(instance)
    reporter.update_stage_progress(1, 1)
    reporter.expect(size=problem.num_lectures)
    reporter.update(f"{len(problem.courses)} courses, {problem.num_lectures} lectures")
    return problem
