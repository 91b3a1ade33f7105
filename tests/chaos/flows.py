"""A flow that chaos happens to, in a process of its own: what it does is an argument."""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.context import TaskRunContext
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner, ThreadPoolTaskRunner

from tracking.hooks import current_reporter, tracked
from tracking.plan import Plan, Stage

__all__ = ["HOLD", "MOST_TRIES", "PLAN", "main", "mapped"]

PLAN = Plan("chaos", (Stage("prepare", "Preparing", 0, 10), Stage("compute", "Computing", 10, 100)))
HOLD = "hold"  # while the folder has a file of this name, the second half of the tasks waits
MOST_TRIES = 4


class TroubleError(Exception):
    """What the chaos makes of a task."""


def _fails_at(seed: int, number: int, attempt: int, items: int) -> int | None:
    """After how many of its items an attempt fails; None if it does not."""
    chance = random.Random(f"{seed} {number} {attempt}")
    if attempt == MOST_TRIES or chance.random() < 0.5:
        return None
    return chance.randint(0, items)


@task(retries=MOST_TRIES - 1)
def _compute(
    number: int, *, folder: str, items: int, pause_seconds: float, late: bool, seed: int | None
) -> None:
    """Count `items`, one after each pause; with a seed, attempts fail at random."""
    unit, context = current_reporter(), TaskRunContext.get()
    assert context is not None
    attempt = context.task_run.run_count
    fails_at = None if seed is None else _fails_at(seed, number, attempt, items)
    here = f"in {os.getpid()}"
    if any(here not in mark.name for mark in Path(folder).glob(f"task {number} *")):
        fails_at = None  # its process was killed: this time it succeeds
    (Path(folder) / f"task {number} attempt {attempt} {here}").touch()
    for item in range(items):
        if item == fails_at:
            raise TroubleError(f"at item {item}")
        time.sleep(pause_seconds)
        unit.advance()
        while late and (Path(folder) / HOLD).exists():
            time.sleep(0.02)
    if items == fails_at:
        raise TroubleError("at the end")


@flow(**tracked(PLAN), log_prints=False)
def mapped(
    job_id: str,
    folder: str,
    tasks: int,
    items: int,
    pause_seconds: float = 0.05,
    seed: int | None = None,
) -> None:
    """Two stages; the second has `tasks` mapped tasks of `items` each."""
    reporter = current_reporter()
    reporter.update("begun", pid=os.getpid())
    reporter.start_stage("prepare")
    reporter.start_stage("compute")
    reporter.update_stage_progress(0, tasks * items)
    what: dict[str, Any] = {
        "folder": folder, "items": items, "pause_seconds": pause_seconds, "seed": seed,
    }  # fmt: skip
    done = [_compute.submit(n, **what, late=n >= tasks // 2) for n in range(tasks)]
    for one in done:
        one.result()


def _runner(name: str, workers: int, address: str | None) -> TaskRunner[Any]:
    if name == "threads":
        return ThreadPoolTaskRunner(max_workers=workers)
    if name == "processes":
        return ProcessPoolTaskRunner(max_workers=workers)
    from prefect_dask.task_runners import DaskTaskRunner

    return DaskTaskRunner(address=address)


def main() -> None:
    """Run, or serve, the flow as the argument says, in JSON."""
    what = json.loads(sys.argv[1])
    if "serve" in what:
        mapped.serve(what["serve"], pause_on_shutdown=False)
        return
    runner = _runner(what.pop("runner"), what.pop("workers"), what.pop("address", None))
    mapped.with_options(task_runner=runner)(**what)
