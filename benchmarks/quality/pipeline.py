"""The stages of `flows.timetable` without Prefect, so that one can be left out or changed.

    python -m benchmarks.quality.pipeline VARIANT INSTANCE OUTPUT --time-limit 60

Budgets, clusters, waves and calls are those of the flow; a stage that is left out gives its time
to the others in proportion. The lower bound is proven beside them, since that takes its part of the
cores, but ends no search early: every variant searches for its whole time.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

from tasks.budget import Allowance, Budget
from timetabling.clustering import cluster
from timetabling.penalties import Formulation, evaluate
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer, SilentObserver

__all__ = ["VARIANTS", "Variant", "share_out", "solve"]

CPSAT, GENETIC, REPAIR = "cpsat_solving", "ga_optimization", "rl_refinement"


@dataclass(frozen=True, slots=True)
class Variant:
    """A pipeline: the stages it lacks, and options of those it has, by the engine's own names."""

    without: frozenset[str] = frozenset()
    genetic: Mapping[str, Any] = field(default_factory=dict)
    repair: Mapping[str, Any] = field(default_factory=dict)


VARIANTS: Mapping[str, Variant] = MappingProxyType(
    {
        "full": Variant(),
        "no-cpsat": Variant(frozenset({CPSAT})),
        "no-genetic": Variant(frozenset({GENETIC})),
        "no-repair": Variant(frozenset({REPAIR})),
        "only-genetic": Variant(frozenset({CPSAT, REPAIR})),
        "one-individual": Variant(genetic={"population_size": 1}),
        "uniform-repair": Variant(repair={"choice": "uniform"}),
    }
)
"""By name; the first is what all others are compared with."""


def share_out(shares: Mapping[str, float], without: frozenset[str]) -> dict[str, float]:
    """Give the time of the stages that are left out to the others, in proportion.

    Raises
    ------
    ValueError
        If no stage is left.
    """
    left = {stage: share for stage, share in shares.items() if stage not in without}
    if not left:
        raise ValueError("pipeline: expected at least one stage")
    total = sum(left.values())
    return {stage: share / total for stage, share in left.items()}


def solve(
    problem: Problem,
    *,
    formulation: Formulation,
    seconds: float,
    seed: int,
    num_threads: int,
    observer: Observer,
    variant: Variant = VARIANTS["full"],
) -> Timetable:
    """Make a timetable as `flows.timetable` does, but for what the variant changes."""
    # Prefect, CP-SAT and torch: only the process that solves needs them.
    from flows.budgets import SHARES
    from timetabling.solvers import genetic, repair
    from timetabling.solvers.bound import lower_bound

    shares = share_out(SHARES, variant.without)
    budget = Budget("", time.time(), seconds, None, shares)
    best = Timetable(problem)
    bounding = None
    with ThreadPoolExecutor(1) as beside:
        if CPSAT in shares:
            bounding = beside.submit(
                lower_bound,
                problem,
                formulation=formulation,
                stop=budget.allow(CPSAT).stop(),
                seed=seed,
                observer=SilentObserver(),
            )
            best = _place_clusters(problem, formulation, budget, seed, num_threads, observer)
        if GENETIC in shares:
            best = genetic.solve(
                problem,
                formulation=formulation,
                start=best,
                stop=budget.allow(GENETIC).stop(),
                seed=seed,
                observer=observer,
                **{"num_threads": num_threads, **variant.genetic},
            ).timetable
        if REPAIR in shares:
            best = repair.solve(
                problem,
                formulation=formulation,
                start=best,
                stop=budget.allow(REPAIR).stop(),
                seed=seed,
                observer=observer,
                **variant.repair,
            ).timetable
        if bounding is not None:
            bounding.result()
    return best


def _place_clusters(
    problem: Problem,
    rules: Formulation,
    budget: Budget,
    seed: int,
    num_threads: int,
    observer: Observer,
) -> Timetable:
    from flows.placing import MAX_COURSES_PER_CLUSTER
    from timetabling.solvers import cpsat

    best, silent = Timetable(problem), SilentObserver()
    clustering = cluster(problem, max_courses=MAX_COURSES_PER_CLUSTER, seed=seed, observer=silent)
    turns = [math.ceil(len(wave) / num_threads) for wave in clustering.waves]

    def solve_cluster(i: int, base: Timetable, allowance: Allowance) -> Timetable:
        return cpsat.place_courses(
            problem,
            formulation=rules,
            start=base,
            stop=allowance.stop(),
            seed=seed + i,
            courses=clustering.clusters[i],
            improve=GENETIC not in budget.shares,  # annealing begins hot, and would undo it
        )

    with ThreadPoolExecutor(num_threads) as pool:
        for number, wave in enumerate(clustering.waves):
            allowance = budget.allow(CPSAT, turns_left=sum(turns[number:]))
            solved = pool.map(partial(solve_cluster, base=best, allowance=allowance), wave)
            best = cpsat.merge(problem, best, list(solved), rules)
            _tell(observer, best, rules)
        if len(budget.shares) > 1:
            # As in the flow: a tenth of the time of the stage after this one.
            best = cpsat.place_missing(
                problem,
                formulation=rules,
                start=best,
                stop=budget.allow(list(budget.shares)[1], turns_left=10).stop(),
                seed=seed,
                observer=observer,
            ).timetable
    return best


def _tell(observer: Observer, timetable: Timetable, rules: Formulation) -> None:
    score = evaluate(timetable, rules)
    observer.update("placed", violations=score.num_violations, cost=score.cost)


def main() -> None:
    """Take part as the variant that the first argument names."""
    import flows.making  # noqa: F401 - off the clock, as for the command
    from benchmarks.quality.contest import take_part
    from timetabling.kernels import warm_up

    variant = VARIANTS[sys.argv[1]]
    warm_up()
    take_part(partial(solve, variant=variant), sys.argv[2:])


if __name__ == "__main__":
    main()
