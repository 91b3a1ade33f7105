"""Run, judge and record: each run alone, and none that is recorded already."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.quality.best_known import best_known
from benchmarks.quality.records import Key, Run, append_run, read_runs
from benchmarks.quality.solvers import Found, try_solver

__all__ = ["Conditions", "find_instances", "measure", "measure_all", "use_cores"]

NEAR_BEST = 1.1  # times the best known cost
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What all runs of one benchmark have in common."""

    formulation: str
    judge: Path
    cores: int


def find_instances(paths: Sequence[Path]) -> list[Path]:
    """Take files as they are, and of each folder its .ectt files.

    Raises
    ------
    ValueError
        If there is none, or one does not exist.
    """
    found = [
        file
        for path in paths
        for file in (sorted(path.glob("*.ectt")) if path.is_dir() else [path])
    ]
    missing = [str(path) for path in found if not path.is_file()]
    if missing or not found:
        raise ValueError(f"instances: expected files, got {', '.join(missing) or 'none'}")
    return found


def use_cores(number: int) -> None:
    """Keep this process, and all it starts, to so many cores.

    Raises
    ------
    ValueError
        If the machine has fewer.
    """
    available = sorted(os.sched_getaffinity(0))
    if not 1 <= number <= len(available):
        raise ValueError(f"--cores: expected 1 to {len(available)}, got {number}")
    os.sched_setaffinity(0, available[:number])


def measure_all(
    solvers: Sequence[str],
    instances: Sequence[Path],
    seeds: Sequence[int],
    time_limits: Sequence[float],
    conditions: Conditions,
    record: Path | None,
) -> Iterator[Run]:
    """Give every run, from the record if it is there, else made and recorded now.

    Solvers come one after the other on the same instance and seed, so that they see the same
    machine; a seed of all instances comes before the next seed, so that little is lost if it is
    interrupted. A run that fails is told on standard error and left out.
    """
    done: dict[Key, Run] = {}
    if record is not None and record.exists():
        _mend(record)
        done = {run.key: run for run in read_runs([record])}
    for time_limit in time_limits:
        for seed in seeds:
            for path in instances:
                for solver in solvers:
                    key = Key(solver, path.stem, conditions.formulation, seed, time_limit)
                    if key in done:
                        yield done[key]
                        continue
                    try:
                        run = measure(solver, path, seed, time_limit, conditions)
                    except (RuntimeError, subprocess.TimeoutExpired) as error:
                        print(f"FAILED {' '.join(map(str, key))}: {error}", file=sys.stderr)
                        continue
                    if record is not None:
                        append_run(run, record)
                    yield run


def measure(
    solver: str, instance: Path, seed: int, time_limit: float, conditions: Conditions
) -> Run:
    """Run a solver once, and have its timetable judged."""
    load = os.getloadavg()[0]
    rules = conditions.formulation
    with tempfile.TemporaryDirectory() as spare:
        output = Path(spare) / "timetable.sol"
        trial = try_solver(
            solver, instance, output,
            formulation=rules, seed=seed, time_limit=time_limit, num_threads=conditions.cores,
        )  # fmt: skip
        violations, cost = _judge(conditions.judge, instance, output, rules)
    found = trial.found
    if not violations:
        found = (*found, Found(trial.written_after, violations, cost))
    curve = _curve(found)
    known = best_known(instance.stem, rules)
    return Run(
        solver=solver,
        instance=instance.stem,
        formulation=rules,
        seed=seed,
        time_limit=time_limit,
        violations=violations,
        cost=cost,
        seconds=round(trial.written_after, 2),
        process_seconds=round(trial.process.seconds, 2),
        feasible_after=curve[0][0] if curve else None,
        near_best_after=None if known is None else _first(curve, NEAR_BEST * known),
        curve=curve,
        peak_memory=trial.process.peak_memory,
        commit=_commit(),
        machine=_machine(),
        cores=conditions.cores,
        load_before=round(load, 2),
    )


def _judge(program: Path, instance: Path, solution: Path, formulation: str) -> tuple[int, int]:
    done = subprocess.run(
        [sys.executable, program, instance, solution, "--formulation", formulation, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{program}: exit status {done.returncode}: {done.stderr}")
    answer = json.loads(done.stdout)
    return int(answer["violations"]), int(answer["cost"])


def _curve(found: Sequence[Found]) -> tuple[tuple[float, int], ...]:
    """Every feasible timetable that was better than those before it."""
    curve: list[tuple[float, int]] = []
    for each in found:
        if each.violations == 0 and (not curve or each.cost < curve[-1][1]):
            curve.append((round(each.seconds, 2), each.cost))
    return tuple(curve)


def _first(curve: Sequence[tuple[float, int]], cost: float) -> float | None:
    return next((at for at, reached in curve if reached <= cost), None)


def _mend(record: Path) -> None:
    """Drop a last line without its end: the run that was being written is made again."""
    text = record.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        record.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")


def _commit() -> str:
    """Say which commit this is, and whether files were changed since."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _machine() -> str:
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(x.partition(":")[2].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, Python {platform.python_version()}"
