"""Tables and pictures of finished runs: ``python -m benchmarks.quality.report FILE...``.

The files are those that ``benchmarks.quality.table`` and ``ablation`` write with ``--runs``; of a
run that is in several, the first counts. With ``--plots FOLDER`` the cost over time is drawn, a
picture an instance.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.quality.records import read_runs
from benchmarks.quality.summary import summarize

__all__: list[str] = []


def main() -> None:
    """Print the tables, and draw the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--solvers", nargs="+", help="only these")
    parser.add_argument("--plots", type=Path, metavar="FOLDER")
    parser.add_argument("--format", choices=("svg", "png"), default="svg")
    chosen = parser.parse_args()
    try:
        runs = read_runs(chosen.files)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if chosen.solvers:
        runs = [run for run in runs if run.solver in chosen.solvers]
    print("\n\n".join(summarize(runs)))
    if chosen.plots is not None:
        from benchmarks.quality.plots import draw_all  # matplotlib is in the extra `bench`

        for path in draw_all(runs, chosen.plots, chosen.format):
            print(f"\ndrawn: {path}")


if __name__ == "__main__":
    main()
