"""Large universities: generated ones of 1,000 to 3,000 courses, through the whole command.

    python -m benchmarks.quality.size --judge PROGRAM --time-limit 300 --courses 1000 2000 3000

How fast the kernels are on such sizes is told by ``benchmarks.speed.scaling``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.quality.markdown import seconds, table
from benchmarks.quality.measure import Conditions, measure_all, use_cores
from benchmarks.quality.records import Run
from benchmarks.quality.solvers import check_solver
from benchmarks.quality.summary import conditions
from timetabling.formats import ectt
from timetabling.generator import generate
from timetabling.problem import Problem

__all__ = ["size_table"]


def main() -> None:
    """Generate, run, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--courses", type=int, nargs="+", default=[1000, 2000, 3000])
    parser.add_argument("--time-limit", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--seeds", type=int, default=1, help="of the search")
    parser.add_argument("--instance-seed", type=int, default=0, help="of the generator")
    parser.add_argument("--solvers", nargs="+", default=["horarium"])
    parser.add_argument("--formulation", default="UD2")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--runs", type=Path, help="JSON lines of finished runs, added to")
    chosen = parser.parse_args()
    try:
        for solver in chosen.solvers:
            check_solver(solver)
        use_cores(chosen.cores)
    except ValueError as error:
        parser.error(str(error))
    problems: dict[str, Problem] = {}
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for num_courses in chosen.courses:
            begun = time.monotonic()
            problem = generate(num_courses, seed=chosen.instance_seed).problem
            path = Path(folder) / f"{problem.name}.ectt"
            ectt.write(problem, path)
            problems[path.stem] = problem
            paths.append(path)
            print(f"{problem.name}: made in {time.monotonic() - begun:.1f} s", file=sys.stderr)
        runs = list(
            measure_all(
                chosen.solvers, paths, range(chosen.seeds), [chosen.time_limit],
                Conditions(chosen.formulation, chosen.judge, chosen.cores), chosen.runs,
            )
        )  # fmt: skip
    if not runs:
        sys.exit("no run came to its end")
    print(f"{chosen.formulation}, {chosen.time_limit:g} s. {conditions(runs)}\n")
    print(size_table(problems, runs))


def size_table(problems: dict[str, Problem], runs: list[Run]) -> str:
    """Tabulate runs of instances, which are found by the names that the runs have for them."""
    rows = []
    for run in sorted(runs, key=lambda run: problems[run.instance].num_lectures):
        problem = problems[run.instance]
        rows.append(
            [
                run.instance, str(problem.num_lectures), str(len(problem.rooms)),
                str(len(problem.curricula)), run.solver, str(run.seed), str(run.violations),
                str(run.cost), seconds(run.feasible_after), seconds(run.seconds),
                seconds(run.process_seconds), f"{run.peak_memory / 2**20:,.0f} MiB",
            ]
        )  # fmt: skip
    return table(
        [
            "instance", "lectures", "rooms", "curricula", "solver", "seed", "violations", "cost",
            "feasible after", "written after", "whole process", "peak memory",
        ],
        rows,
    )  # fmt: skip


if __name__ == "__main__":
    main()
