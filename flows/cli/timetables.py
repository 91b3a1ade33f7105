"""Commands on timetables that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.arguments import Instance, Rules, note, refuse, report_score
from flows.cli.weighing import Weights, read_weights
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import evaluate, formulation

__all__ = ["validate"]


def validate(
    instance: Instance,
    solution: Annotated[
        Path,
        typer.Argument(help="The timetable: `course room day period` a line, or a table in CSV."),
    ],
    rules: Rules = "UD2",
    weight: Weights = None,
    certificate: Annotated[
        Path | None,
        typer.Option(
            help="Check this certificate too: the instance, the timetable, and what it costs by "
            "the rules that the certificate names."
        ),
    ] = None,
) -> None:
    """Count what a timetable breaks and what it costs, rule by rule.

    Exit status: 0 feasible, 1 hard rules are broken or the certificate does not fit.
    """
    wrong: list[str] = []
    unknown: dict[str, int] = {}
    try:
        chosen = formulation(rules, read_weights(weight))
        timetable = read_solution(solution, read_problem(instance, tell=note))
        if certificate is not None:
            from flows.certifying import read_certificate
            from timetabling.exports.certificate import differences, not_counted
            from timetabling.formats.digest import digest_of

            certified = read_certificate(certificate)
            chosen = certified.rules
            wrong = list(differences(certified, timetable, digest_of(instance)))
            only_certified = not_counted(certified, timetable)
            unknown = {rule: certified.violations.get(rule, 0) for rule in only_certified}
    except (ValueError, OSError) as error:
        refuse(error)
    score = evaluate(timetable, chosen)
    report_score(score, chosen.name)
    for line in wrong:
        typer.echo(f"{certificate}: {line}", err=True)
    if certificate is not None and not wrong:
        typer.echo(f"{certificate}: fits this instance and this timetable")
    if unknown:
        told = (f"{rule} (broken {n} times)" if n else rule for rule, n in unknown.items())
        without = f"not compared, for only the run had their files: {', '.join(told)}"
        typer.echo(f"{certificate}: {without}")
    raise typer.Exit(1 if wrong or not score.is_feasible or any(unknown.values()) else 0)
