"""The week of each room, teacher and curriculum, as people know it: days beside periods."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from timetabling.exports.semester import WEEKDAYS, Semester
from timetabling.view import Document

__all__ = ["Entry", "Grid", "Week", "grids_of", "week_of"]


class Week(NamedTuple):
    """How days and periods are called."""

    days: tuple[str, ...]
    periods: tuple[str, ...]


class Entry(NamedTuple):
    """A lecture in a cell; `number` is its place in the document."""

    number: int
    course: str
    beside: str
    cost: int
    is_broken: bool


class Grid(NamedTuple):
    """A week: a name, what else there is to know of it, and what is held by day and period."""

    name: str
    note: str
    at: dict[tuple[int, int], list[Entry]]


def week_of(found: Document, semester: Semester | None = None) -> Week:
    """Call days and periods as a semester does; else from Monday on, and by number.

    Raises
    ------
    ValueError
        If the semester has not as many of them.
    """
    num_days, num_periods = found["num_days"], found["periods_per_day"]
    if semester is not None:
        semester.check_fits(num_days, num_periods)
        return Week(semester.days[:num_days], tuple(map(str, semester.periods[:num_periods])))
    days = WEEKDAYS if num_days <= len(WEEKDAYS) else [f"Day {d + 1}" for d in range(num_days)]
    return Week(tuple(days[:num_days]), tuple(str(p + 1) for p in range(num_periods)))


def grids_of(found: Document) -> dict[str, list[Grid]]:
    """The weeks of all rooms, teachers and curricula, by `Rooms`, `Teachers`, `Curricula`."""
    hard = {each["rule"] for each in found["penalties"] if each["kind"] == "hard"}
    courses, rooms = found["courses"], found["rooms"]
    of_room: defaultdict[int, list[int]] = defaultdict(list)
    of_course: defaultdict[int, list[int]] = defaultdict(list)
    for number, lecture in enumerate(found["lectures"]):
        of_room[lecture["room"]].append(number)
        of_course[lecture["course"]].append(number)
    taught: defaultdict[str, list[int]] = defaultdict(list)
    for c, course in enumerate(courses):
        taught[course["teacher"]] += of_course[c]

    def grid(name: str, note: str, numbers: list[int], *beside: str) -> Grid:
        at: defaultdict[tuple[int, int], list[Entry]] = defaultdict(list)
        for number in numbers:
            lecture = found["lectures"][number]
            course, room = courses[lecture["course"]], rooms[lecture["room"]]
            named = {"teacher": course["teacher"], "room": room["id"]}
            at[lecture["day"], lecture["period"]].append(
                Entry(
                    number,
                    course["id"],
                    ", ".join(named[each] for each in beside),
                    lecture["cost"],
                    any(reason["rule"] in hard for reason in lecture["reasons"]),
                )
            )
        return Grid(name, note, dict(at))

    return {
        "Rooms": [
            grid(room["id"], _room_note(room["capacity"], room["building"]), of_room[r], "teacher")
            for r, room in enumerate(rooms)
        ],
        "Teachers": [grid(name, "", taught[name], "room") for name in found["teachers"]],
        "Curricula": [
            grid(
                curriculum["id"],
                _counted(len(curriculum["courses"]), "course"),
                [number for c in curriculum["courses"] for number in of_course[c]],
                "room",
                "teacher",
            )
            for curriculum in found["curricula"]
        ],
    }


def _room_note(seats: int, building: str) -> str:
    return (
        f"{_counted(seats, 'seat')}, building {building}" if building else _counted(seats, "seat")
    )


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
