"""How good the timetables are: solvers x instances x seeds x time limits, each run alone.

    python -m benchmarks.quality.table INSTANCES --judge PROGRAM --time-limit 120 --seeds 5
        --solvers horarium cpsat-whole timefold --runs runs.jsonl

``horarium`` is ``horarium generate``, the whole command. All solvers have the same cores and the
same time, from reading the file to the written timetable; starting Python, Prefect or Timefold's
Java is not counted. The cost is what PROGRAM says of the file, an independent judge called as
``PROGRAM instance solution --formulation UD2 --json`` that prints ``violations`` and ``cost``.

Each finished run is a line of the file ``--runs``. A run that is there is not made again, so what
was interrupted goes on; ``benchmarks.quality.report`` makes tables and pictures of such files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.quality.measure import Conditions, find_instances, measure_all, use_cores
from benchmarks.quality.records import Run
from benchmarks.quality.solvers import check_solver
from benchmarks.quality.summary import summarize
from timetabling.penalties import formulation

__all__ = ["add_arguments", "make_runs"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the commands that make runs have in common."""
    parser.add_argument("instances", type=Path, nargs="+", help="files, or folders of .ectt files")
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--time-limit", type=float, nargs="+", default=[120.0], metavar="SECONDS")
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--formulation", default="UD2")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--runs", type=Path, help="JSON lines of finished runs, added to")


def make_runs(chosen: argparse.Namespace, solvers: list[str]) -> list[Run]:
    """Make the runs that the arguments ask for; a line of each goes to standard error.

    Raises
    ------
    ValueError
        If something that is named is not there.
    """
    formulation(chosen.formulation)
    for solver in solvers:
        check_solver(solver)
    if not chosen.judge.is_file():
        raise ValueError(f"--judge: expected a program, got {chosen.judge}")
    instances = find_instances(chosen.instances)
    use_cores(chosen.cores)
    runs = []
    for run in measure_all(
        solvers,
        instances,
        range(chosen.first_seed, chosen.first_seed + chosen.seeds),
        chosen.time_limit,
        Conditions(chosen.formulation, chosen.judge, chosen.cores),
        chosen.runs,
    ):
        print(
            f"{run.time_limit:g} s, seed {run.seed}: {run.instance:12} {run.solver:14} "
            f"violations {run.violations}, cost {run.cost}",
            file=sys.stderr,
        )
        runs.append(run)
    return runs


def main() -> None:
    """Make the runs, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--solvers", nargs="+", default=["horarium"])
    chosen = parser.parse_args()
    try:
        runs = make_runs(chosen, chosen.solvers)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    print("\n\n".join(summarize(runs)))


if __name__ == "__main__":
    main()
