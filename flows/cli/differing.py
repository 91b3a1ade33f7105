"""`horarium diff`: what changed from one timetable to another, and for whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.cli.arguments import Instance, Rules, note, refuse
from flows.cli.weighing import Weights, read_weights
from timetabling.changes import Difference, Place, compare
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import Score, evaluate, formulation

__all__ = ["diff"]

PIPE_WIDTH = 120  # nothing is cut off where nobody looks


def diff(
    instance: Instance,
    old: Annotated[Path, typer.Argument(help="The timetable before.")],
    new: Annotated[Path, typer.Argument(help="The timetable after.")],
    old_instance: Annotated[
        Path | None,
        typer.Option(help="The instance of the timetable before, if it has changed since."),
    ] = None,
    rules: Rules = "UD2",
    weight: Weights = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Tell what moved between two timetables, who is concerned, and penalties before and after.

    Days and periods count from 1. Exit status, as of `diff`: 0 the same, 1 different, 2 trouble.
    """
    try:
        chosen = formulation(rules, read_weights(weight))
        after = read_solution(new, read_problem(instance, tell=note))
        before = read_solution(old, read_problem(old_instance or instance, tell=note))
    except (OSError, ValueError) as error:
        refuse(error)
    difference = compare(before, after)
    scores = [evaluate(timetable, chosen) for timetable in (before, after)]
    if as_json:
        typer.echo(json.dumps(_document(difference, *scores), indent=2, ensure_ascii=False))
    else:
        _show(difference, *scores)
    raise typer.Exit(1 if difference.changes else 0)


def _document(difference: Difference, before: Score, after: Score) -> dict[str, object]:
    def place(at: Place | None) -> dict[str, object] | None:
        return None if at is None else at._asdict()

    return {
        "changed": len(difference.changes),
        "changes": [
            {"course": x.course, "before": place(x.before), "after": place(x.after)}
            for x in difference.changes
        ],
        "teachers": [x._asdict() for x in difference.teachers],
        "curricula": [x._asdict() for x in difference.curricula],
        "rooms": {"freed": dict(difference.freed), "booked": dict(difference.booked)},
        "penalties": {
            when: {"violations": dict(score.violations), "penalties": dict(score.penalties)}
            for when, score in (("before", before), ("after", after))
        },
    }


def _show(difference: Difference, before: Score, after: Score) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_WIDTH)
    changes = difference.changes
    number = f"{len(changes)} lecture{'' if len(changes) == 1 else 's'}"
    typer.echo(f"{number} changed" if changes else "no lecture changed")
    if changes:
        table = Table("course", "from", "to", "what")
        for change in changes:
            table.add_row(
                change.course,
                _tell(change.before),
                _tell(change.after),
                _kind(change.before, change.after),
            )
        console.print(table)
        for who, concerned in (
            ("teacher", difference.teachers),
            ("curriculum", difference.curricula),
        ):
            table = Table(who, "lectures changed", "of")
            for each in concerned:
                table.add_row(each.name, str(each.changed), str(each.lectures))
            console.print(table)
        freed, booked = dict(difference.freed), dict(difference.booked)
        table = Table("room", "bookings ended", "new bookings")
        for room in sorted({*freed, *booked}):
            table.add_row(room, str(freed.get(room, 0)), str(booked.get(room, 0)))
        console.print(table)
    table = Table("rule", "kind", "before", "after")
    for kind, old, new in (
        ("hard", before.violations, after.violations),
        ("soft", before.penalties, after.penalties),
    ):
        for rule in dict.fromkeys([*old, *new]):
            figures = [str(counts.get(rule, "")) for counts in (old, new)]
            table.add_row(rule, kind, *figures, style="" if figures[0] == figures[1] else "bold")
    table.add_row("cost", "", str(before.cost), str(after.cost), end_section=True)
    console.print(table)


def _tell(place: Place | None) -> str:
    return "-" if place is None else f"day {place.day}, period {place.period}, {place.room}"


def _kind(before: Place | None, after: Place | None) -> str:
    if before is None:
        return "new"
    if after is None:
        return "gone"
    if before[:2] == after[:2]:
        return "room"
    return "time" if before.room == after.room else "time and room"
