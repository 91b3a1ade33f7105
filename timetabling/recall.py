"""The timetable that a document tells of: `view.document`, read back."""

from __future__ import annotations

from typing import Any

from timetabling.penalties import FORMULATIONS, Formulation
from timetabling.problem import (
    Course,
    CourseWeight,
    Curriculum,
    Lecture,
    Pin,
    Problem,
    Room,
    Timetable,
)

__all__ = ["recall"]


def recall(document: dict[str, Any]) -> tuple[Timetable, Formulation]:
    """Read a timetable, with its problem, and the rules that it was made by.

    Raises
    ------
    ValueError
        If it is no such document, or one of an earlier version, which told less.
    """
    try:
        return _timetable(document), _formulation(document)
    except (KeyError, TypeError) as error:
        raise ValueError(f"timetable: expected a document of this version, got {error!r}") from None


def _timetable(told: dict[str, Any]) -> Timetable:
    daily = told["daily_lectures"]
    per_day = told["periods_per_day"]
    problem = Problem(
        name=told["instance"],
        num_days=told["num_days"],
        periods_per_day=per_day,
        courses=tuple(
            Course(
                id=course["id"],
                teacher=course["teacher"],
                num_lectures=course["num_lectures"],
                min_working_days=course["min_working_days"],
                num_students=course["num_students"],
                wants_double_lectures=course["wants_double_lectures"],
            )
            for course in told["courses"]
        ),
        rooms=tuple(Room(**room) for room in told["rooms"]),
        curricula=tuple(
            Curriculum(id=q["id"], courses=tuple(q["courses"])) for q in told["curricula"]
        ),
        unavailable=_pairs(told, "unavailable"),
        unsuitable=_pairs(told, "unsuitable"),
        undesired=_pairs(told, "undesired"),
        daily_lectures=None if daily is None else (daily[0], daily[1]),
        course_weights=frozenset(
            CourseWeight(c, rule, weight)
            for c, course in enumerate(told["courses"])
            for rule, weight in course["weights"].items()
        ),
        pins=frozenset(Pin(*pin) for pin in told["pins"]),
        before=tuple(Lecture(*lecture) for lecture in told["before"]),
        max_changes=told["max_changes"],
    )
    lectures = (
        Lecture(each["course"], each["day"] * per_day + each["period"], each["room"])
        for each in told["lectures"]
    )
    return Timetable(problem, tuple(lectures))


def _pairs(told: dict[str, Any], what: str) -> frozenset[tuple[int, int]]:
    return frozenset((c, n) for c, course in enumerate(told["courses"]) for n in course[what])


def _formulation(told: dict[str, Any]) -> Formulation:
    name = told["formulation"]
    return Formulation(
        name,
        FORMULATIONS[name.split()[0]].hard,  # what is changed of it comes after its name
        told["weights"],
    )
