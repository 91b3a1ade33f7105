"""`horarium explain`: why there is no timetable, and what would make one possible."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console

from flows.cli.arguments import Instance, Rules, note, refuse
from timetabling.formats import InputError, read_problem
from timetabling.penalties import formulation
from timetabling.problem import Problem
from timetabling.search import TimeLimit

__all__ = ["explain"]

SEARCHING_SHARE = 0.7
"""Of the time, for clashes; the rest is for repairs."""
SHOWN_REPAIRS = 8


def explain(
    instance: Instance,
    rules: Rules = "UD2",
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Of the order in which rules are tried.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: see docs/explain.md.")
    ] = False,
) -> None:
    """Say why an instance has no timetable: the smallest sets of rules that clash, and repairs.

    Exit status: 0 it can be solved, 1 a clash is shown, 2 the instance cannot be read, 3 the time
    was over before either was known. Ctrl-C gives what is known so far.
    """
    try:
        problem = read_problem(instance, tell=note)
        chosen = formulation(rules)
    except (InputError, OSError, ValueError) as error:
        refuse(error)
    # CP-SAT takes a second to import; a file that cannot be read needs none of it.
    from timetabling.solvers import explain as engine
    from timetabling.solvers.cpsat_plans import plans
    from timetabling.solvers.mending import mend

    watcher = _Watcher(is_quiet=as_json)
    with _interruptible() as is_interrupted:
        began = time.monotonic()
        searching = TimeLimit(
            time_limit * SEARCHING_SHARE, time.monotonic, cancelled=is_interrupted
        )
        found = engine.explain(
            problem, formulation=chosen, stop=searching, seed=seed, observer=watcher
        )
        left = TimeLimit(
            time_limit - (time.monotonic() - began), time.monotonic, cancelled=is_interrupted
        )
        repairs = [mend(problem, clash, stop=left, seed=seed) for clash in found.clashes]
        ways = (
            plans(problem, found.clashes, formulation=chosen, stop=left, seed=seed)
            if found.is_complete and found.clashes
            else []
        )
        seconds = time.monotonic() - began
    told = _document(problem, found, repairs, ways, seconds)
    typer.echo(json.dumps(told, indent=2, ensure_ascii=False) if as_json else _in_words(told))
    raise typer.Exit({True: 0, False: 1, None: 3}[found.is_solvable])


class _Watcher:
    """Tells what is found, while it is looked for, to who looks at a terminal."""

    def __init__(self, *, is_quiet: bool) -> None:
        self._console = Console(stderr=True)
        self._is_quiet = is_quiet or not self._console.is_terminal

    def update_stage_progress(self, completed: int, total: int) -> None:
        """Say nothing: nobody knows how many clashes there are."""

    def update(self, message: str, **figures: float) -> None:  # noqa: ARG002
        """Say it."""
        if not self._is_quiet:
            self._console.print(message, style="dim")


@contextmanager
def _interruptible() -> Iterator[Any]:
    """Within, Ctrl-C only ends the search."""
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)


def _document(
    problem: Problem, found: Any, repairs: list[list[Any]], ways: list[Any], seconds: float
) -> dict[str, Any]:
    """All that is known, ready for JSON."""
    from timetabling.solvers.telling import tell_repairs, tell_rules, tell_sum

    return {
        "instance": problem.name,
        "is_solvable": found.is_solvable,
        "is_complete": found.is_complete,
        "seconds": round(seconds, 1),
        "clashes": [
            {
                "is_minimal": clash.is_minimal,
                "in_words": tell_rules(problem, clash.rules),
                "sum": tell_sum(problem, clash.rules),
                "rules": _rows(problem, clash.rules),
                "repairs": tell_repairs(problem, options, together=False),
            }
            for clash, options in zip(found.clashes, repairs, strict=True)
        ],
        "plans": [
            {
                "price": way.price,
                "is_cheapest": way.is_cheapest,
                "in_words": tell_repairs(problem, way.repairs, together=True),
            }
            for way in ways
        ],
    }


def _rows(problem: Problem, rules: tuple[Any, ...]) -> list[dict[str, Any]]:
    """The rows of each rule; all rooms that must not suit a course are one entry."""
    told = []
    rooms: dict[int, list[str]] = {}
    for rule in rules:
        if rule.kind == "suitability" and rule.of[0] in rooms:
            rooms[rule.of[0]].append(problem.rooms[rule.of[1]].id)
            continue
        told.append({"kind": rule.kind, **_row(problem, rule)})
        if rule.kind == "suitability":
            told[-1]["rooms"] = rooms[rule.of[0]] = [problem.rooms[rule.of[1]].id]
    return told


def _row(problem: Problem, rule: Any) -> dict[str, Any]:
    """The names and places that a rule is about; days and periods from 1."""
    if rule.kind == "rooms":
        return {}
    if rule.kind == "teacher":
        return {"teacher": rule.of[0]}
    if rule.kind == "curriculum":
        return {"curriculum": problem.curricula[rule.of[0]].id}
    row: dict[str, Any] = {"course": problem.courses[rule.of[0]].id}
    if rule.kind != "suitability" and len(rule.of) > 1 and rule.of[1] >= 0:
        day, period = divmod(rule.of[1], problem.periods_per_day)
        row |= {"day": day + 1, "period": period + 1}
    if len(rule.of) > 2 and rule.of[2] >= 0:
        row["room"] = problem.rooms[rule.of[2]].id
    return row


def _in_words(told: dict[str, Any]) -> str:
    if told["is_solvable"]:
        return f"{told['instance']}: a timetable that keeps all hard rules was found"
    if told["is_solvable"] is None:
        return (
            f"{told['instance']}: neither a timetable nor a clash was found in "
            f"{told['seconds']:g} s; give it more with --time-limit"
        )
    lines = [f"{told['instance']}: there is no timetable that keeps all hard rules."]
    several = len(told["clashes"]) > 1
    for number, clash in enumerate(told["clashes"], 1):
        lines += [
            "",
            f"Clash {number}. These cannot all hold:" if several else "These cannot all hold:",
        ]
        lines += [f"  - {line}" for line in clash["in_words"]]
        lines += [f"  That is {clash['sum']}."] if clash["sum"] else []
        lines.append(
            "  Without any one of them there is a timetable for the others: each was tried."
            if clash["is_minimal"]
            else "  Perhaps fewer of them clash: the time was over."
        )
        if clash["repairs"]:
            lines.append("  Each of these would end it, cheapest first:")
            lines += [f"  * {line}" for line in clash["repairs"][:SHOWN_REPAIRS]]
            more = len(clash["repairs"]) - SHOWN_REPAIRS
            lines += [f"    and {more} more (--json)"] if more > 0 else []
    if not told["is_complete"]:
        lines += ["", "There may be other clashes: the time was over."]
    if told["plans"]:
        cheapest = "the cheapest first" if told["plans"][0]["is_cheapest"] else "cheap ones first"
        lines += [
            "",
            f"All that has to change; with each of these a timetable was found, {cheapest}:",
        ]
        lines += [f"  {i}. {'; '.join(way['in_words'])}" for i, way in enumerate(told["plans"], 1)]
    return "\n".join(lines)
