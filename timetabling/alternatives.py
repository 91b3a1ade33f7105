"""The other places of a lecture, for people: period by period, the rooms of each, and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from timetabling.penalties import Formulation, Score
from timetabling.places import Blocker, Place, cheapest, other_places
from timetabling.problem import Lecture, Problem, Timetable

__all__ = ["alternatives", "in_every_room", "verdict"]


def alternatives(timetable: Timetable, lecture: Lecture, rules: Formulation) -> dict[str, Any]:
    """Describe what each other period and room would cost a lecture, ready for JSON.

    Days and periods count from 0, rooms are told by their index, as in `view.document`. A period
    tells what blocks it whatever the room, and then only rooms in which two lectures could change
    places; else all of its rooms, the cheapest first. Costs are after less before.

    Raises
    ------
    ValueError
        If the timetable does not have the lecture.
    """
    problem = timetable.problem
    places = other_places(timetable, lecture, rules)
    day, period = divmod(lecture.period, problem.periods_per_day)
    return {
        "course": problem.courses[lecture.course].id,
        "day": day,
        "period": period,
        "room": lecture.room,
        "formulation": rules.name,
        "verdict": verdict(places),
        "periods": [
            _period(problem, number, [place for place in places if place.period == number])
            for number in range(problem.num_periods)
        ],
    }


def verdict(places: Sequence[Place]) -> str:
    """Say whether a lecture is well where it is."""
    free = cheapest(places)
    if not free:
        return "No other place is free: each is blocked."
    best = free[0].change.order
    if best < (0, 0):
        return "There is a better place."
    if best > (0, 0):
        return "No better place: each is blocked or costs more."
    same = sum(place.change.order == best for place in free)
    others = "1 costs" if same == 1 else f"{same} cost"
    return f"No better place: each is blocked or costs no less; {others} the same."


def _period(problem: Problem, number: int, places: list[Place]) -> dict[str, Any]:
    day, period = divmod(number, problem.periods_per_day)
    common = in_every_room(places)
    shown = [place for place in places if place.swap or not common]
    shown.sort(key=lambda place: (bool(place.blockers), place.change.order, place.room))
    return {
        "day": day,
        "period": period,
        "blockers": [_blocker(blocker) for blocker in common],
        "places": [
            {
                "room": place.room,
                **_change(place.change),
                "blockers": [_blocker(b) for b in place.blockers if b not in common],
                "swap": place.swap
                and {
                    "course": problem.courses[place.swap.other.course].id,
                    **_change(place.swap.change),
                },
            }
            for place in shown
        ],
    }


def _blocker(blocker: Blocker) -> dict[str, str]:
    return {"rule": blocker.rule, "text": blocker.text}


def _change(change: Score) -> dict[str, Any]:
    return {
        "cost": change.cost,
        "violations": change.num_violations,
        "rules": [{"rule": rule, "cost": cost} for rule, cost in change.penalties.items() if cost],
    }


def in_every_room(places: Sequence[Place]) -> list[Blocker]:
    """What blocks all of the places of a period."""
    first = places[0].blockers if places else ()
    return [b for b in first if all(b in place.blockers for place in places)]
