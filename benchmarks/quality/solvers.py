"""The solvers that are compared: how each is started, and how it tells what it has found."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from types import MappingProxyType

from benchmarks.quality.pipeline import VARIANTS
from benchmarks.quality.process import Finished, run_process
from benchmarks.quality.rivals.cpsolver import find_class_path
from tracking.embedded import embedded_redis
from tracking.testing import Recorder

__all__ = ["Found", "Trial", "check_solver", "solver_names", "try_solver"]

RIVALS: Mapping[str, str] = MappingProxyType(
    {
        "cpsat-whole": "benchmarks.quality.rivals.cpsat_whole",
        "cpsolver": "benchmarks.quality.rivals.cpsolver",
        "timefold": "benchmarks.quality.rivals.timefold_model",
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """A timetable that a solver has found, and after how many seconds."""

    seconds: float
    violations: int
    cost: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A solver's run: what it found, in order, and when the file was written."""

    found: tuple[Found, ...]
    written_after: float
    process: Finished


def solver_names() -> list[str]:
    """List the solvers: the command, its rivals, and the variants of its pipeline."""
    return ["horarium", *RIVALS, *VARIANTS]


def check_solver(name: str) -> None:
    """Refuse a solver that is not known, or cannot run here.

    Raises
    ------
    ValueError
        With what it lacks.
    """
    if name not in solver_names():
        raise ValueError(f"solver: expected one of {', '.join(solver_names())}, got {name!r}")
    if name == "cpsolver":
        find_class_path()
    if name == "timefold":
        if find_spec("timefold") is None:
            raise ValueError("timefold: not installed; `make rivals` installs it")
        home = os.environ.get("JAVA_HOME")
        if which("java") is None and not (home and (Path(home) / "bin/java").is_file()):
            raise ValueError("timefold: no java in PATH or JAVA_HOME; it needs a JDK 17 or later")


def try_solver(
    name: str,
    instance: Path,
    output: Path,
    *,
    formulation: str,
    seed: int,
    time_limit: float,
    num_threads: int,
) -> Trial:
    """Run a solver once, in a process of its own.

    Raises
    ------
    RuntimeError
        If it fails; with what it said.
    subprocess.TimeoutExpired
        If it takes more than twice its time and two minutes to start and end.
    """
    timeout_seconds = 2 * time_limit + 120
    options = [
        "--formulation", formulation, "--time-limit", str(time_limit), "--seed", str(seed),
    ]  # fmt: skip
    if name == "horarium":
        environment = {**os.environ, "HORARIUM_NUM_WORKERS": str(num_threads)}
        with embedded_redis() as url, Recorder(url) as recorder:
            process = run_process(
                [
                    sys.executable, "-c", "from flows.cli import main; main()", "generate",
                    instance, "--output", output, "--redis-url", url, *options,
                ],
                environment=environment, timeout_seconds=timeout_seconds,
            )  # fmt: skip
            _check(name, process, output)
            events = recorder.events
        began = events[0][0]
        found = tuple(
            Found(at - began, int(figures["violations"]), int(figures["cost"]))
            for at, figures in ((at, snapshot["metadata"]) for at, snapshot in events)
            if {"violations", "cost"} <= figures.keys()
        )
        return Trial(found, events[-1][0] - began, process)
    if name in RIVALS:
        command = ["-m", RIVALS[name]]
    else:
        command = ["-m", "benchmarks.quality.pipeline", name]
    process = run_process(
        [sys.executable, *command, instance, output, "--threads", str(num_threads), *options],
        environment=os.environ, timeout_seconds=timeout_seconds,
    )  # fmt: skip
    _check(name, process, output)
    lines = [json.loads(line) for line in process.output.splitlines() if line.startswith("{")]
    found = tuple(Found(x["seconds"], x["violations"], x["cost"]) for x in lines)
    return Trial(found, float(lines[-1]["seconds"]), process)


def _check(name: str, process: Finished, output: Path) -> None:
    if process.status not in (0, 1) or not output.is_file():
        raise RuntimeError(f"{name}: exit status {process.status}: {process.errors[-2000:]}")
