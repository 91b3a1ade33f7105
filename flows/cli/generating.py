"""`horarium generate`: a whole run, here."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.cli.arguments import Instance, PlanName, RedisUrl, Rules, note, refuse, report_score
from flows.cli.weighing import Weights, read_weights
from flows.findings import lines
from flows.targets import check_output, check_solution
from timetabling.check import Finding, check
from timetabling.formats import read_before, read_pins, read_problem, read_solution
from timetabling.penalties import formulation
from tracking.keys import check_job_id
from tracking.plan import plan
from tracking.store import Store

__all__ = ["generate", "tell_why"]

# Prefect reads these when it is imported. Its log lines would tear the bars apart.
PREFECT_DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}

MOST_OF_A_KIND = 3


MOST_TOLD = 10  # lectures that cannot be kept


def generate(
    instance: Instance,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds from reading the file to the written timetable.")
    ] = 120.0,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Where to write the timetable: a `.sol` or a `.csv` file, and beside it its "
            "certificate. [default: the instance's name + .sol]"
        ),
    ] = None,
    rules: Rules = "UD2",
    weight: Weights = None,
    plan_name: PlanName = "default",
    seed: Annotated[int, typer.Option(min=0, help="The same seed searches the same way.")] = 0,
    work_limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Units of work (some millions a second) in place of the time limit: "
            "the same seed then gives the same timetable.",
        ),
    ] = None,
    job_id: Annotated[
        str | None,
        typer.Option(
            help="Name of the job; a broken-off job of that name, all else the same, goes on. "
            "[default: the flow run's id]"
        ),
    ] = None,
    redis_url: RedisUrl = None,
    start: Annotated[
        Path | None,
        typer.Option(
            help="A timetable to go on from: `course room day period` a line, or a table."
        ),
    ] = None,
    pins: Annotated[
        Path | None,
        typer.Option(
            help="Places that lectures must keep, `course room day period` a line, "
            "`-` for what is left open."
        ),
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option(
            help="The timetable that people have, read as for --start: start from it, and change "
            "little of it."
        ),
    ] = None,
    change_price: Annotated[
        int,
        typer.Option(
            min=0, max=1_000_000, help="What each lecture costs that --before has elsewhere."
        ),
    ] = 1,
    max_changes: Annotated[
        int | None, typer.Option(min=0, help="Most lectures that --before may have elsewhere.")
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option(help="Where to write what was found when: a CSV file, a line a change."),
    ] = None,
) -> None:
    """Make a timetable: run the whole flow here, show its progress, write the best found.

    Ctrl-C keeps the best timetable so far and writes it.
    """
    try:
        chosen_plan = plan(plan_name)
        weights = read_weights(weight)
        weighed = formulation(rules, weights)
        if job_id is not None:
            check_job_id(job_id)
        if redis_url is not None:
            Store(redis_url).close()
        _check_time_limit(time_limit)
        _check_max_changes(max_changes, before)
        target = check_solution(output or Path(f"{instance.absolute().stem}.sol"), instance)
        if curve is not None:
            check_output(curve, instance, target, *filter(None, [start, pins, before]))
        # Read here as well as in the flow: a typing error should cost no server's start.
        problem = read_problem(instance, tell=note)
        if start is not None:
            read_solution(start, problem)
        if pins is not None:
            problem = replace(problem, pins=problem.pins | read_pins(pins, problem))
        if before is not None:
            _tell_gone(read_before(before, problem)[1])
    except (ValueError, OSError) as error:
        refuse(error)

    for name, value in PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        # Prefect and the engines take seconds to import; nothing above needs them.
        from flows.run import run

        parameters = {
            "instance": instance.resolve(),
            "output": target.resolve(),
            "formulation": rules,
            "weights": weights,
            "time_limit_seconds": time_limit,
            "work_limit": work_limit,
            "plan": plan_name,
            "seed": seed,
            "start": None if start is None else start.resolve(),
            "pins": None if pins is None else pins.resolve(),
            "before": None if before is None else before.resolve(),
            "change_price": change_price,
            "max_changes": max_changes,
            "job_id": job_id,
        }
        published = run(
            parameters,
            chosen_plan,
            redis_url=redis_url,
            console=Console(stderr=True),
            curve=curve,
        )
    except (ValueError, OSError) as error:
        refuse(error)
    except RuntimeError as error:
        typer.echo(f"horarium: {error}", err=True)
        raise typer.Exit(3) from error
    except Exception as error:
        # Left to Python it would end with 1, which says that hard rules are broken.
        typer.echo(f"horarium: the run crashed: {error!r}", err=True)
        raise typer.Exit(3) from error
    report_score(published.score, weighed.name, published.bound)
    typer.echo(f"written: {target}")
    if not published.score.is_feasible:
        tell_why(check(problem, weighed))
    if published.cancelled:
        typer.echo("stopped early: this is the best timetable so far")
        raise typer.Exit(130)
    raise typer.Exit(0 if published.score.is_feasible else 1)


def tell_why(findings: Sequence[Finding]) -> None:
    """Say why there is no timetable, where that is proven."""
    proofs = [finding for finding in findings if finding.is_impossible]
    if proofs:
        typer.echo("it cannot be solved, whatever time it is given:")
        for line in lines(proofs, most=MOST_OF_A_KIND):
            typer.echo(f"  {line}")
        typer.echo("see `horarium check`, and `horarium explain` for the smallest set of rules")


def _tell_gone(gone: Sequence[str]) -> None:
    """Say which lectures of the timetable before are changed by force."""
    if gone:
        typer.echo(f"cannot be kept, for the instance has it no longer: {len(gone)}", err=True)
    for line in gone[:MOST_TOLD]:
        typer.echo(f"  {line}", err=True)


def _check_max_changes(max_changes: int | None, before: Path | None) -> None:
    if max_changes is not None and before is None:
        raise ValueError("--max-changes: expected --before as well")


def _check_time_limit(seconds: float) -> None:
    """Refuse what is no number; typer has checked the rest."""
    if not math.isfinite(seconds):
        raise ValueError(f"--time-limit: expected a number of seconds, got {seconds}")
