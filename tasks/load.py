"""Read an instance, and the timetable to start from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from prefect import get_run_logger, task

from tasks.retrying import RETRYING
from timetabling.formats import read_before, read_pins, read_problem, read_solution
from timetabling.problem import Problem, Timetable
from tracking.hooks import current_reporter

__all__ = ["load"]


@task(task_run_name="read {instance.name}", **RETRYING)
def load(
    instance: Path,
    start: Path | None = None,
    *,
    pins: Path | None = None,
    before: Path | None = None,
    max_changes: int | None = None,
) -> tuple[Problem, Timetable]:
    """Read a problem and a timetable of it, empty without a file; a file is one unit of work.

    The search starts from the timetable before where there is no other to start from.

    Raises
    ------
    InputError
        If a file is not what its format says, with every place that is wrong.
    """
    reporter = current_reporter()
    num_files = 1 + sum(file is not None for file in (pins, before, start))
    reporter.update_stage_progress(0, num_files)
    problem = read_problem(instance, tell=get_run_logger().warning)
    reporter.update_stage_progress(1, num_files)
    if pins is not None:
        problem = replace(problem, pins=problem.pins | read_pins(pins, problem))
    if before is not None:
        lectures, gone = read_before(before, problem)
        problem = replace(problem, before=lectures, max_changes=max_changes)
        if gone:
            reporter.update(f"{len(gone)} lectures of the timetable before cannot be kept")
    begun = Timetable(problem, problem.before)
    if start is not None:
        begun = read_solution(start, problem)
    reporter.update_stage_progress(num_files, num_files)
    reporter.expect(size=problem.num_lectures)
    reporter.update(f"{len(problem.courses)} courses, {problem.num_lectures} lectures")
    return problem, begun
