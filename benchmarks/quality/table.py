"""How good the timetables of the whole command are: instances, seeds and a time limit.

    python -m benchmarks.quality.table INSTANCES --judge PROGRAM --time-limit 120 --seeds 5

Each run is ``horarium generate``, from reading the file to the written timetable, alone on the
machine. Its cost is what PROGRAM says of the file, an independent judge called as ``PROGRAM
instance solution --formulation UD2 --json`` that prints ``violations`` and ``cost``. Progress says
when a first timetable without violations was there, and when one within a tenth of the best known.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from tracking.embedded import embedded_redis
from tracking.testing import Recorder

# UD2. Ceschia, Di Gaspero and Schaerf, arXiv 2201.07525, table 13.
BEST_KNOWN = {
    "comp01": 5, "comp02": 24, "comp03": 64, "comp04": 35, "comp05": 284, "comp06": 27,
    "comp07": 6, "comp08": 37, "comp09": 96, "comp10": 4, "comp11": 0, "comp12": 294,
    "comp13": 59, "comp14": 51,
}  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """Of one run; times in seconds since it began, None for what was not reached."""

    violations: int
    cost: int
    feasible_after: float | None
    near_best_after: float | None


def main() -> None:
    """Run everything, and print a line an instance."""
    parser = argparse.ArgumentParser()
    parser.add_argument("instances", type=Path, help="a file, or a folder of .ectt files")
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--time-limit", type=float, default=120)
    parser.add_argument("--seeds", type=int, default=1)
    chosen = parser.parse_args()
    folder: Path = chosen.instances
    paths = sorted(folder.glob("*.ectt")) if folder.is_dir() else [folder]
    print(f"{chosen.time_limit:g} s, {chosen.seeds} seeds, load before: {os.getloadavg()[0]:.1f}")
    print(f"{'':18} {'mean':>7} {'best':>5} {'known':>5} {'gap':>6}  feasible  near best  costs")
    means: list[float] = []
    for path in paths:
        runs = [_run(path, seed, chosen.time_limit, chosen.judge) for seed in range(chosen.seeds)]
        costs = [run.cost for run in runs]
        means.append(fmean(costs))
        known = BEST_KNOWN.get(path.stem)
        best_known, gap = "", ""
        if known is not None:
            best_known, gap = str(known), f"{fmean(costs) - known:+.1f}"
        broken = sum(run.violations for run in runs)
        print(
            f"{path.stem:18} {fmean(costs):7.1f} {min(costs):5} {best_known:>5} {gap:>6} "
            f"{_mean_time([run.feasible_after for run in runs]):>9} "
            f"{_mean_time([run.near_best_after for run in runs]):>10}  {costs}"
            + (f"  {broken} VIOLATIONS" if broken else ""),
            flush=True,
        )
    print(f"{'total of means':18} {sum(means):7.1f}     load after: {os.getloadavg()[0]:.1f}")


def _run(path: Path, seed: int, seconds: float, judge: Path) -> Outcome:
    with tempfile.TemporaryDirectory() as spare, embedded_redis() as url:
        output = Path(spare) / "timetable.sol"
        with Recorder(url) as recorder:
            done = subprocess.run(
                [
                    sys.executable, "-c", "from flows.cli import main; main()", "generate", path,
                    "--time-limit", str(seconds), "--seed", str(seed), "--output", output,
                    "--redis-url", url,
                ],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
        if done.returncode not in (0, 1):
            raise RuntimeError(f"{path.stem}, seed {seed}: {done.stderr}")
        judged = subprocess.run(
            [sys.executable, judge, path, output, "--formulation", "UD2", "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    answer = json.loads(judged.stdout)
    near = 1.1 * BEST_KNOWN.get(path.stem, -1)
    return Outcome(
        int(answer["violations"]),
        int(answer["cost"]),
        _first(recorder.events, float("inf")),
        _first(recorder.events, near),
    )


def _first(events: list[tuple[float, dict[str, Any]]], cost: float) -> float | None:
    """When a feasible timetable of at most that cost was first told of."""
    for at, snapshot in events:
        figures = snapshot["metadata"]
        if figures.get("violations") == 0 and figures["cost"] <= cost:
            return at - events[0][0]
    return None


def _mean_time(times: list[float | None]) -> str:
    reached = [time for time in times if time is not None]
    if not reached:
        return "-"
    share = "" if len(reached) == len(times) else f" ({len(reached)}/{len(times)})"
    return f"{fmean(reached):.0f} s{share}"


if __name__ == "__main__":
    main()
