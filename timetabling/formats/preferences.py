"""Wishes about a course, or about all courses of a teacher, as rows of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from timetabling.formats.sheets import Record
from timetabling.formats.text import Complaints
from timetabling.problem import CourseWeight

__all__ = ["check_preferences", "read_weights"]

Row = dict[str, Any]


def check_preferences(
    undesired: list[Record], weights: list[Record], complaints: Complaints
) -> None:
    """Each wish is about a course or a teacher, and a rule costs one thing for them."""
    for place, row in (*undesired, *weights):
        named = [who for who in ("course", "teacher") if row[who] is not None]
        if len(named) != 1:
            got = "both" if named else "neither"
            complaints.add(place, f"expected a course or a teacher, got {got}")
    first: dict[tuple[int | None, int | None, str], tuple[str, int]] = {}
    for place, row in weights:
        of = row["course"], row["teacher"], row["rule"]
        before, weight = first.setdefault(of, (place, row["weight"]))
        if weight != row["weight"]:
            complaints.add(
                place, f"expected one weight for a {'teacher' if of[0] is None else 'course'} and "
                f"rule, got another than in {before}",
            )  # fmt: skip


def read_weights(
    rows: Iterable[Row], courses_of: Callable[[Row], Iterable[int]]
) -> frozenset[CourseWeight]:
    """The weights of courses: what is said of a course counts before what is said of its teacher.

    Parameters
    ----------
    rows
        Of the table weights, checked.
    courses_of
        The courses that a row is about.
    """
    weights: dict[tuple[int, str], int] = {}
    for row in sorted(rows, key=lambda row: row["teacher"] is None):
        for course in courses_of(row):
            weights[course, row["rule"]] = row["weight"]
    return frozenset(CourseWeight(*of, weight) for of, weight in weights.items())
