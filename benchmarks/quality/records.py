"""One finished run as one line of JSON: runs can be interrupted, gone on with, and joined."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Key", "Run", "append_run", "read_runs"]


class Key(NamedTuple):
    """What makes two runs the same one, whatever commit and machine did it."""

    solver: str
    instance: str
    formulation: str
    seed: int
    time_limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of one run. Times are in seconds since it began to read its file.

    Parameters
    ----------
    solver, instance, formulation, seed, time_limit
        What was run.
    violations, cost
        Of the written file, by the judge.
    seconds
        Until the file was written.
    process_seconds
        The whole process, with what it needs to start and to end.
    feasible_after, near_best_after
        Until there was a timetable without violations, and one within a tenth of the best known
        cost; None for what was not reached.
    curve
        (seconds, cost) of each better timetable without violations.
    peak_memory
        Bytes, of all processes of the run together; sampled.
    commit, machine, cores, load_before
        Under which conditions.
    """

    solver: str
    instance: str
    formulation: str
    seed: int
    time_limit: float
    violations: int
    cost: int
    seconds: float
    process_seconds: float
    feasible_after: float | None
    near_best_after: float | None
    curve: tuple[tuple[float, int], ...]
    peak_memory: int
    commit: str
    machine: str
    cores: int
    load_before: float

    @property
    def key(self) -> Key:
        """What was run."""
        return Key(self.solver, self.instance, self.formulation, self.seed, self.time_limit)

    @property
    def is_feasible(self) -> bool:
        """Whether the judge found no violation."""
        return self.violations == 0


def append_run(run: Run, path: Path) -> None:
    """Add a run to a file; neither it nor its folder need exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(run)) + "\n")


def read_runs(paths: Iterable[Path]) -> list[Run]:
    """Read the runs of some files; of one that is there twice, the first counts.

    Raises
    ------
    ValueError
        If a line is not a run. The last line of a file may be cut off: its run was interrupted.
    OSError
        If a file cannot be read.
    """
    runs: dict[Key, Run] = {}
    for path in paths:
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines, 1):
            if not line.strip() or number == len(lines):
                continue
            try:
                run = _decode(json.loads(line))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{path}, line {number}: expected a run: {error}") from error
            runs.setdefault(run.key, run)
    return list(runs.values())


def _decode(line: dict[str, Any]) -> Run:
    return Run(**{**line, "curve": tuple((at, cost) for at, cost in line["curve"])})
