"""The rows of the tables of a problem, so that reading them gives the same problem."""

from __future__ import annotations

from timetabling.formats.text import is_plain
from timetabling.problem import Problem

__all__ = ["Row", "rows_of"]

Row = tuple[str | int | None, ...]


def rows_of(problem: Problem) -> dict[str, list[Row]]:
    """The rows of each table, in the order of its columns; None is an empty cell.

    Raises
    ------
    ValueError
        If a name would not read back: it begins or ends with a blank, is empty, or has a line end
        or another character that does not print.
    """
    courses = [_checked("course", course.id) for course in problem.courses]
    rooms = [_checked("room", room.id) for room in problem.rooms]
    _checked("name of the problem", problem.name)

    def when(period: int) -> tuple[int, int]:
        day, slot = divmod(period, problem.periods_per_day)
        return day + 1, slot + 1

    fewest, most = problem.daily_lectures or (None, None)
    return {
        "general": [
            (problem.name, problem.num_days, problem.periods_per_day, fewest, most),
        ],
        "courses": [
            (
                course.id,
                _checked(f"course {course.id!r}: teacher", course.teacher),
                course.num_lectures,
                course.min_working_days,
                course.num_students,
                "yes" if course.wants_double_lectures else "no",
            )
            for course in problem.courses
        ],
        "rooms": [
            (
                room.id,
                room.capacity,
                _checked(f"room {room.id!r}: building", room.building) if room.building else None,
            )
            for room in problem.rooms
        ],
        "curricula": [
            (_checked("curriculum", curriculum.id), None if c is None else courses[c])
            for curriculum in problem.curricula
            for c in curriculum.courses or (None,)
        ],
        "unavailable": [(courses[c], *when(period)) for c, period in sorted(problem.unavailable)],
        "undesired": [(courses[c], None, *when(period)) for c, period in sorted(problem.undesired)],
        "weights": [
            (courses[c], None, rule, weight) for c, rule, weight in sorted(problem.course_weights)
        ],
        "unsuitable": [(courses[c], rooms[r]) for c, r in sorted(problem.unsuitable)],
        "pinned": [
            (
                courses[pin.course],
                *((None, None) if pin.period is None else when(pin.period)),
                None if pin.room is None else rooms[pin.room],
            )
            for pin in sorted(problem.pins, key=lambda pin: [-1 if x is None else x for x in pin])
        ],
    }


def _checked(what: str, name: str) -> str:
    if name.strip() != name or not name or not is_plain(name):
        raise ValueError(
            f"{what}: expected a name on one line, without blanks around it, got {name!r}"
        )
    return name
