"""The flow: its name, its parameters as Prefect's form shows them, and its hooks.

What it does is in `flows.making`, which imports all engines. That takes seconds, in which the bar
of a run in a new process should live, so nothing here imports any.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from pydantic import Field

from flows.checkpoints import forget
from flows.retries import RETRIES, RETRY_DELAY_SECONDS
from flows.settings import Settings
from tasks.publish import Published
from timetabling.penalties import FormulationName
from tracking.hooks import current_reporter, tracked

__all__ = ["timetable"]

IMPORTING_SECONDS = 3.0
MAX_PRICE = 1_000_000  # the kernels' integers have 32 bits


def _run_name() -> str:
    """The instance and the rules, such as "comp02 UD2 with windows 3"."""
    given = flow_run.parameters
    told = ", ".join(f"{rule} {weight}" for rule, weight in (given["weights"] or {}).items())
    return f"{given['instance'].stem} {given['formulation']}" + (f" with {told}" if told else "")


_HOOKS = tracked()
_HOOKS["on_completion"].append(forget)


@flow(
    name="timetable",
    description="Make a university's weekly timetable and write it, feasible or not.",
    flow_run_name=_run_name,
    task_runner=Settings().make_task_runner(),
    retries=RETRIES,
    retry_delay_seconds=RETRY_DELAY_SECONDS,
    **_HOOKS,
)
def timetable(
    instance: Path,
    output: Path | None = None,
    formulation: FormulationName = "UD2",
    weights: dict[str, int] | None = None,
    time_limit_seconds: Annotated[float, Field(gt=0)] = 120.0,
    work_limit: Annotated[int | None, Field(ge=0)] = None,
    plan: Literal["default", "search-heavy", "solve-heavy", "learned"] = "default",
    seed: Annotated[int, Field(ge=0)] = 0,
    start: Path | None = None,
    pins: Path | None = None,
    before: Path | None = None,
    change_price: Annotated[int, Field(ge=0, le=MAX_PRICE)] = 1,
    max_changes: Annotated[int | None, Field(ge=0)] = None,
    job_id: str | None = None,  # noqa: ARG001 - the hooks read it
) -> Published | State[Any]:
    # In Google's style: Prefect shows what it finds there in its form.
    """Make a university's weekly timetable and write it, feasible or not.

    Args:
        instance: What to plan: a file's path, or the name of one in the folder of instances.
        output: File for the timetable, an absolute path. Left empty, it goes to the job's own
            folder, and beside it what each lecture costs and why, and what was found when.
        formulation: Which rules count and what they cost, UD1 to UD5.
        weights: What a unit of a soft rule costs in place of that, 0 to 100, such as
            {"windows": 3}; 0 leaves the rule out, and a rule the formulation lacks is added.
        time_limit_seconds: Seconds from reading the instance to the written timetable.
        work_limit: Units of work, some millions a second, in place of the time limit; the same seed
            then gives the same timetable.
        plan: How much of the progress bar each stage is worth.
        seed: Another seed searches another way.
        start: File of a timetable to go on from, an absolute path: course, room, day and period a
            line, or a table (.csv, .xlsx).
        pins: File of places that lectures must keep, an absolute path: as in a timetable, with `-`
            for a room, or a day and a period, that is left open.
        before: File of the timetable that people have already, an absolute path: lines as for
            `start`, or a table (.csv, .xlsx). The search starts from it, and as little of it as can
            be is changed. What the instance has no longer is left out.
        change_price: What each lecture costs that is not held when and where it was before.
        max_changes: How many such lectures there may be at most.
        job_id: Name of the job. Left empty, the id of this run. A run that has the name of one that
            broke off, and all else the same, goes on from what that one had found.

    Returns:
        Where the timetable is, and what it breaks and costs, rule by rule.
    """
    if "flows.making" not in sys.modules:
        reporter = current_reporter()
        reporter.expect({"loading": IMPORTING_SECONDS})
        reporter.start_stage("loading")
    from flows.making import make_timetable

    return make_timetable(
        instance,
        output,
        formulation=formulation,
        weights=weights or {},
        time_limit_seconds=time_limit_seconds,
        work_limit=work_limit,
        plan=plan,
        seed=seed,
        start=start,
        pins=pins,
        before=before,
        change_price=change_price,
        max_changes=max_changes,
    )
