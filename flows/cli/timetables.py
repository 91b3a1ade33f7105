"""Commands on timetables that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.arguments import Instance, Rules, note, refuse, report_score
from timetabling.formats import InputError, read_problem, read_solution
from timetabling.penalties import evaluate, formulation

__all__ = ["validate"]


def validate(
    instance: Instance,
    solution: Annotated[
        Path, typer.Argument(help="The timetable: `course room day period` a line.")
    ],
    rules: Rules = "UD2",
) -> None:
    """Count what a timetable breaks and what it costs, rule by rule."""
    try:
        timetable = read_solution(solution, read_problem(instance, tell=note))
    except (InputError, OSError) as error:
        refuse(error)
    score = evaluate(timetable, formulation(rules))
    report_score(score, rules)
    raise typer.Exit(0 if score.is_feasible else 1)
