"""What commands share: arguments, how a score is told, and how bad input is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from flows.terminal import gap
from timetabling.penalties import FormulationName, Score
from tracking.plan import PLANS

__all__ = [
    "Instance",
    "JobId",
    "JobRedisUrl",
    "PlanName",
    "Port",
    "RedisUrl",
    "Rules",
    "note",
    "refuse",
    "report_score",
]

Instance = Annotated[
    Path,
    typer.Argument(
        help="The instance: a folder of `.csv` files, or a `.xlsx`, `.ctt`, `.ectt` or `.fet` file."
    ),
]
Rules = Annotated[
    FormulationName, typer.Option("--formulation", help="Rules and weights that count.")
]
RedisUrl = Annotated[
    str | None,
    typer.Option(
        envvar="HORARIUM_REDIS_URL",
        help="Redis that is told the progress. [default: one of the run's own]",
    ),
]
JobRedisUrl = Annotated[
    str, typer.Option(envvar="HORARIUM_REDIS_URL", help="Redis that is told the job's progress.")
]
JobId = Annotated[str, typer.Argument(help="The job, of this or any other process.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the page is.")]
PlanName = Annotated[str, typer.Option("--plan", help=f"One of: {', '.join(PLANS)}.")]


def report_score(score: Score, rules: str, bound: int | None = None) -> None:
    """Print violations and penalties by rule, and what is proven of a feasible timetable."""
    table = Table("rule", "kind", "count or cost", title=f"{rules}, rule by rule")
    for rule, count in score.violations.items():
        table.add_row(rule, "hard", str(count), style="red" if count else "")
    for rule, penalty in score.penalties.items():
        table.add_row(rule, "soft", str(penalty))
    Console().print(table)
    proven = f", {gap(score.cost, bound)}" if score.is_feasible and bound is not None else ""
    typer.echo(f"violations {score.num_violations}  cost {score.cost}{proven}")


def note(said: str) -> None:
    """Say what there is to know of the input, though it can be read."""
    typer.echo(f"horarium: {said}", err=True)


def refuse(error: Exception | str) -> NoReturn:
    """Say what is wrong in one message, and end with status 2."""
    from pydantic import ValidationError

    from tracking.settings import complaints

    said = complaints(error) if isinstance(error, ValidationError) else error
    typer.echo(f"horarium: {said}", err=True)
    raise typer.Exit(2)
