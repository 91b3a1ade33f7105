"""Commands on timetables that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.arguments import Instance, Rules, refuse, report_score
from flows.cli.weighing import Weights, read_weights
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import evaluate, formulation

__all__ = ["validate"]


def validate(
    instance: Instance,
    solution: Annotated[
        Path, typer.Argument(help="The timetable: `course room day period` a line.")
    ],
    rules: Rules = "UD2",
    weight: Weights = None,
) -> None:
    """Count what a timetable breaks and what it costs, rule by rule."""
    try:
        weighed = formulation(rules, read_weights(weight))
        timetable = read_solution(solution, read_problem(instance))
    except (ValueError, OSError) as error:
        refuse(error)
    score = evaluate(timetable, weighed)
    report_score(score, weighed.name)
    raise typer.Exit(0 if score.is_feasible else 1)
