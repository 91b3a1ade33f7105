"""What each stage is worth: the pipeline with and without it, in the same total time.

    python -m benchmarks.quality.ablation INSTANCES --judge PROGRAM --time-limit 60 --seeds 10

Runs are those of ``benchmarks.quality.pipeline``, without Prefect. Each variant is compared with
the full pipeline on the same instance and seed; a positive difference is what the full one saves.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean

from benchmarks.quality.intervals import confidence_interval
from benchmarks.quality.markdown import table
from benchmarks.quality.pipeline import VARIANTS
from benchmarks.quality.records import Run
from benchmarks.quality.summary import by_setting, conditions, side_by_side
from benchmarks.quality.table import add_arguments, make_runs

__all__ = ["paired_table"]

STANDARD = "full"
USUAL = ("full", "no-cpsat", "no-genetic", "no-repair")


def main() -> None:
    """Make the runs, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=USUAL)
    chosen = parser.parse_args()
    try:
        runs = make_runs(chosen, list(dict.fromkeys((STANDARD, *chosen.variants))))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print("\n\n".join(_tables(runs)))


def _tables(runs: Iterable[Run]) -> Iterator[str]:
    for setting, group in by_setting(runs).items():
        yield f"## {setting.formulation}, {setting.time_limit:g} s"
        yield conditions(group)
        yield paired_table(group)
        yield side_by_side(group)


def paired_table(runs: Sequence[Run]) -> str:
    """Compare each variant with the full pipeline, in pairs of the same instance and seed.

    Costs are compared where both are feasible. The relative difference is the mean over the
    instances of each one's difference in percent of the full pipeline's mean cost there, so that
    no instance counts more because its costs are larger; its interval is over instances alone.
    """
    costs: dict[str, dict[tuple[str, int], Run]] = {}
    for run in runs:
        costs.setdefault(run.solver, {})[run.instance, run.seed] = run
    full = costs.get(STANDARD, {})
    return table(
        [
            "variant", "pairs", "difference, 95 %", "in %, 95 %", "full better", "equal", "worse",
            "infeasible", "full infeasible",
        ],
        [_compare(name, full, mine) for name, mine in costs.items() if name != STANDARD],
    )  # fmt: skip


def _compare(
    name: str, full: Mapping[tuple[str, int], Run], mine: Mapping[tuple[str, int], Run]
) -> list[str]:
    pairs = [(key, full[key], mine[key]) for key in mine if key in full]
    both = [pair for pair in pairs if pair[1].is_feasible and pair[2].is_feasible]
    row = [name, str(len(both))]
    gains = [theirs.cost - ours.cost for _, ours, theirs in both]
    row += [_interval(gains), _interval(_relative_gains(both))]
    row += [str(sum(gain > 0 for gain in gains)), str(gains.count(0))]
    row.append(str(sum(gain < 0 for gain in gains)))
    for ones in ([theirs for *_, theirs in pairs], [ours for _, ours, _ in pairs]):
        row.append(f"{sum(not run.is_feasible for run in ones)}/{len(pairs)}")
    return row


def _relative_gains(pairs: Sequence[tuple[tuple[str, int], Run, Run]]) -> list[float]:
    """Percent an instance; where the full pipeline costs nothing there is none."""
    gains = []
    for instance in dict.fromkeys(key[0] for key, _, _ in pairs):
        ours = fmean(x.cost for key, x, _ in pairs if key[0] == instance)
        theirs = fmean(x.cost for key, _, x in pairs if key[0] == instance)
        if ours:
            gains.append(100 * (theirs - ours) / ours)
    return gains


def _interval(values: Sequence[float]) -> str:
    if not values:
        return "-"
    mean, margin = confidence_interval(values)
    return f"{mean:+.1f} ± {margin:.1f}"


if __name__ == "__main__":
    main()
