"""Tiny instances, and whether rules can hold together by trying everything."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations, permutations, product

from hypothesis import strategies as st

from timetabling.problem import Course, Curriculum, Pin, Problem, Room
from timetabling.solvers.cpsat_rules import Rule

__all__ = ["can_hold", "problems"]


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """A week of two days, crowded enough to be impossible half of the time."""
    num_courses, num_rooms = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    days, per_day = draw(st.sampled_from([(1, 2), (1, 3), (2, 2)]))
    periods = range(days * per_day)
    courses = tuple(
        Course(
            id=f"course {c}",
            teacher=draw(st.sampled_from(["Ada", "Bo", f"only {c}"])),
            num_lectures=draw(st.integers(0 if c else 1, 2)),
            min_working_days=1,
            num_students=10,
        )
        for c in range(num_courses)
    )
    some = st.sets(st.integers(0, num_courses - 1), min_size=1)
    places = st.tuples(st.integers(0, num_courses - 1), st.sampled_from(periods))
    unfit = st.tuples(st.integers(0, num_courses - 1), st.integers(0, num_rooms - 1))
    pins: dict[tuple[int, int | None], Pin] = {}
    for c, p, r in draw(
        st.lists(
            st.tuples(
                st.integers(0, num_courses - 1),
                st.none() | st.sampled_from(periods),
                st.none() | st.integers(0, num_rooms - 1),
            ),
            max_size=3,
        )
    ):
        held = sum(pin.course == c and pin.period is not None for pin in pins.values())
        if p is None and r is None:
            continue
        if p is None or (c, p) in pins or held < courses[c].num_lectures:
            pins[c, p] = Pin(c, p, r)
    return Problem(
        name="tiny",
        num_days=days,
        periods_per_day=per_day,
        courses=courses,
        rooms=tuple(Room(id=f"room {r}", capacity=10) for r in range(num_rooms)),
        curricula=tuple(
            Curriculum(id=f"curriculum {q}", courses=tuple(sorted(members)))
            for q, members in enumerate(draw(st.lists(some, max_size=2)))
        ),
        unavailable=frozenset(draw(st.sets(places, max_size=5))),
        unsuitable=frozenset(draw(st.sets(unfit, max_size=4))),
        pins=frozenset(pins.values()),
    )


def can_hold(problem: Problem, rules: Collection[Rule]) -> bool:
    """Try every choice of periods and rooms; written without a look at the engine."""
    courses = [rule.of[0] for rule in rules if rule.kind == "lectures"]
    closed = {rule.of for rule in rules if rule.kind == "unavailable"}
    apart = [
        {c for c in courses if problem.courses[c].teacher == rule.of[0]}
        if rule.kind == "teacher"
        else set(problem.curricula[rule.of[0]].courses)
        for rule in rules
        if rule.kind in ("teacher", "curriculum")
    ]
    pins = [rule.of for rule in rules if rule.kind == "pin"]
    unfit = {rule.of for rule in rules if rule.kind == "suitability"}
    shares_rooms = Rule("rooms") not in rules

    def fits(course: int, period: int, room: int) -> bool:
        return (course, room) not in unfit and all(
            r in (-1, room) for c, p, r in pins if c == course and p in (-1, period)
        )

    def has_rooms(period: int, held: list[int]) -> bool:
        every = range(len(problem.rooms))
        ways = product(every, repeat=len(held)) if shares_rooms else permutations(every, len(held))
        return any(all(fits(c, period, r) for c, r in zip(held, way, strict=True)) for way in ways)

    choices = [
        [
            periods
            for periods in combinations(range(problem.num_periods), problem.courses[c].num_lectures)
            if not any((c, p) in closed for p in periods)
            and all(p in periods for other, p, _ in pins if other == c and p >= 0)
        ]
        for c in courses
    ]
    for chosen in product(*choices):
        at = {
            p: [c for c, periods in zip(courses, chosen, strict=True) if p in periods]
            for p in range(problem.num_periods)
        }
        if all(
            all(len(group.intersection(held)) < 2 for group in apart) and has_rooms(p, held)
            for p, held in at.items()
        ):
            return True
    return False
