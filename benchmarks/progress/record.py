"""Record the reports of real runs as traces: ``python -m benchmarks.progress.record INSTANCES TO``.

Runs the whole flow on each instance of a folder (and its subfolders) with time limits and work
limits, plans and seeds in turn, one run after the other. Takes about half a minute a run.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

TIME_LIMITS = (15, 20, 30, 45, 60)  # seconds
WORK_LIMITS = (100_000_000, 200_000_000, 400_000_000)
PLANS = ("default", "search-heavy", "solve-heavy")
LEAST_SECONDS = 5.0  # of a shorter run nobody asks for the time left


def main() -> None:
    """Record a run with a time limit for each instance, and one with a work limit for half."""
    instances, folder = Path(sys.argv[1]), Path(sys.argv[2])
    paths = sorted(path for path in [*instances.rglob("*.ectt"), *Path("examples").glob("*.ectt")])
    limits, works = cycle(TIME_LIMITS), cycle(WORK_LIMITS)
    runs: list[tuple[Path, dict[str, float]]] = []
    for number, path in enumerate(paths):
        runs.append((path, {"time_limit_seconds": next(limits)}))
        if number % 2 == 0:
            runs.append((path, {"work_limit": next(works)}))
    # A stride through the list, so that neighbours differ in kind and size.
    order = [(17 * number) % len(runs) for number in range(len(runs))]
    if sorted(order) != list(range(len(runs))):
        raise ValueError(f"{len(runs)} runs: expected a number that 17 does not divide")
    folder.mkdir(parents=True, exist_ok=True)
    _record([(number, *runs[place]) for number, place in enumerate(order)], folder)


def _record(runs: list[tuple[int, Path, dict[str, float]]], folder: Path) -> None:
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    import tracking.reporter
    from flows.server import prefect_server
    from flows.timetable import timetable
    from timetabling.formats import read_problem
    from timetabling.kernels import warm_up
    from tracking.embedded import embedded_redis
    from tracking.progress import Progress

    class Recorded(Progress):
        """Keeps what it is told."""

        def _keep(self, now: float, *report: Any) -> None:
            reports.append([now, *report])

        def expect(self, seconds: Mapping[str, float], *, size: float | None = None) -> None:
            if seconds:
                self._keep(self._now, "expect", {k: round(v, 3) for k, v in seconds.items()})
            super().expect(seconds, size=size)

        def start_stage(self, stage_id: str, now: float) -> None:
            self._keep(now, "start", stage_id)
            super().start_stage(stage_id, now)

        def count(self, completed: int, total: int | None, now: float) -> None:
            self._keep(now, "count", completed, total or 0)
            super().count(completed, total, now)

        def complete_stage(self, now: float) -> None:
            self._keep(now, "complete")
            super().complete_stage(now)

        def end(self, status: Any, now: float, *, reason: str = "") -> None:
            self._keep(now, "end", status)
            super().end(status, now, reason=reason)

    reports: list[list[Any]] = []
    setattr(tracking.reporter, "Progress", Recorded)  # noqa: B010 - it exports no Progress
    with embedded_redis() as url, prefect_server() as wait, tempfile.TemporaryDirectory() as spare:
        os.environ["HORARIUM_REDIS_URL"] = url
        warm_up()
        wait()
        for number, path, limit in runs:
            problem = read_problem(path)
            plan = PLANS[number % len(PLANS)]
            reports.clear()
            output = Path(spare) / "timetable.sol"
            timetable(
                instance=path.resolve(), output=output, plan=plan, seed=number,
                return_state=True, **limit,
            )  # fmt: skip
            began = reports[0][0]
            told = [[round(now - began, 2), *report] for now, *report in reports]
            kept = [
                report for i, report in enumerate(told) if not i or report[1:] != told[i - 1][1:]
            ]
            print(f"{number:2} {path.stem:18} {plan:12} {limit} {kept[-1][0]:.1f} s", flush=True)
            if kept[-1][0] < LEAST_SECONDS:
                continue
            what = {
                "instance": path.stem, "size": problem.num_lectures, "plan": plan, "seed": number,
                **limit, "reports": kept,
            }  # fmt: skip
            to = folder / f"{number:02}-{path.stem}.json"
            to.write_text(json.dumps(what, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main()
