"""What real runs reported, and when: recorded once, replayed on a clock of its own.

A trace is a JSON file: what was run (instance, limits, plan, seed) and its reports, each with the
seconds since the first: ``["expect", {stage: seconds}]``, ``["start", stage]``, ``["count",
completed, total]`` (units of the stage in work, thinned to five a second), ``["complete"]`` and
``["end", status]``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracking.accuracy import Look
from tracking.history import Record
from tracking.plan import Plan
from tracking.progress import Progress
from tracking.snapshot import Snapshot

__all__ = ["FOLDER", "Trace", "load", "replay"]

FOLDER = Path(__file__).with_name("runs")

_BEGAN = 1_700_000_000.0
_PAUSE_SECONDS, _HURRY_SECONDS = 0.4, 0.04  # as the publisher's


@dataclass(frozen=True)
class Trace:
    """One run.

    Parameters
    ----------
    name
        Of the file.
    kind
        Runs of one kind say something about each other: the deployment.
    ended_early
        Whether it was done before its limit, since nothing was left to improve.
    plan
        Name of the plan that the run had.
    size
        Of the problem.
    reports
        ``(seconds, verb, ...)``.
    """

    name: str
    kind: str
    ended_early: bool
    plan: str
    size: float
    reports: Sequence[Sequence[Any]]

    @property
    def seconds(self) -> float:
        """How long the run took."""
        return float(self.reports[-1][0])


def load() -> list[Trace]:
    """All recorded runs, in the order in which they ran."""
    return [_read(path) for path in sorted(FOLDER.glob("*.json"))]


def _read(path: Path) -> Trace:
    what = json.loads(path.read_text(encoding="utf-8"))
    reports = what["reports"]
    last_stage = next(i for i, report in enumerate(reports) if report[-1] == "rl_refinement")
    early = all(report[1] != "count" for report in reports[last_stage:])
    kind = "time limit" if "time_limit_seconds" in what else "work limit"
    return Trace(path.stem, kind, early, what["plan"], float(what["size"]), reports)


def replay(
    trace: Trace, plan: Plan, history: Sequence[Record] = ()
) -> tuple[list[tuple[Look, Snapshot]], Record]:
    """Let a run happen again, as fast as it can be computed.

    Parameters
    ----------
    plan
        In place of the run's own; with the same stages.
    history
        What is known of earlier runs.

    Returns
    -------
    What was shown, each time; and how the run went.
    """
    progress = Progress(plan, trace.name, _BEGAN)
    progress.remember(history)
    progress.expect({}, size=trace.size)
    shown: list[tuple[Look, Snapshot]] = []
    due = 0.0
    for report in trace.reports:
        while due < report[0]:
            shown.append(_look(progress, due))
            due += _HURRY_SECONDS if progress.hurry else _PAUSE_SECONDS
        _tell(progress, report)
        if report[1] in ("start", "complete"):
            due = min(due, float(report[0]))  # a change of stage wakes the publisher
    record = progress.record(trace.kind)
    if record is None:
        raise ValueError(f"{trace.name}: expected an end, got {trace.reports[-1]}")
    return shown, record


def _look(progress: Progress, elapsed: float) -> tuple[Look, Snapshot]:
    snapshot = progress.next(_BEGAN + elapsed)
    return (
        Look(
            elapsed,
            snapshot["overall_progress"],
            snapshot["eta_seconds"],
            snapshot["eta_low_seconds"],
            snapshot["eta_high_seconds"],
        ),
        snapshot,
    )


def _tell(progress: Progress, report: Sequence[Any]) -> None:
    now = _BEGAN + float(report[0])
    match list(report[1:]):
        case ["expect", dict(seconds)]:
            progress.expect(seconds)
        case ["start", str(stage)]:
            progress.start_stage(stage, now)
        case ["count", int(completed), int(total)]:
            progress.count(completed, total or None, now)
        case ["complete"]:
            progress.complete_stage(now)
        case ["end", str(status)]:
            progress.end(status, now)  # type: ignore[arg-type]
        case unknown:
            raise ValueError(f"expected a report, got {unknown}")


def finished_percents(trace: Trace, plan: Plan) -> Iterator[tuple[float, float]]:
    """When units were finished, and the percentage that finished units give: what a bar that is
    fed by hand would be told."""
    stage, fraction = plan.stages[0], 0.0
    for report in trace.reports:
        match list(report[1:]):
            case ["start", str(name)]:
                stage, fraction = plan.stage(name), 0.0
            case ["count", int(completed), int(total)] if total:
                fraction = completed / total
            case ["complete"]:
                fraction = 1.0
            case _:
                continue
        yield float(report[0]), stage.start + stage.weight * fraction
