"""Why a lecture is where it is: what each other place would cost it, and what blocks it."""

from __future__ import annotations

import json
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.cli.arguments import Instance, Rules, note, refuse
from flows.cli.weighing import Weights, read_weights
from timetabling.alternatives import alternatives, in_every_room, verdict
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import Formulation, Score, formulation
from timetabling.places import Place, cheapest, other_places, reasons
from timetabling.problem import Lecture, Problem, Timetable

__all__ = ["why"]

_MOST_LISTED = 5
_MOST_REASONS = 6


def why(
    instance: Instance,
    solution: Annotated[
        Path, typer.Argument(help="The timetable: `course room day period` a line.")
    ],
    course: Annotated[str, typer.Argument(help="The course whose lectures are asked about.")],
    at: Annotated[
        tuple[int, int] | None,
        typer.Option(
            "--at", metavar="DAY PERIOD", help="Its lecture then, from 1. [default: all of them]"
        ),
    ] = None,
    rules: Rules = "UD2",
    weight: Weights = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, counting from 0.")] = False,
) -> None:
    """Say what each other place would cost a lecture, and what blocks it."""
    try:
        chosen = formulation(rules, read_weights(weight))
        timetable = read_solution(solution, read_problem(instance, tell=note))
    except (OSError, ValueError) as error:
        refuse(error)
    lectures = _lectures(timetable, course, at)
    if as_json:
        told = [alternatives(timetable, lecture, chosen) for lecture in lectures]
        typer.echo(json.dumps({"lectures": told}, indent=2))
        return
    console = Console()
    for lecture in lectures:
        _show(console, timetable, lecture, chosen)


def _lectures(timetable: Timetable, name: str, at: tuple[int, int] | None) -> list[Lecture]:
    """The lectures that are asked about, in the week's order; a mistake ends the command."""
    problem = timetable.problem
    names = [course.id for course in problem.courses]
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        refuse(f"course: expected one of the instance, got {name!r}{hint}")
    course = names.index(name)
    held: dict[int, Lecture] = {}
    for lecture in timetable.lectures:
        if lecture.course == course:
            held.setdefault(lecture.period, lecture)
    if at is None:
        if not held:
            refuse(f"course {name!r}: the timetable has no lecture of it")
        return [held[period] for period in sorted(held)]
    week = (("day", at[0], problem.num_days), ("period", at[1], problem.periods_per_day))
    for what, value, most in week:
        if not 1 <= value <= most:
            refuse(f"--at: {what}: expected 1 to {most}, got {value}")
    period = (at[0] - 1) * problem.periods_per_day + at[1] - 1
    if period not in held:
        there = "; ".join(_when(problem, p) for p in sorted(held)) or "never"
        refuse(f"--at: {name} has no lecture on {_when(problem, period)}; it is held: {there}")
    return [held[period]]


def _show(console: Console, timetable: Timetable, lecture: Lecture, rules: Formulation) -> None:
    problem = timetable.problem
    places = other_places(timetable, lecture, rules)
    name, room = problem.courses[lecture.course].id, problem.rooms[lecture.room].id
    console.print(
        Text(f"{name} on {_when(problem, lecture.period)} in room {room}", style="bold"),
        Text(verdict(places)),
        sep="\n",
    )
    console.print(_week(problem, lecture, places))
    free = cheapest(places)
    for place in free[:_MOST_LISTED]:
        where = f"{_when(problem, place.period)}, room {problem.rooms[place.room].id}"
        console.print(Text(f"{_signed(place.change)}  {where}", style="bold"))
        console.print(Text("\n".join(_because(timetable, lecture, place, rules))))
    if len(free) > _MOST_LISTED:
        console.print(f"and {len(free) - _MOST_LISTED} free places more", style="dim")
    _show_swaps(console, problem, places)
    console.print()


def _show_swaps(console: Console, problem: Problem, places: tuple[Place, ...]) -> None:
    swaps = sorted(
        ((place.swap.change.order, place.period, place.room, place.swap) for place in places
         if place.swap), key=lambda found: found[:3],
    )  # fmt: skip
    if swaps:
        console.print("Changing places with the one lecture in the way:", style="bold")
    for _, period, room, swap in swaps[:_MOST_LISTED]:
        other, where = problem.courses[swap.other.course].id, problem.rooms[room].id
        when = _when(problem, period)
        console.print(Text(f"{_signed(swap.change)}  with {other}: {when}, room {where}"))
    if len(swaps) > _MOST_LISTED:
        console.print(f"and {len(swaps) - _MOST_LISTED} more", style="dim")


def _week(problem: Problem, lecture: Lecture, places: tuple[Place, ...]) -> Table:
    """The cheapest room of each period and its change of cost, or what blocks the period."""
    table = Table(
        "", *(f"day {day + 1}" for day in range(problem.num_days)),
        show_lines=True, caption="change of cost in the best room, or what blocks all of them",
    )  # fmt: skip
    cells = [
        _cell(problem, lecture, period, [place for place in places if place.period == period])
        for period in range(problem.num_periods)
    ]
    for slot in range(problem.periods_per_day):
        table.add_row(f"{slot + 1}", *cells[slot :: problem.periods_per_day])
    return table


def _cell(problem: Problem, lecture: Lecture, period: int, places: list[Place]) -> Text:
    free = cheapest(places)
    cell = Text("here", style="bold reverse") if period == lecture.period else Text()
    if free:
        best = free[0]
        style = "green" if best.change.order < (0, 0) else "yellow" if best.change.cost else ""
        text = f"{_signed(best.change)} {problem.rooms[best.room].id}"
        return cell.append("\n" if cell else "").append(text, style)
    if cell or not places:
        return cell
    common = in_every_room(places)
    text = common[0].text if common else "no room is free"
    more = f"; {len(common) - 1} more" if len(common) > 1 else ""
    return Text(f"x {text}{more}", style="dim")


def _because(timetable: Timetable, lecture: Lecture, place: Place, rules: Formulation) -> list[str]:
    """Why a place costs what it costs, a line each."""
    told = reasons(timetable, lecture, place.period, place.room, rules)
    lines = [
        f"    {cost:+d} {rule}, {course}: {'no longer: ' if cost < 0 else ''}{text}"
        for rule, course, cost, text in told
        if cost
    ]
    if not lines:
        return ["    nothing changes"]
    more = len(lines) - _MOST_REASONS
    return lines[:_MOST_REASONS] + ([f"    and {more} reasons more"] if more > 0 else [])


def _signed(change: Score) -> str:
    cost = f"{change.cost:+d}" if change.cost else "0"
    broken = change.num_violations
    return f"{cost} ({broken:+d} violations)" if broken else cost


def _when(problem: Problem, period: int) -> str:
    day, slot = divmod(period, problem.periods_per_day)
    return f"day {day + 1}, period {slot + 1}"
