"""Instances made by hand for the data check, and every timetable of the smallest ones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from hypothesis import strategies as st

from timetabling.penalties import Formulation, evaluate
from timetabling.problem import Course, Curriculum, Lecture, Pin, Problem, Room, Timetable

__all__ = ["course", "least_cost_of_all", "problem", "tiny_problems"]


def course(name: str, lectures: int = 1, *, teacher: str = "", **values: Any) -> Course:
    """A course of ten students, on any day, with a teacher of its own."""
    given = {"min_working_days": 1, "num_students": 10, **values}
    return Course(id=name, teacher=teacher or f"T-{name}", num_lectures=lectures, **given)


def problem(*courses: Course, **values: Any) -> Problem:
    """Two days of four periods, and two rooms, which hold everybody."""
    given: dict[str, Any] = {
        "name": "made by hand", "num_days": 2, "periods_per_day": 4,
        "rooms": (Room(id="hall", capacity=100), Room(id="lab", capacity=50)),
        **values,
    }  # fmt: skip
    return Problem(courses=courses, **given)


@st.composite
def tiny_problems(draw: st.DrawFn) -> Problem:
    """Few lectures at few periods, with every kind of row: often one too many for a timetable."""
    num_days, per_day = draw(st.sampled_from([(1, 2), (2, 1), (1, 3), (2, 2)]))
    periods = range(num_days * per_day)
    courses = tuple(
        course(
            f"c{c}", draw(st.integers(0, 2)), teacher=draw(st.sampled_from("xyz")),
            min_working_days=draw(st.integers(0, 3)), num_students=draw(st.integers(0, 3)),
        )
        for c in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    if not any(each.num_lectures for each in courses):
        courses = (*courses[1:], course("c9"))
    rooms = tuple(
        Room(id=f"r{r}", capacity=draw(st.integers(0, 3))) for r in range(draw(st.integers(1, 2)))
    )
    indices = range(len(courses))
    pairs = [(c, p) for c in indices for p in periods]
    fits = [(c, r) for c in indices for r in range(len(rooms))]
    groups = [group for n in (1, 2, 3) for group in combinations(indices, n)]
    pins: dict[tuple[int, int | None], Pin] = {}
    for c in indices:
        places = st.sampled_from([None, *range(len(rooms))])
        for period in draw(st.sets(st.sampled_from(periods), max_size=courses[c].num_lectures)):
            pins[c, period] = Pin(c, period, draw(places))
        room = draw(places)
        if room is not None and draw(st.booleans()):
            pins[c, None] = Pin(c, None, room)
    return Problem(
        name="tiny",
        num_days=num_days,
        periods_per_day=per_day,
        courses=courses,
        rooms=rooms,
        curricula=tuple(
            Curriculum(id=f"q{q}", courses=group)
            for q, group in enumerate(draw(st.lists(st.sampled_from(groups), max_size=2)))
        ),
        unavailable=draw(st.frozensets(st.sampled_from(pairs), max_size=4)),
        unsuitable=draw(st.frozensets(st.sampled_from(fits), max_size=3)),
        daily_lectures=draw(st.sampled_from([None, (0, 1), (2, 2), (2, 3)])),
        pins=frozenset(pins.values()) if draw(st.booleans()) else frozenset(),
    )


def least_cost_of_all(of: Problem, rules: Formulation) -> int | None:
    """Try every timetable that keeps the pins: the least cost without a broken hard rule, if any.

    It shares with the check nothing but `timetabling.penalties`.
    """
    costs = (
        score.cost
        for lectures in _timetables(of, 0, ())
        if _keeps_pins(of, lectures)
        and (score := evaluate(Timetable(of, lectures), rules)).is_feasible
    )
    return min(costs, default=None)


def _timetables(
    of: Problem, first: int, placed: tuple[Lecture, ...]
) -> Iterator[tuple[Lecture, ...]]:
    """All ways to place all lectures, without two of them in one room at once."""
    if first == len(of.courses):
        yield placed
        return
    taken = {(lecture.period, lecture.room) for lecture in placed}
    places = [
        (period, room)
        for period in range(of.num_periods)
        for room in range(len(of.rooms))
        if (period, room) not in taken
    ]
    for chosen in combinations(places, of.courses[first].num_lectures):
        lectures = tuple(Lecture(first, *place) for place in chosen)
        yield from _timetables(of, first + 1, placed + lectures)


def _keeps_pins(of: Problem, lectures: tuple[Lecture, ...]) -> bool:
    def keeps(pin: Pin) -> bool:
        own = [lecture for lecture in lectures if lecture.course == pin.course]
        if pin.period is None:
            return all(lecture.room == pin.room for lecture in own)
        return any(
            lecture.period == pin.period and pin.room in (None, lecture.room) for lecture in own
        )

    return all(map(keeps, of.pins))
