"""The timetable as a table for people: a row a lecture, what it costs and why."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from timetabling.formats.cells import guarded
from timetabling.view import Document, Reason

__all__ = ["Row", "csv_text", "rows_of", "why"]


class Row(NamedTuple):
    """A lecture; day and period are counted from 1.

    What a course costs beside its lectures is told at its first one, so that both columns
    together add up to the cost of the timetable.
    """

    course: str
    teacher: str
    day: int
    period: int
    room: str
    seats: int
    students: int
    curricula: str
    cost: int
    reasons: str
    course_cost: int
    course_reasons: str


def rows_of(found: Document) -> list[Row]:
    """The lectures in their order in the document, by time."""
    curricula: defaultdict[int, list[str]] = defaultdict(list)
    for curriculum in found["curricula"]:
        for c in curriculum["courses"]:
            curricula[c].append(curriculum["id"])
    rows: list[Row] = []
    told: set[int] = set()
    for lecture in found["lectures"]:
        c = lecture["course"]
        course, room = found["courses"][c], found["rooms"][lecture["room"]]
        beside: list[Reason] = [] if c in told else course["reasons"]
        told.add(c)
        rows.append(
            Row(
                course=course["id"],
                teacher=course["teacher"],
                day=lecture["day"] + 1,
                period=lecture["period"] + 1,
                room=room["id"],
                seats=room["capacity"],
                students=course["num_students"],
                curricula="; ".join(curricula[c]),
                cost=lecture["cost"],
                reasons=why(lecture["reasons"]),
                course_cost=sum(reason["cost"] for reason in beside),
                course_reasons=why(beside),
            )
        )
    return rows


def why(reasons: Iterable[Reason]) -> str:
    """Reasons in one line; what breaks a hard rule costs nothing."""
    return "; ".join(
        f"{each['rule']} {each['cost']}: {each['text']}"
        if each["cost"]
        else f"{each['rule']}: {each['text']}"
        for each in reasons
    )


def csv_text(rows: Iterable[Row]) -> str:
    """The rows as a CSV file with a header, in which nothing is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields)
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()
