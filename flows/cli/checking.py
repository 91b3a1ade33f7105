"""`horarium check`: what is wrong with an instance, before any time is spent on it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from flows.cli.arguments import Instance, Rules, note, refuse
from flows.cli.weighing import Weights, read_weights
from flows.findings import lines, summary
from timetabling.check import check as find
from timetabling.formats import read_problem
from timetabling.penalties import formulation

__all__ = ["check"]

MOST_OF_A_KIND = 10


def check(
    instance: Instance,
    rules: Rules = "UD2",
    weight: Weights = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print all that is found as JSON, for programs.")
    ] = False,
) -> None:
    """Say what rules a timetable out, and what will make it a bad one.

    Exit status: 0 nothing rules a timetable out (there may be warnings), 1 something does,
    2 the instance cannot be read.
    """
    try:
        chosen = formulation(rules, read_weights(weight))
        problem = read_problem(instance, tell=note)
    except (OSError, ValueError) as error:
        refuse(error)
    findings = find(problem, chosen)
    impossible = any(finding.is_impossible for finding in findings)
    if as_json:
        told = {
            "instance": problem.name,
            "formulation": chosen.name,
            "impossible": impossible,
            "least_cost": sum(finding.least_cost for finding in findings),
            "findings": [finding.document() for finding in findings],
        }
        typer.echo(json.dumps(told, indent=2))
    else:
        for line in lines(findings, most=MOST_OF_A_KIND):
            typer.echo(line)
        typer.echo(f"{problem.name}, {chosen.name}: {summary(findings)}")
    raise typer.Exit(1 if impossible else 0)
