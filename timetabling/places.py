"""Why a lecture is where it is: what each other place would cost it, by rule, and what blocks it.

Its change of cost is what `evaluate` would say of the timetable with that one lecture moved there,
less what it says now: counted on the part of the problem that the lecture touches, by the very
rules of `penalties`, each once for what it looks at of the course (periods, rooms, or both).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from timetabling.penalties import Formulation, Score, evaluate, soft_rules
from timetabling.problem import Lecture, Pin, Problem, Timetable
from timetabling.ties import Company
from timetabling.view import document

__all__ = ["Blocker", "Place", "Swap", "cheapest", "other_places", "reasons"]


@dataclass(frozen=True, slots=True)
class Blocker:
    """A hard rule that would be broken at a place, or ``pins``; in words, and by which course."""

    rule: str
    text: str
    course: int | None = None


@dataclass(frozen=True, slots=True)
class Swap:
    """A lecture that would change places with this one, and what that costs: after less before."""

    other: Lecture
    change: Score


@dataclass(frozen=True, slots=True)
class Place:
    """Another place of a lecture.

    Parameters
    ----------
    period, room
        Where.
    change
        What it costs to be there instead, by rule: after less before.
    blockers
        What is in the way; none of a place that is free.
    swap
        With the one lecture that is in the way: where the period has no free place, and neither
        of the two would be blocked.
    """

    period: int
    room: int
    change: Score
    blockers: tuple[Blocker, ...] = ()
    swap: Swap | None = None


def other_places(timetable: Timetable, lecture: Lecture, rules: Formulation) -> tuple[Place, ...]:
    """Weigh all places of the week but the lecture's own, by period and room.

    Raises
    ------
    ValueError
        If the timetable does not have the lecture.
    """
    here = _Here(timetable, lecture, rules, Company(timetable.problem))
    rooms = range(len(timetable.problem.rooms))
    found: list[Place] = []
    for period in range(timetable.problem.num_periods):
        of_period = here.period_blockers(period)
        places = [
            Place(period, r, here.change(period, r), of_period + here.room_blockers(period, r))
            for r in rooms
            if (period, r) != (lecture.period, lecture.room)
        ]
        if all(place.blockers for place in places):
            places = [replace(place, swap=here.swap(place)) for place in places]
        found += places
    return tuple(found)


def cheapest(places: Sequence[Place]) -> list[Place]:
    """The free ones, the best first: fewer violations, then a lower cost, then earlier."""
    return sorted(
        (place for place in places if not place.blockers),
        key=lambda place: (place.change.order, place.period, place.room),
    )


def reasons(
    timetable: Timetable, lecture: Lecture, period: int, room: int, rules: Formulation
) -> list[tuple[str, str, int, str]]:
    """Say in words what changes if a lecture moves alone.

    Returns
    -------
    The rule, the course, the change of cost (0 of a hard rule), and why: what comes to be, and then
    with a negative change what is no more. They add up to the place's change of cost.
    """
    return _Here(timetable, lecture, rules, Company(timetable.problem)).reasons(period, room)


_RoomAt = Mapping[int, int]
"""Of a course: the room at each period that it is held at."""

_OF_PERIODS = ("lectures", "availability", "min_working_days", "undesired_times",
               "isolated_lectures", "windows", "student_load")  # fmt: skip
_OF_ROOMS = ("room_capacity", "room_stability", "room_suitability")
_OF_BOTH = ("double_lectures", "pins", "changes")

_MOST_NAMED = 3  # curricula of a clash, which may share dozens


class _Here:
    """A lecture of a timetable, where it is; all other lectures stay."""

    def __init__(
        self, timetable: Timetable, lecture: Lecture, rules: Formulation, company: Company
    ) -> None:
        if lecture not in timetable.lectures:
            raise ValueError(f"lecture: expected one of the timetable, got {tuple(lecture)}")
        self._timetable, self._lecture, self._rules = timetable, lecture, rules
        self._company, self._problem = company, timetable.problem
        self._course = timetable.problem.courses[lecture.course]
        self._ties = company.ties(lecture.course)
        self._mine = [each for each in timetable.lectures if each.course == lecture.course]
        self._at: list[dict[int, int]] = [{} for _ in self._problem.courses]
        for course, period, room in timetable.lectures:
            self._at[course].setdefault(period, room)
        self._held: list[dict[int, list[int]]] = [{} for _ in range(self._problem.num_periods)]
        for other, at in enumerate(self._at):
            for period, room in at.items() if other != lecture.course else ():
                self._held[period].setdefault(room, []).append(other)
        self._counted: dict[Hashable, Score] = {}

    def change(self, period: int, room: int) -> Score:
        """The cost at a place, less the cost here."""
        return _difference(self._score(self._moved(period, room)), self._now)

    @cached_property
    def _now(self) -> Score:
        return self._score(self._at[self._lecture.course])

    def _moved(self, period: int, room: int) -> _RoomAt:
        """The places of the course, with the lecture in another one."""
        at: dict[int, int] = {}
        for each in self._replaced(self._mine, period, room):
            at.setdefault(each.period, each.room)
        return at

    def _replaced(self, lectures: Sequence[Lecture], period: int, room: int) -> list[Lecture]:
        replaced = list(lectures)
        replaced[replaced.index(self._lecture)] = Lecture(self._lecture.course, period, room)
        return replaced

    def _score(self, at: _RoomAt) -> Score:
        """Count what the course takes part in, and perhaps more that stays the same."""
        parts = (
            self._count(_OF_PERIODS, frozenset(at), at, self._around, self._others),
            self._count(_OF_ROOMS, tuple(sorted(at.values())), at, self._alone, ()),
            self._count(_OF_BOTH, frozenset(at.items()), at, self._alone, ()),
        )
        counts = {rule: n for part in parts for rule, n in part.violations.items()}
        costs = {rule: n for part in parts for rule, n in part.penalties.items()}
        counts["conflicts"] = sum(len(list(self._meets(period))) for period in at)
        counts["room_occupancy"] = sum(room in self._held[p] for p, room in at.items())
        if self._problem.pins:
            counts.setdefault("pins", 0)
        if self._problem.max_changes is not None:
            made = sum(
                (at if c == self._lecture.course else self._at[c]).get(p) != r
                for c, p, r in self._problem.before
            )
            counts["max_changes"] = max(0, made - self._problem.max_changes)
        if "travel_distance" in self._rules.weights:
            costs["travel_distance"] = self._rules.weights["travel_distance"] * self._moves(at)
        return Score(
            violations={rule: counts[rule] for rule in self._rules.hard if rule in counts},
            penalties={x: costs.get(x, 0) for x in soft_rules(self._problem, self._rules)},
        )

    def _count(
        self,
        names: tuple[str, ...],
        seen: Hashable,
        at: _RoomAt,
        problem: Problem,
        others: tuple[Lecture, ...],
    ) -> Score:
        """Count some of the rules, once for all places that look the same to them."""
        key = names, seen
        if key not in self._counted:
            rules = replace(
                self._rules,
                hard=tuple(rule for rule in self._rules.hard if rule in names),
                weights={r: weight for r, weight in self._rules.weights.items() if r in names},
            )
            mine = (Lecture(0, period, room) for period, room in at.items())
            score = evaluate(Timetable(problem, (*mine, *others)), rules)
            costs = {rule: cost for rule, cost in score.penalties.items() if rule in names}
            self._counted[key] = Score(score.violations, costs)
        return self._counted[key]

    def _moves(self, at: _RoomAt) -> int:
        """Count how often curricula change buildings to or from the course, or within it."""
        rooms, per_day = self._problem.rooms, self._problem.periods_per_day
        moves = 0
        for period, room in at.items():
            here = rooms[room].building
            beside = [self._buildings[period - 1]] if period % per_day else []
            if (period + 1) % per_day:
                beside.append(self._buildings[period + 1])
                after = at.get(period + 1, room)
                if rooms[after].building != here:
                    moves += len(self._company.curricula_of[self._lecture.course])
            moves += sum(n for each in beside for there, n in each.items() if there != here)
        return moves

    @cached_property
    def _buildings(self) -> list[Counter[str]]:
        """At each period, the buildings that curricula of the course are in for other courses."""
        found = [Counter[str]() for _ in self._held]
        for period, held in enumerate(self._held):
            for room, others in held.items():
                weight = sum(len(self._ties[o].curricula) for o in others if o in self._ties)
                found[period][self._problem.rooms[room].building] += weight
        return found

    @cached_property
    def _alone(self) -> Problem:
        return self._part((), ())

    @cached_property
    def _around(self) -> Problem:
        curricula = self._company.curricula_of[self._lecture.course]
        return self._part(tuple(self._ties), tuple(curricula))

    def _part(self, others: tuple[int, ...], curricula: tuple[int, ...]) -> Problem:
        """The problem of the course, first of all, and of others without what is theirs alone."""
        problem, course = self._problem, self._lecture.course
        place = {c: i for i, c in enumerate((course, *others))}

        def own(pairs: frozenset[tuple[int, int]], number: int) -> frozenset[tuple[int, int]]:
            return frozenset((0, n) for n in range(number) if (course, n) in pairs)

        return replace(
            problem,
            courses=tuple(problem.courses[c] for c in place),
            curricula=tuple(
                replace(q, courses=tuple(place[c] for c in q.courses))
                for q in (problem.curricula[index] for index in curricula)
            ),
            unavailable=own(problem.unavailable, problem.num_periods),
            undesired=own(problem.undesired, problem.num_periods),
            unsuitable=own(problem.unsuitable, len(problem.rooms)),
            course_weights=frozenset(
                x._replace(course=0) for x in problem.course_weights if x.course == course
            ),
            pins=frozenset(pin._replace(course=0) for pin in problem.pins if pin.course == course),
            before=tuple(x._replace(course=0) for x in problem.before if x.course == course),
            max_changes=None,
        )

    @cached_property
    def _others(self) -> tuple[Lecture, ...]:
        """Lectures of the other courses of `_around`."""
        return tuple(
            Lecture(i, period, room)
            for i, other in enumerate(self._ties, 1)
            for period, room in self._at[other].items()
        )

    # What blocks it

    def period_blockers(self, period: int) -> tuple[Blocker, ...]:
        """What is in the way at a period, whatever the room."""
        return tuple(self._at_period(period))

    def _at_period(self, period: int) -> Iterator[Blocker]:
        course, lecture = self._course, self._lecture
        for pin in self._pins:
            if pin.period == lecture.period != period:
                day, slot = divmod(pin.period, self._problem.periods_per_day)
                yield Blocker("pins", f"pinned to day {day + 1}, period {slot + 1}")
        rest = list(self._mine)
        rest.remove(lecture)
        if any(each.period == period for each in rest):
            yield Blocker("lectures", f"{course.id} has another lecture then")
        if (lecture.course, period) in self._problem.unavailable:
            yield Blocker("availability", "not available")
        for other in self._meets(period):
            yield Blocker("conflicts", self._clash(other), other)

    def room_blockers(self, period: int, room: int) -> tuple[Blocker, ...]:
        """What is in the way in a room at a period, beside what is at the period."""
        return tuple(self._in_room(period, room))

    def _in_room(self, period: int, room: int) -> Iterator[Blocker]:
        rooms = self._problem.rooms
        for pin in self._pins:
            is_meant = pin.period is None or pin.period == self._lecture.period == period
            if is_meant and pin.room is not None and pin.room != room:
                yield Blocker("pins", f"pinned to room {rooms[pin.room].id}")
        for other in self._held[period].get(room, ()):
            name = self._problem.courses[other].id
            yield Blocker("room_occupancy", f"room {rooms[room].id} is taken by {name}", other)
        is_hard = "room_suitability" in self._rules.hard
        if is_hard and (self._lecture.course, room) in self._problem.unsuitable:
            yield Blocker("room_suitability", f"room {rooms[room].id} is not suitable")

    @cached_property
    def _pins(self) -> list[Pin]:
        return sorted(
            (pin for pin in self._problem.pins if pin.course == self._lecture.course),
            key=lambda pin: pin.period is None,
        )

    def _meets(self, period: int) -> Iterator[int]:
        """The courses held at a period that the course must never meet."""
        for others in self._held[period].values():
            yield from (other for other in others if other in self._ties)

    def _clash(self, other: int) -> str:
        name, ties = self._problem.courses[other].id, self._ties[other]
        listed = [self._problem.curricula[q].id for q in ties.curricula[:_MOST_NAMED]]
        more = len(ties.curricula) - len(listed)
        names = ", ".join(listed) + (f" and {more} more" if more else "")
        curricula = f"{'curricula' if len(ties.curricula) > 1 else 'curriculum'} {names}"
        if not ties.teacher:
            return f"{curricula}: {name}"
        return f"teacher {self._course.teacher} teaches {name} then" + (
            f" ({curricula})" if listed else ""
        )

    # Changing places, and words

    def swap(self, place: Place) -> Swap | None:
        """Weigh changing places with the only lecture in the way, if it is at this very place."""
        others = {blocker.course for blocker in place.blockers}
        other = others.pop() if len(others) == 1 else None
        if other is None or self._at[other].get(place.period) != place.room:
            return None
        # One after the other: first this one goes there, then that one comes here.
        lectures = self._replaced(self._timetable.lectures, place.period, place.room)
        theirs = Lecture(other, place.period, place.room)
        moved = Timetable(self._problem, tuple(lectures))
        there, home = _Here(moved, theirs, self._rules, self._company), self._lecture
        if there.period_blockers(home.period) or there.room_blockers(home.period, home.room):
            return None
        return Swap(theirs, _sum(place.change, there.change(home.period, home.room)))

    def reasons(self, period: int, room: int) -> list[tuple[str, str, int, str]]:
        """What comes to be and what is no more, rule by rule."""
        before, after = (
            _told(Timetable(self._around, (*mine, *self._others)), self._rules)
            for mine in (
                [Lecture(0, p, r) for _, p, r in self._mine],
                [Lecture(0, p, r) for _, p, r in self._replaced(self._mine, period, room)],
            )
        )
        return [
            (rule, course, sign * cost, text)
            for sign, told in ((1, after - before), (-1, before - after))
            for (rule, course, cost, text), times in told.items()
            for _ in range(times)
        ]


def _told(timetable: Timetable, rules: Formulation) -> Counter[tuple[str, str, int, str]]:
    """Count the reasons of a timetable's cost."""
    found = document(timetable, rules)
    names = [course["id"] for course in found["courses"]]
    things = [(names[c], course) for c, course in enumerate(found["courses"])]
    things += [(names[lecture["course"]], lecture) for lecture in found["lectures"]]
    return Counter(
        (reason["rule"], name, reason["cost"], reason["text"])
        for name, thing in things
        for reason in thing["reasons"]
    )


def _difference(after: Score, before: Score) -> Score:
    return Score(
        {rule: n - before.violations[rule] for rule, n in after.violations.items()},
        {rule: n - before.penalties[rule] for rule, n in after.penalties.items()},
    )


def _sum(one: Score, other: Score) -> Score:
    return Score(
        {rule: n + other.violations[rule] for rule, n in one.violations.items()},
        {rule: n + other.penalties[rule] for rule, n in one.penalties.items()},
    )
