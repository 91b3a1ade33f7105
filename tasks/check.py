"""Check the data of a run before it searches."""

from __future__ import annotations

from prefect import task

from tasks.retrying import RETRYING
from timetabling.check import Finding
from timetabling.check import check as find
from timetabling.penalties import Formulation
from timetabling.problem import Problem
from tracking.hooks import current_reporter

__all__ = ["check"]


@task(task_run_name="check the data", **RETRYING)
def check(problem: Problem, *, formulation: Formulation) -> tuple[Finding, ...]:
    """Find what rules a timetable out and what will cost; tell the first proof, if there is one."""
    findings = find(problem, formulation)
    if findings and findings[0].is_impossible:
        current_reporter().update(f"No timetable keeps all hard rules: {findings[0].message}")
    return findings
