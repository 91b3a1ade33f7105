"""Cost over time, a picture an instance, formulation and time limit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator
from numpy.typing import NDArray

from benchmarks.quality.best_known import best_known
from benchmarks.quality.records import Run
from benchmarks.quality.summary import by_setting, solvers_of

__all__ = ["draw", "draw_all", "spread"]

# Okabe and Ito: told apart by those who see colours differently, too.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def draw_all(runs: Iterable[Run], folder: Path, suffix: str) -> Iterator[Path]:
    """Draw every instance, and give the files."""
    every = list(runs)
    solvers = solvers_of(every)
    folder.mkdir(parents=True, exist_ok=True)
    for (rules, time_limit), group in by_setting(every).items():
        of_instance: dict[str, list[Run]] = defaultdict(list)
        for run in group:
            of_instance[run.instance].append(run)
        for instance, some in sorted(of_instance.items()):
            path = folder / f"{instance}-{rules}-{time_limit:g}s.{suffix}"
            draw(some, solvers, path)
            yield path


def draw(runs: Sequence[Run], solvers: Sequence[str], path: Path) -> None:
    """Draw the runs of one instance: of each solver the median seed, and all between its seeds.

    Of an even number of seeds it is the upper median. The place in `solvers` says which colour a
    solver has, so that it has the same one in all pictures.
    """
    first = runs[0]
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.add_subplot()
    start = min((run.curve[0][0] for run in runs if run.curve), default=1.0)
    end = max(first.time_limit, *(run.seconds for run in runs))  # some end late
    grid = np.geomspace(max(0.05, 0.9 * start), end, 600)
    shown: list[float] = []
    for number, solver in enumerate(solvers):
        group = [run for run in runs if run.solver == solver]
        if not group:
            continue
        colour = COLOURS[number % len(COLOURS)]
        low, middle, high = spread(group, grid)
        label = f"{solver}, {len(group)} seeds" if len(group) > 1 else solver
        if not np.isfinite(middle).any():
            label += ": not feasible"
        axes.plot(grid, middle, color=colour, linewidth=1.8, drawstyle="steps-post", label=label)
        axes.fill_between(grid, low, high, color=colour, alpha=0.15, step="post", linewidth=0)
        shown += [float(x) for x in (*low, *high) if np.isfinite(x)]
    known = best_known(first.instance, first.formulation)
    if known is not None:
        axes.axhline(known, color="0.35", linewidth=1, linestyle="--", label=f"best known: {known}")
        shown.append(known)
    _dress(axes, shown, (float(grid[0]), end), first)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def spread(
    runs: Sequence[Run], times: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Lowest, median and highest cost of some runs at each time.

    NaN where half of the runs (for the highest: any) had no feasible timetable yet.
    """
    costs = np.full((len(runs), len(times)), np.inf)
    for row, run in zip(costs, runs, strict=True):
        for at, cost in run.curve:
            row[times >= at] = cost
    low = costs.min(axis=0)
    middle = np.quantile(costs, 0.5, axis=0, method="higher")
    high = costs.max(axis=0)
    band = np.isfinite(high)
    return (
        np.where(band, low, np.nan),
        np.where(np.isfinite(middle), middle, np.nan),
        np.where(band, high, np.nan),
    )


def _dress(axes: Axes, shown: Sequence[float], span: tuple[float, float], first: Run) -> None:
    axes.set_title(
        f"{first.instance}, {first.formulation}, {first.time_limit:g} s, {first.cores} cores",
        loc="left", fontsize=11,
    )  # fmt: skip
    axes.set_xscale("log")
    axes.set_xlim(*span)
    axes.set_xlabel("seconds since reading the file")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_locator(LogLocator(subs=()))
    axes.set_ylabel("cost of the best feasible timetable")
    low, high = min(shown, default=0), max(shown, default=1)
    if low > 0 and high > 3 * low:
        axes.set_yscale("log")
        axes.set_ylim(0.9 * low, 1.1 * high)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_minor_locator(LogLocator(subs=()))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    elif low <= 0 and high > 20:
        # Down to 0, which a logarithm never reaches: linear below 10, logarithmic above.
        axes.set_yscale("symlog", linthresh=10, linscale=0.5)
        axes.set_ylim(-0.5, 1.1 * high)
        axes.set_yticks(
            [0, 5, *(x for e in range(1, 7) for s in (1, 2, 5) if (x := s * 10**e) <= high)]
        )
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(True, color="0.9", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.legend(frameon=False, fontsize=9)
