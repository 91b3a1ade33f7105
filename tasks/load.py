"""Read an instance, and the timetable to start from."""

from __future__ import annotations

from pathlib import Path

from prefect import get_run_logger, task

from tasks.retrying import RETRYING
from timetabling.formats import read_problem, read_solution
from timetabling.problem import Problem, Timetable
from tracking.hooks import current_reporter

__all__ = ["load"]


@task(task_run_name="read {instance.name}", **RETRYING)
def load(instance: Path, start: Path | None = None) -> tuple[Problem, Timetable]:
    """Read a problem and a timetable of it, empty without a file; a file is one unit of work.

    Raises
    ------
    InputError
        If a file is not what its format says, with every place that is wrong.
    """
    reporter = current_reporter()
    num_files = 1 if start is None else 2
    reporter.update_stage_progress(0, num_files)
    problem = read_problem(instance, tell=get_run_logger().warning)
    reporter.update_stage_progress(1, num_files)
    begun = Timetable(problem) if start is None else read_solution(start, problem)
    reporter.update_stage_progress(num_files, num_files)
    reporter.expect(size=problem.num_lectures)
    reporter.update(f"{len(problem.courses)} courses, {problem.num_lectures} lectures")
    return problem, begun
