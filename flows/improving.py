"""The stages that make a whole timetable better."""

from __future__ import annotations

import threading

from prefect import unmapped
from prefect.futures import PrefectFuture

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

# Generations after which a span of the genetic search ends. After a crash what is lost is a sixth
# of it at most; a span costs 10 ms in threads and 0.2 s on Dask.
SPAN_ENDS = (40, 80, 120, 160, 200, genetic.NUM_GENERATIONS)
# And those before, until the bound is there: it is heard of between two spans, and ends a search
# that cannot find more.
LOOKS = (1, 2, 5, 8, 11, 14, 20)


def improve(best: Timetable, bounding: PrefectFuture[int], brief: Brief) -> tuple[Timetable, int]:
    """Search from a whole timetable, then resolve what conflicts are left.

    Returns what was found, and the bound.
    """
    reporter, budget, job = current_reporter(), brief.budget, brief.job_id
    if not is_stopped(job):
        expect(reporter, budget, GENETIC)
        reporter.start_stage(GENETIC)
        best = _search(best, bounding, brief)
    least = result_of(bounding, job)
    # The bound tells of itself, but not where it was proven before a crash.
    reporter.update(f"No timetable costs less than {least}", bound=least)
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
    return best, least


def _search(best: Timetable, bounding: PrefectFuture[int], brief: Brief) -> Timetable:
    """Let the islands' populations live, each of their spans side by side."""
    reporter, budget, count = current_reporter(), brief.budget, brief.settings.num_islands
    reporter.update_stage_progress(0, count * genetic.NUM_GENERATIONS)
    call = budget.allow(GENETIC, calls=count)
    islands = [genetic.begin(best.problem, start=best, seed=brief.seed + i) for i in range(count)]
    bounded = threading.Event()
    bounding.add_done_callback(lambda _: bounded.set())
    until = 0
    while until < genetic.NUM_GENERATIONS:
        is_bounded = bounded.is_set()
        least = result_of(bounding, brief.job_id) if is_bounded else 0
        ends = SPAN_ENDS if is_bounded else LOOKS + SPAN_ENDS
        begun, until = until, next(end for end in ends if end > until)
        furthest = max(island.reached.used for island in islands)
        leader = min(range(count), key=lambda i: islands[i].order)
        parts = [f"to generation {until}" + f", island {i + 1}" * (count > 1) for i in range(count)]
        futures = evolve.map(
            [whole(island) for island in islands],
            list(range(count)),
            parts,
            [i == leader for i in range(count)],
            problem=unmapped(whole(best.problem)),
            until=until,
            formulation=unmapped(brief.rules),
            allowance=unmapped(budget.go_on(GENETIC, call, used=furthest)),
            # One is the bound's, until it is there.
            num_threads=max(1, brief.settings.threads_of_a_search - (not is_bounded)),
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
