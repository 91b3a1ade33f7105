"""Clashes and repairs in plain words, with the names of the rows that they come from.

Periods are told as in the data check.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from timetabling.check.words import count, when
from timetabling.problem import Problem
from timetabling.solvers.cpsat_rules import Rule
from timetabling.solvers.mending import PRICES, Repair

__all__ = ["tell_repairs", "tell_rules", "tell_sum"]

SHOWN_ROOMS = 8


def tell_rules(problem: Problem, rules: Sequence[Rule]) -> list[str]:
    """A line for each rule; those about single periods of one course share one, or about rooms."""
    here = [rule.of[0] for rule in rules if rule.kind == "lectures"]
    rows: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    lines = []
    for rule in rules:
        if rule.kind in ("unavailable", "suitability"):
            rows[rule.kind, rule.of[0]].append(rule.of[1])
        else:
            lines.append(_tell(problem, rule, here))
    alike: defaultdict[str, list[str]] = defaultdict(list)
    for (kind, c), of in rows.items():
        name = problem.courses[c].id
        if kind == "unavailable":
            lines.append(f"course {name} cannot be held at {_periods(problem, of)}")
        else:
            alike[_tell_rooms(problem, c, of)].append(name)
    for told, names in alike.items():
        who = f"course {names[0]}" if len(names) == 1 else f"each of {_list(names)}"
        lines.append(f"{who} {told}")
    return lines


def tell_sum(problem: Problem, rules: Sequence[Rule]) -> str:
    """The numbers that show a clash, where counting does; else nothing."""
    here = {rule.of[0] for rule in rules if rule.kind == "lectures"}
    closed = {rule.of for rule in rules if rule.kind == "unavailable"}
    every = range(problem.num_periods)
    wanted = sum(problem.courses[c].num_lectures for c in here)
    open_periods = sum(any((c, p) not in closed for c in here) for p in every)
    one_at_a_time = len(here) == 1 or any(
        rule.kind == "teacher"
        or (rule.kind == "curriculum" and here.issubset(problem.curricula[rule.of[0]].courses))
        for rule in rules
    )
    if one_at_a_time and wanted > open_periods:
        return f"{count(wanted, 'lecture')}, one at a time, and {_open(open_periods)}"
    unfit = {rule.of for rule in rules if rule.kind == "suitability"}
    fit = sum(any((c, r) not in unfit for c in here) for r in range(len(problem.rooms)))
    places = open_periods * fit
    if Rule("rooms") in rules and wanted > places:
        rooms = count(fit, "room") + (" for them" if unfit else "")
        return f"{count(wanted, 'lecture')}, and {rooms} at {_open(open_periods)}: {places} places"
    return ""


def _open(number: int) -> str:
    return f"{count(number, 'period')} open to them"


def _tell(problem: Problem, rule: Rule, here: Sequence[int]) -> str:
    courses = problem.courses
    if rule.kind == "rooms":
        number = len(problem.rooms)
        return f"each of the {count(number, 'room')} holds one lecture at a time"
    if rule.kind == "teacher":
        taught = [courses[c].id for c in here if courses[c].teacher == rule.of[0]]
        return f"teacher {rule.of[0]} holds one lecture at a time: {_list(taught)}"
    if rule.kind == "curriculum":
        curriculum = problem.curricula[rule.of[0]]
        members = [courses[c].id for c in here if c in curriculum.courses]
        return f"curriculum {curriculum.id} has one lecture at a time: {_list(members)}"
    course = courses[rule.of[0]]
    if rule.kind == "lectures":
        return f"course {course.id} has {count(course.num_lectures, 'lecture')}"
    _, period, room = rule.of
    when = f" at {_periods(problem, [period])}" if period >= 0 else ", all its lectures,"
    where = f" in room {problem.rooms[room].id}" if room >= 0 else ""
    return f"course {course.id} is pinned{when}{where}"


def _tell_rooms(problem: Problem, course: int, unfit: Sequence[int]) -> str:
    """Into which rooms a course does not fit, by these or by those that are left: the shorter."""
    others = set(range(len(problem.rooms))).difference(unfit)
    if not others:
        return "fits no room"
    if len(unfit) <= len(others):
        return f"does not fit {_rooms(problem, unfit)}"
    fit = [r for r in sorted(others) if (course, r) not in problem.unsuitable]
    told = f"fits only {_rooms(problem, fit)}" if fit else "fits no room"
    beside = sorted(others.difference(fit))
    if beside:
        told += f" ({_rooms(problem, beside)} would not help)"
    return told


def _rooms(problem: Problem, which: Sequence[int]) -> str:
    """Their names, but no more than a few."""
    told = _list(problem.rooms[r].id for r in which[:SHOWN_ROOMS])
    more = len(which) - SHOWN_ROOMS
    return f"{told} and {count(more, 'more room')}" if more > 0 else told


def tell_repairs(problem: Problem, repairs: Sequence[Repair], *, together: bool) -> list[str]:
    """What to change, as orders; single periods of one course, or rooms, share a line.

    Parameters
    ----------
    together
        Whether all of them are to be made, or any one of them.
    """
    rows: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    others: Counter[Repair] = Counter()
    for repair in repairs:
        if repair.kind in ("allow", "suit"):
            rows[repair.kind, repair.rule.of[0]].append(repair.rule.of[1])
        else:
            others[repair] += 1
    told = []
    for (kind, c), of in rows.items():
        name = problem.courses[c].id
        one_of = "one of " if len(of) > 1 and not together else ""
        if kind == "allow":
            line = f"allow course {name} at {one_of}{_periods(problem, of)}"
        else:
            line = f"make {one_of}{_rooms(problem, of)} suitable for course {name}"
        told.append((PRICES[kind], line))
    told += [(x.price, _order(problem, x, number)) for x, number in others.items()]
    return [line for _, line in sorted(told, key=lambda each: each[0])]


def _order(problem: Problem, repair: Repair, number: int) -> str:
    rule = repair.rule
    name = "" if repair.course is None else problem.courses[repair.course].id
    if repair.kind == "unpin":
        return f"lift the pin: {_tell(problem, rule, [])}"
    if repair.kind == "room":
        return f"have {count(number, 'more room')}"
    if repair.kind == "leave":
        return f"take course {name} out of curriculum {problem.curricula[rule.of[0]].id}"
    if repair.kind == "fewer":
        return f"hold {count(number, 'lecture')} fewer of course {name}"
    return f"have another teacher than {rule.of[0]} for course {name}"


def _periods(problem: Problem, which: Iterable[int]) -> str:
    return when(sum(1 << p for p in which), problem.periods_per_day, in_full=True)


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
