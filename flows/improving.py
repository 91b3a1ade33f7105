"""The stages that make a whole timetable better."""

from __future__ import annotations

from prefect import unmapped

from flows.brief import Brief
from flows.budgets import expect
from flows.handing import result_of, whole
from tasks.evolve import evolve
from tasks.refine import refine
from tasks.stopping import is_stopped
from timetabling.penalties import Formulation, evaluate
from timetabling.problem import Timetable
from timetabling.solvers import genetic
from timetabling.solvers.islands import settle
from tracking.hooks import current_reporter

__all__ = ["improve"]

GENETIC, REPAIR = "ga_optimization", "rl_refinement"

# Of the genetic search. After a crash what is lost is a sixth of it at most; a span costs 10 ms in
# threads and 0.2 s on Dask.
NUM_SPANS = 6


def improve(best: Timetable, least: int, brief: Brief) -> Timetable:
    """Search from a whole timetable, then resolve what conflicts are left."""
    reporter, budget, job = current_reporter(), brief.budget, brief.job_id
    if not is_stopped(job):
        expect(reporter, budget, GENETIC, is_optimal=_is_optimal(best, brief.rules, least))
        reporter.start_stage(GENETIC)
        best = _search(best, least, brief)
    if not is_stopped(job):
        reporter.complete_stage()
        expect(reporter, budget, REPAIR, is_optimal=_is_optimal(best, brief.rules, least))
        reporter.start_stage(REPAIR)
        future = refine.submit(
            whole(best),
            formulation=brief.rules,
            allowance=budget.allow(REPAIR),
            seed=brief.seed,
            lower_bound=least,
            checkpoints=brief.checkpoints,
        )
        best = Timetable(best.problem, result_of(future, job))
    return best


def _search(best: Timetable, least: int, brief: Brief) -> Timetable:
    """Let the islands' populations live, each of their spans side by side."""
    reporter, budget, count = current_reporter(), brief.budget, brief.settings.num_islands
    reporter.update_stage_progress(0, count * genetic.NUM_GENERATIONS)
    call = budget.allow(GENETIC, calls=count)
    islands = [genetic.begin(best.problem, start=best, seed=brief.seed + i) for i in range(count)]
    for span in range(NUM_SPANS):
        begun, until = (genetic.NUM_GENERATIONS * x // NUM_SPANS for x in (span, span + 1))
        furthest = max(island.reached.used for island in islands)
        leader = min(range(count), key=lambda i: islands[i].order)
        parts = [
            f"{span + 1} of {NUM_SPANS}" + f", island {i + 1}" * (count > 1) for i in range(count)
        ]
        futures = evolve.map(
            [whole(island) for island in islands],
            list(range(count)),
            parts,
            [i == leader for i in range(count)],
            problem=unmapped(whole(best.problem)),
            until=until,
            formulation=unmapped(brief.rules),
            allowance=unmapped(budget.go_on(GENETIC, call, used=furthest)),
            num_threads=brief.settings.threads_of_a_search,
            lower_bound=least,
            checkpoints=unmapped(brief.checkpoints),
        )
        islands = [result_of(future, brief.job_id) for future in futures]
        for future in futures:
            if future.state.name == "Cached":
                reporter.advance(until - begun)
        if is_stopped(brief.job_id) or any(island.is_over(least) for island in islands):
            break
        islands = settle(islands)
    found = min(islands, key=lambda island: island.order).timetable(best.problem)
    # The search has put pinned lectures in their place, where these were not.
    return min(found, best, key=lambda timetable: evaluate(timetable, brief.rules).order)


def _is_optimal(best: Timetable, rules: Formulation, least: int) -> bool:
    score = evaluate(best, rules)
    return score.is_feasible and score.cost <= least
