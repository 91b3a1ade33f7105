"""The stages that make a whole timetable better."""

from __future__ import annotations

from flows.budgets import expect
from flows.handing import result_of, whole
from flows.settings import Settings
from tasks.budget import Budget
from tasks.evolve import evolve
from tasks.refine import refine
from tasks.stopping import is_stopped
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from tracking.hooks import current_reporter

__all__ = ["improve"]


def improve(
    best: Timetable, least: int, rules: Formulation, budget: Budget, settings: Settings, seed: int
) -> Timetable:
    """Search from a whole timetable, then resolve what conflicts are left."""
    reporter, job = current_reporter(), budget.job_id
    if not is_stopped(job):
        expect(reporter, budget, "ga_optimization")
        reporter.start_stage("ga_optimization")
        allowance = budget.allow("ga_optimization")
        future = evolve.submit(
            whole(best),
            formulation=rules,
            allowance=allowance,
            num_threads=settings.num_workers,
            seed=seed,
            lower_bound=least,
        )
        best = result_of(future, job)
    if not is_stopped(job):
        reporter.complete_stage()
        expect(reporter, budget, "rl_refinement")
        reporter.start_stage("rl_refinement")
        allowance = budget.allow("rl_refinement")
        future = refine.submit(
            whole(best), formulation=rules, allowance=allowance, seed=seed, lower_bound=least
        )
        best = result_of(future, job)
    return best
