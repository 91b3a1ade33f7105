"""The .ctt format of ITC-2007, track 3. It is only read: .ectt says all it can, and more."""

from __future__ import annotations

from pathlib import Path

from timetabling.formats import sections
from timetabling.problem import Problem

__all__ = ["GRAMMAR", "read"]

GRAMMAR = sections.Grammar(
    other_headers={"Days": 1, "Periods_per_day": 1},
    counted_by={
        "COURSES": "Courses",
        "ROOMS": "Rooms",
        "CURRICULA": "Curricula",
        "UNAVAILABILITY_CONSTRAINTS": "Constraints",
    },
    course={
        "id": str,
        "teacher": str,
        "num_lectures": int,
        "min_working_days": int,
        "num_students": int,
    },
    room={"id": str, "capacity": int},
)


def read(path: Path) -> Problem:
    """Read a .ctt file.

    Raises
    ------
    InputError
        If the file does not follow the format, or is at odds with itself.
    OSError
        If reading fails half-way.
    """
    return sections.read(path, GRAMMAR)
