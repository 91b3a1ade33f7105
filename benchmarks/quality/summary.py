"""From runs to tables; nothing is run here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import NamedTuple

from benchmarks.quality.best_known import best_known
from benchmarks.quality.markdown import seconds, table
from benchmarks.quality.records import Run

__all__ = [
    "Setting",
    "by_setting",
    "conditions",
    "side_by_side",
    "solver_table",
    "solvers_of",
    "summarize",
]

LATE = 1.05
"""Times its limit: a run that took longer is named."""


class Setting(NamedTuple):
    """What runs must share to stand in one table."""

    formulation: str
    time_limit: float


def summarize(runs: Iterable[Run]) -> Iterator[str]:
    """Give every table, with its heading, in Markdown."""
    for setting, group in by_setting(runs).items():
        solvers = solvers_of(group)
        yield f"## {setting.formulation}, {setting.time_limit:g} s"
        yield conditions(group)
        if len(solvers) > 1:
            yield side_by_side(group)
        for solver in solvers:
            yield f"### {solver}"
            yield solver_table([run for run in group if run.solver == solver])


def by_setting(runs: Iterable[Run]) -> dict[Setting, list[Run]]:
    """Group runs by formulation and time limit."""
    groups: dict[Setting, list[Run]] = defaultdict(list)
    for run in runs:
        groups[Setting(run.formulation, run.time_limit)].append(run)
    return dict(sorted(groups.items()))


def solvers_of(runs: Iterable[Run]) -> list[str]:
    """List the solvers of some runs: ours first, the others as they come."""
    return sorted(
        dict.fromkeys(run.solver for run in runs), key=lambda name: name not in ("horarium", "full")
    )


def conditions(runs: Sequence[Run]) -> str:
    """Say under which conditions runs were made, and which took too long."""
    machines = sorted({f"{run.machine}, {run.cores} cores" for run in runs})
    commits = sorted({run.commit for run in runs})
    loads = [run.load_before for run in runs]
    said = [
        f"{len(runs)} runs; {'; '.join(machines)}; commit {', '.join(commits)}; "
        f"load before a run {min(loads):.1f} to {max(loads):.1f}."
    ]
    late: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        if run.seconds > LATE * run.time_limit:
            late[run.solver].append(run.seconds)
    said += [
        f"{solver} took longer than allowed in {len(times)} of them, up to {max(times):.0f} s."
        for solver, times in late.items()
    ]
    return " ".join(said)


def side_by_side(runs: Sequence[Run]) -> str:
    """Compare the mean costs of solvers, over the seeds that all of them ran on an instance.

    Means are of feasible runs; in brackets is how many were. The lowest is bold. Totals are over
    the instances on which every such run was feasible.
    """
    solvers = solvers_of(runs)
    rows, totals = [], dict.fromkeys(solvers, 0.0)
    knowns: list[int | None] = []  # of the instances in the totals
    instances = _by_instance(runs)
    for instance, group in instances.items():
        seeds = set.intersection(
            *({run.seed for run in group if run.solver == solver} for solver in solvers)
        )
        known = best_known(instance, group[0].formulation)
        costs = {
            solver: [
                run.cost if run.is_feasible else None
                for run in group
                if run.solver == solver and run.seed in seeds
            ]
            for solver in solvers
        }
        means = {
            solver: fmean(feasible)
            for solver, all_costs in costs.items()
            if (feasible := [cost for cost in all_costs if cost is not None])
        }
        if seeds and all(None not in all_costs for all_costs in costs.values()):
            knowns.append(known)
            for solver in solvers:
                totals[solver] += means[solver]
        lowest = min(means.values(), default=None)
        cells = [_cell(means.get(s), costs[s], means.get(s) == lowest) for s in solvers]
        rows.append([instance, str(len(seeds)), "-" if known is None else str(known), *cells])
    all_known = [known for known in knowns if known is not None]
    known_cell = str(sum(all_known)) if knowns and len(all_known) == len(knowns) else "-"
    cells = [f"{totals[solver]:.1f}" if knowns else "-" for solver in solvers]
    rows.append([f"total of {len(knowns)} of {len(instances)}", "", known_cell, *cells])
    return table(["instance", "seeds", "best known", *solvers], rows)


def solver_table(runs: Sequence[Run]) -> str:
    """Tell of one solver: costs and gaps of feasible runs, and mean times.

    Times are means over the runs that got there, in brackets how many did.
    """
    rows = []
    total, total_known = 0.0, 0
    for instance, group in _by_instance(runs).items():
        costs = [run.cost for run in group if run.is_feasible]
        known = best_known(instance, group[0].formulation)
        row = [instance, f"{len(costs)}/{len(group)}"]
        row += [f"{fmean(costs):.1f}", str(min(costs)), str(max(costs))] if costs else ["-"] * 3
        row += ["-" if known is None else str(known), *_gap(costs, known)]
        row.append(_mean_time([run.feasible_after for run in group]))
        row.append("-" if known is None else _mean_time([run.near_best_after for run in group]))
        rows.append(row)
        if costs and known is not None:
            total, total_known = total + fmean(costs), total_known + known
    if total_known:
        gap = [f"{total - total_known:+.1f}", f"{100 * (total / total_known - 1):.0f} %"]
        rows.append(["total, if known", "", f"{total:.1f}", "", "", str(total_known), *gap, "", ""])
    return table(
        [
            "instance", "feasible", "mean", "best", "worst", "best known", "gap", "in %",
            "feasible after", "within 10 % after",
        ],
        rows,
    )  # fmt: skip


def _by_instance(runs: Iterable[Run]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: (run.instance, run.seed)):
        groups[run.instance].append(run)
    return groups


def _cell(mean: float | None, costs: Sequence[int | None], is_lowest: bool) -> str:
    if mean is None:
        return "-" if not costs else f"none of {len(costs)}"
    number = f"**{mean:.1f}**" if is_lowest else f"{mean:.1f}"
    feasible = len(costs) - costs.count(None)
    return number if feasible == len(costs) else f"{number} ({feasible}/{len(costs)})"


def _gap(costs: Sequence[int], known: int | None) -> list[str]:
    if known is None or not costs:
        return ["-", "-"]
    mean = fmean(costs)
    return [f"{mean - known:+.1f}", f"{100 * (mean / known - 1):.0f} %" if known else "-"]


def _mean_time(times: Sequence[float | None]) -> str:
    reached = [time for time in times if time is not None]
    if not reached:
        return "-"
    share = "" if len(reached) == len(times) else f" ({len(reached)}/{len(times)})"
    return seconds(fmean(reached)) + share
