"""A timetable for people who look at it: what each lecture and course costs, and why.

The reasons add up to the cost. What several lectures cause together is told at one of them, the
last on its day; what belongs to none of them, at their course. A broken hard rule costs nothing
here, and is told at each lecture that takes part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypedDict

from timetabling.penalties import Formulation, evaluate, weights_of
from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable

__all__ = ["Document", "Reason", "document", "wronged"]


class Reason(TypedDict):
    """Why something costs: a rule, what it costs here (0 if it is hard), and a line of words."""

    rule: str
    cost: int
    text: str


class Document(TypedDict):
    """A timetable, its cost by rule, and its reasons; courses and rooms are told by their index."""

    instance: str
    formulation: str
    num_days: int
    periods_per_day: int
    cost: int
    violations: int
    bound: int | None
    daily_lectures: list[int] | None
    pins: list[list[int | None]]
    before: list[list[int]]
    max_changes: int | None
    weights: dict[str, int]
    penalties: list[dict[str, Any]]
    rooms: list[dict[str, Any]]
    teachers: list[str]
    curricula: list[dict[str, Any]]
    courses: list[dict[str, Any]]
    lectures: list[dict[str, Any]]


def document(timetable: Timetable, rules: Formulation, bound: int | None = None) -> Document:
    """Describe a timetable under a formulation, ready for JSON; `recall` reads it back.

    Parameters
    ----------
    bound
        What every feasible timetable costs at least, if that is known.
    """
    problem, score = timetable.problem, evaluate(timetable, rules)
    of_course: defaultdict[int, list[Reason]] = defaultdict(list)
    of_lecture: defaultdict[tuple[int, int], list[Reason]] = defaultdict(list)
    week = _Week(timetable)
    amounts: Counter[str] = Counter()
    for rule in (*rules.hard, *score.penalties):
        weights = weights_of(problem, rules, rule)
        for course, period, amount, text in _REASONS[rule](week):
            amounts[rule] += amount
            reasons = of_course[course] if period is None else of_lecture[course, period]
            reasons.append(Reason(rule=rule, cost=weights[course] * amount, text=text))
    lectures = []
    seen = set()
    for lecture in sorted(timetable.lectures, key=lambda each: (each.period, each.course)):
        place = lecture.course, lecture.period
        reasons = of_lecture[place] if place not in seen else [_DOUBLED]
        seen.add(place)
        lectures.append(_lecture(lecture, problem, reasons))
    return Document(
        instance=problem.name,
        formulation=rules.name,
        num_days=problem.num_days,
        periods_per_day=problem.periods_per_day,
        cost=score.cost,
        violations=score.num_violations,
        bound=bound,
        daily_lectures=problem.daily_lectures and list(problem.daily_lectures),
        pins=[list(pin) for pin in sorted(problem.pins, key=repr)],
        before=[list(lecture) for lecture in problem.before],
        max_changes=problem.max_changes,
        weights=dict(rules.weights),
        penalties=[
            {"rule": rule, "kind": "hard", "weight": 0, "amount": count, "cost": 0}
            for rule, count in score.violations.items()
        ]
        + [
            {
                "rule": rule,
                "kind": "soft",
                "weight": rules.weights.get(rule, 0),
                "amount": amounts[rule],
                "cost": cost,
            }
            for rule, cost in score.penalties.items()
        ],
        rooms=[
            {"id": room.id, "capacity": room.capacity, "building": room.building}
            for room in problem.rooms
        ],
        teachers=sorted({course.teacher for course in problem.courses}),
        curricula=[
            {"id": curriculum.id, "courses": list(curriculum.courses)}
            for curriculum in problem.curricula
        ],
        courses=[_course(problem, c, of_course[c]) for c in range(len(problem.courses))],
        lectures=lectures,
    )


def wronged(timetable: Timetable, rules: Formulation) -> set[int]:
    """The courses at which a hard rule is broken, as `document` tells it."""
    week = _Week(timetable)
    return {course for rule in rules.hard for course, *_ in _REASONS[rule](week)}


def _course(problem: Problem, c: int, reasons: list[Reason]) -> dict[str, Any]:
    course, rooms = problem.courses[c], range(len(problem.rooms))
    return {
        "id": course.id,
        "teacher": course.teacher,
        "num_lectures": course.num_lectures,
        "min_working_days": course.min_working_days,
        "num_students": course.num_students,
        "wants_double_lectures": course.wants_double_lectures,
        "unavailable": [p for p in range(problem.num_periods) if (c, p) in problem.unavailable],
        "undesired": [p for p in range(problem.num_periods) if (c, p) in problem.undesired],
        "unsuitable": [room for room in rooms if (c, room) in problem.unsuitable],
        "weights": dict(problem.weights_by_course.get(c, {})),
        "reasons": reasons,
    }


def _lecture(lecture: Lecture, problem: Problem, reasons: list[Reason]) -> dict[str, Any]:
    day, period = divmod(lecture.period, problem.periods_per_day)
    return {
        "course": lecture.course,
        "day": day,
        "period": period,
        "room": lecture.room,
        "cost": sum(reason["cost"] for reason in reasons),
        "reasons": reasons,
    }


_DOUBLED = Reason(
    rule="lectures",
    cost=0,
    text="the course has another lecture at this time, so this one does not count",
)

Found = tuple[int, int | None, int, str]
"""A course, the period of its lecture or None for the whole course, how much, and why."""


class _Week:
    """A timetable seen from three sides; of a course twice at one period, the first counts."""

    def __init__(self, timetable: Timetable) -> None:
        self.problem = timetable.problem
        self.room_at: list[dict[int, int]] = [{} for _ in self.problem.courses]
        for course, period, room in timetable.lectures:
            self.room_at[course].setdefault(period, room)

    def lectures(self) -> Iterator[tuple[int, Course, int, int, Room]]:
        """Each lecture: its course's index, the course, the period, the room's index, the room."""
        for c, course in enumerate(self.problem.courses):
            for period, room in self.room_at[c].items():
                yield c, course, period, room, self.problem.rooms[room]

    def days_of(self, course: int) -> Counter[int]:
        """Lectures of a course, by day."""
        return Counter(period // self.problem.periods_per_day for period in self.room_at[course])

    def curriculum_days(self) -> Iterator[tuple[Curriculum, dict[int, list[int]]]]:
        """Each curriculum on each day that it is held on: its courses, by period in order."""
        for curriculum in self.problem.curricula:
            at: defaultdict[int, list[int]] = defaultdict(list)
            for course in curriculum.courses:
                for period in self.room_at[course]:
                    at[period].append(course)
            days: defaultdict[int, dict[int, list[int]]] = defaultdict(dict)
            for period in sorted(at):
                days[period // self.problem.periods_per_day][period] = at[period]
            for day in days.values():
                yield curriculum, day


def _lectures(week: _Week) -> Iterator[Found]:
    for c, course in enumerate(week.problem.courses):
        placed, wanted = len(week.room_at[c]), course.num_lectures
        if placed != wanted:
            yield c, None, abs(wanted - placed), f"{placed} of {_count(wanted, 'lecture')} placed"


def _conflicts(week: _Week) -> Iterator[Found]:
    courses = week.problem.courses
    for a, others in enumerate(week.problem.conflicts):
        for b in sorted(others):
            for period in week.room_at[a].keys() & week.room_at[b].keys():
                shared = [f"curriculum {q.id}" for q in week.problem.curricula
                          if a in q.courses and b in q.courses]  # fmt: skip
                if courses[a].teacher == courses[b].teacher:
                    shared.insert(0, f"teacher {courses[a].teacher}")
                yield a, period, 1, f"at the same time as {courses[b].id}: {_list(shared)}"


def _availability(week: _Week) -> Iterator[Found]:
    for c, course, period, _, _ in week.lectures():
        if (c, period) in week.problem.unavailable:
            yield c, period, 1, f"{course.id} cannot be held at this time"


def _room_occupancy(week: _Week) -> Iterator[Found]:
    users: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for c, _, period, r, _ in week.lectures():
        users[r, period].append(c)
    for (r, period), here in users.items():
        for c in here if len(here) > 1 else ():
            others = [week.problem.courses[other].id for other in here if other != c]
            yield c, period, 1, f"{week.problem.rooms[r].id} is also used by {_list(others)}"


def _pins(week: _Week) -> Iterator[Found]:
    rooms = week.problem.rooms
    for c, pinned, room in sorted(week.problem.pins, key=repr):
        at, wanted = week.room_at[c], "" if room is None else f" in {rooms[room].id}"
        if pinned is None:
            for period, held in at.items():
                if held != room:
                    yield c, period, 1, f"in {rooms[held].id}, pinned to {rooms[room or 0].id}"
        elif pinned not in at:
            yield c, None, 1, f"not held on {_time(week, pinned)}{wanted}, as pinned"
        elif room not in (None, at[pinned]):
            yield c, pinned, 1, f"in {rooms[at[pinned]].id}, pinned to {rooms[room or 0].id}"


def _changes(week: _Week) -> Iterator[Found]:
    rooms = week.problem.rooms
    for c, period, room in week.problem.before:
        held = week.room_at[c].get(period)
        if held is None:
            text = f"no longer held on {_time(week, period)} in {rooms[room].id}"
            yield c, None, 1, text
        elif held != room:
            yield c, period, 1, f"in {rooms[room].id} before"


def _max_changes(week: _Week) -> Iterator[Found]:
    most, made = week.problem.max_changes, list(_changes(week))
    if most is not None and len(made) > most:
        for c, period, amount, text in made:
            yield c, period, amount, f"{text}, one of {len(made)} changes, at most {most} allowed"


def _room_capacity(week: _Week) -> Iterator[Found]:
    for c, course, period, _, room in week.lectures():
        missing = course.num_students - room.capacity
        if missing > 0:
            seats = _count(room.capacity, "seat")
            yield c, period, missing, f"{_count(course.num_students, 'student')}, {seats}"


def _min_working_days(week: _Week) -> Iterator[Found]:
    for c, course in enumerate(week.problem.courses):
        days, wanted = len(week.days_of(c)), course.min_working_days
        if days < wanted:
            yield c, None, wanted - days, f"held on {_count(days, 'day')}, at least {wanted} wanted"


def _room_stability(week: _Week) -> Iterator[Found]:
    for c, at in enumerate(week.room_at):
        rooms = [week.problem.rooms[room].id for room in sorted(set(at.values()))]
        if len(rooms) > 1:
            yield c, None, len(rooms) - 1, f"held in {len(rooms)} rooms: {_list(rooms)}"


def _room_suitability(week: _Week) -> Iterator[Found]:
    for c, course, period, r, room in week.lectures():
        if (c, r) in week.problem.unsuitable:
            yield c, period, 1, f"{room.id} is not suitable for {course.id}"


def _double_lectures(week: _Week) -> Iterator[Found]:
    per_day = week.problem.periods_per_day
    for c, course, period, r, _ in week.lectures():
        at, day = week.room_at[c], period // per_day
        beside = [p for p in (period - 1, period + 1) if p // per_day == day and at.get(p) == r]
        if course.wants_double_lectures and not beside and week.days_of(c)[day] > 1:
            text = f"apart from the other lectures of {course.id} on this day, or in another room"
            yield c, period, 1, text


def _undesired_times(week: _Week) -> Iterator[Found]:
    for c, course, period, _, _ in week.lectures():
        if (c, period) in week.problem.undesired:
            yield c, period, 1, f"{course.id} should rather not be held at this time"


def _isolated_lectures(week: _Week) -> Iterator[Found]:
    for curriculum, day in week.curriculum_days():
        for period, courses in day.items():
            if period - 1 not in day and period + 1 not in day:
                text = f"nothing else of curriculum {curriculum.id} right before or after"
                yield from ((course, period, 1, text) for course in courses)


def _windows(week: _Week) -> Iterator[Found]:
    for curriculum, day in week.curriculum_days():
        periods = list(day)
        for before, period in pairwise(periods):
            free = period - before - 1
            if free:
                text = f"curriculum {curriculum.id} has {_count(free, 'free period')} before it"
                yield day[period][0], period, free, text


def _student_load(week: _Week) -> Iterator[Found]:
    if week.problem.daily_lectures is None:
        return
    fewest, most = week.problem.daily_lectures
    for curriculum, day in week.curriculum_days():
        load, last = sum(map(len, day.values())), max(day)
        amount = max(0, fewest - load, load - most)
        if amount:
            wanted = f"at least {fewest}" if load < fewest else f"at most {most}"
            held = _count(load, "lecture")
            text = f"curriculum {curriculum.id} has {held} on this day, {wanted} wanted"
            yield day[last][-1], last, amount, text


def _travel_distance(week: _Week) -> Iterator[Found]:
    rooms = week.problem.rooms
    for curriculum, day in week.curriculum_days():
        for period, courses in day.items():
            for after in courses:
                there = rooms[week.room_at[after][period]].building
                for before in day.get(period - 1, ()):
                    here = rooms[week.room_at[before][period - 1]].building
                    if here != there:
                        text = f"curriculum {curriculum.id} comes from building {here} to {there}"
                        yield after, period, 1, text


_REASONS: Mapping[str, Callable[[_Week], Iterable[Found]]] = MappingProxyType(
    {
        rule.__name__.removeprefix("_"): rule
        for rule in (
            _lectures,
            _conflicts,
            _availability,
            _room_occupancy,
            _pins,
            _max_changes,
            _room_capacity,
            _min_working_days,
            _room_stability,
            _room_suitability,
            _double_lectures,
            _undesired_times,
            _isolated_lectures,
            _windows,
            _student_load,
            _travel_distance,
            _changes,
        )
    }
)


def _time(week: _Week, period: int) -> str:
    day, slot = divmod(period, week.problem.periods_per_day)
    return f"day {day + 1}, period {slot + 1}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _list(names: list[str]) -> str:
    return ", ".join(names)
