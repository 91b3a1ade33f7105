"""Proofs that there is no timetable, from counting and matching alone.

A group of courses of which at most so many are held at once needs enough periods: Hall's theorem
says exactly when it has them. What keeps lectures together is looked at in rising order of size, so
that a fault is told where it is: a course, a teacher, a curriculum, several of them, the rooms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from timetabling.check.assignment import Assignment
from timetabling.check.cliques import cliques, reasons
from timetabling.check.finding import Finding
from timetabling.check.openings import Openings, groups_of_teachers
from timetabling.check.words import count, names, pairs_of, periods_of, when

__all__ = ["Impossible"]


class Impossible:
    """Looks for proofs; what one has shown is left out of those that follow."""

    def __init__(self, week: Openings) -> None:
        self.week = week
        self.problem = week.problem
        self.shown: list[frozenset[int]] = []

    def findings(self) -> list[Finding]:
        """All proofs that were found; what to mend first comes first."""
        return [
            *self._of_courses(),
            *self._of_groups(),
            *self._of_rooms(),
            *self._of_all_rooms(),
        ]

    def _of_courses(self) -> Iterator[Finding]:
        """Courses that are held nowhere or have too few periods on their own."""
        week, all_rooms = self.week, count(len(self.problem.rooms), "room")
        for c, course in enumerate(self.problem.courses):
            if course.num_lectures and not week.rooms[c]:
                self.shown.append(frozenset([c]))
                yield Finding(
                    rule="course_rooms",
                    message=f"course {course.id}: none of the {all_rooms} "
                    f"is suitable for its {count(course.num_lectures, 'lecture')}",
                    repair="make a room suitable for it, or let another formulation count "
                    "unsuitable rooms as a penalty",
                    needed=course.num_lectures,
                    available=0,
                    courses=(course.id,),
                )
            if week.left[c] > week.free[c].bit_count():
                self.shown.append(frozenset([c]))
                yield self._too_few_periods((c,))

    def _of_groups(self) -> Iterator[Finding]:
        """Groups of which no two courses are ever held at once."""
        groups = [
            *groups_of_teachers(self.problem).values(),
            *(curriculum.courses for curriculum in self.problem.curricula),
        ]
        looked_at = set()
        for every in (groups, cliques(self.week, groups)):
            for group in every:
                members = tuple(sorted(c for c in group if self.week.left[c]))
                if len(members) < 2 or members in looked_at:
                    continue
                looked_at.add(members)
                for wrong in self._violators(members, [1] * self.problem.num_periods):
                    yield self._too_few_periods(wrong)

    def _of_rooms(self) -> Iterator[Finding]:
        """Courses that fit only into some of the rooms, against the periods of these rooms."""
        week, problem = self.week, self.problem
        inside: defaultdict[int, list[int]] = defaultdict(list)
        for mask in {mask for mask in week.rooms if mask}:
            inside[mask] = [c for c, rooms in enumerate(week.rooms) if rooms and not rooms & ~mask]
        for mask, courses in sorted(inside.items(), key=lambda each: each[0].bit_count()):
            if mask.bit_count() == len(problem.rooms) and self._has_too_many_lectures():
                continue  # that is told on its own
            held = [mask.bit_count()] * problem.num_periods
            for (_, period), rooms in week.pinned.items():
                held[period] -= bool(rooms) and not rooms & ~mask
            if min(held) < len(courses):
                for wrong in self._violators(courses, held):
                    yield self._too_few_rooms(wrong, held, mask)

    def _of_all_rooms(self) -> Iterator[Finding]:
        """Lectures against rooms, with all periods of a room taken together."""
        week, problem = self.week, self.problem
        lectures, places = problem.num_lectures, len(problem.rooms) * problem.num_periods
        if self._has_too_many_lectures():
            yield Finding(
                rule="rooms_lectures",
                message=f"{count(lectures, 'lecture')} a week must fit into "
                f"{count(len(problem.rooms), 'room')} x {count(problem.num_periods, 'period')} "
                f"= {count(places, 'place')}",
                repair=f"add rooms or periods, or leave out {count(lectures - places, 'lecture')}",
                needed=lectures,
                available=places,
                rooms=tuple(room.id for room in problem.rooms),
            )
            return
        free = [problem.num_periods] * len(problem.rooms)
        for rooms in week.pinned.values():
            if rooms.bit_count() == 1:
                free[rooms.bit_length() - 1] -= 1
        courses = self._not_shown(c for c, rooms in enumerate(week.rooms) if rooms)
        while True:
            together: defaultdict[int, list[int]] = defaultdict(list)
            for c in courses:
                together[week.rooms[c]].append(c)
            kinds = sorted(together)
            demand = Assignment(
                needs=[sum(map(self._placeable, together[mask])) for mask in kinds],
                places=[periods_of(mask) for mask in kinds],
                capacity=free,
                once=False,
            )
            wrong = [kinds[i] for i in demand.violator()]
            if not wrong:
                return
            members = sorted(c for mask in wrong for c in together[mask] if week.left[c])
            union = 0
            for mask in wrong:
                union |= mask
            available = sum(free[r] for r in periods_of(union))
            yield self._rooms_finding(members, union, available)
            courses = [c for c in courses if c not in members]

    def _has_too_many_lectures(self) -> bool:
        problem = self.problem
        return problem.num_lectures > len(problem.rooms) * problem.num_periods

    def _not_shown(self, courses: Iterable[int]) -> list[int]:
        """Leave out courses that were shown to be too many on their own."""
        left = set(courses)
        for wrong in self.shown:
            if wrong <= left:
                left -= wrong if len(wrong) > 1 else set()  # one alone: see `_placeable`
        return sorted(left)

    def _placeable(self, course: int) -> int:
        """Lectures of a course, but for those beyond its periods: that is told of it alone."""
        return min(self.week.left[course], self.week.free[course].bit_count())

    def _violators(self, group: Iterable[int], held: list[int]) -> Iterator[tuple[int, ...]]:
        """Courses of a group, again and again, with too few periods for all of them."""
        week = self.week
        members = self._not_shown(group)
        places = {c: periods_of(week.free[c]) for c in members}
        while members:
            demand = Assignment(
                needs=[self._placeable(c) for c in members],
                places=[places[c] for c in members],
                capacity=held,
                once=True,
            )
            wrong = tuple(members[i] for i in demand.violator())
            if not wrong:
                return
            self.shown.append(frozenset(wrong))
            yield wrong
            members = [c for c in members if c not in wrong]

    def _too_few_periods(self, courses: tuple[int, ...]) -> Finding:
        """Tell of courses that exclude each other and have too few periods."""
        week, problem = self.week, self.problem
        free = week.union(courses)
        needed, available = week.lectures(courses), free.bit_count()
        teachers, curricula, rooms = reasons(week, courses)
        kinds = [bool(teachers), bool(curricula), bool(rooms)]
        who = f"course {names(week.names(courses))}"
        rule = "course_periods"
        if len(courses) > 1:
            one_group = len(teachers) + len(curricula) + len(rooms) == 1
            which = ("teacher", "curriculum", "room")[kinds.index(True)] if one_group else "clique"
            rule = f"{which}_periods"
            who = f"{which} {(teachers + curricula + rooms)[0]}"
            if not one_group:
                shared = [
                    *(f"teacher {name}" for name in teachers),
                    *(f"curriculum {name}" for name in curricula),
                    *(f"room {name}" for name in rooms),
                ]
                who = f"courses that exclude each other ({names(shared)})"
        told, besides = self._lectures(courses)
        return Finding(
            rule=rule,
            message=f"{who}: {told} must fit into {_into(free, problem.periods_per_day)}{besides}",
            repair=self._repair(courses, needed - available),
            needed=needed,
            available=available,
            courses=week.names(courses),
            teachers=tuple(teachers) or _teachers_of(week, courses),
            curricula=tuple(curricula),
            rooms=tuple(rooms),
            periods=pairs_of(free, problem.periods_per_day),
        )

    def _repair(self, courses: tuple[int, ...], lacking: int) -> str:
        """What would give these courses enough periods."""
        whose = "it" if len(courses) == 1 else "one of them"
        lacked, lectures = count(lacking, "more period"), count(lacking, "lecture")
        is_always_free = self.week.union(courses).bit_count() == self.problem.num_periods
        ways = [f"lengthen the week by {count(lacking, 'period')}" if is_always_free
                else f"make {whose} available at {lacked}", f"leave out {lectures}"]  # fmt: skip
        if len(courses) > 1:
            ways.append("give a course to another teacher, curriculum or room")
        return f"{', '.join(ways[:-1])} or {ways[-1]}"

    def _too_few_rooms(self, courses: tuple[int, ...], held: list[int], mask: int) -> Finding:
        """Tell of courses that have, at the periods they may be held at, too few rooms."""
        week = self.week
        demand = Assignment(
            needs=[week.left[c] for c in courses],
            places=[periods_of(week.free[c]) for c in courses],
            capacity=held,
            once=True,
        )
        return self._rooms_finding(courses, mask, demand.supply(range(len(courses))))

    def _rooms_finding(self, courses: Iterable[int], mask: int, available: int) -> Finding:
        week, problem = self.week, self.problem
        members = tuple(courses)
        rooms = [problem.rooms[r].id for r in periods_of(mask)]
        free = week.union(members)
        needed = week.lectures(members)
        told, besides = self._lectures(members)
        only = "all" if len(rooms) == len(problem.rooms) else "only"
        return Finding(
            rule="rooms_periods",
            message=f"{told} may be in {only} {count(len(rooms), 'room')} ({names(rooms)}), which "
            f"at their periods ({when(free, problem.periods_per_day)}) hold {available} of "
            f"them{besides}",
            repair="make more rooms suitable, or free more periods for one of these courses, "
            f"or leave out {count(needed - available, 'lecture')}",
            needed=needed,
            available=available,
            courses=week.names(members),
            rooms=tuple(rooms),
            periods=pairs_of(free, problem.periods_per_day),
        )

    def _lectures(self, courses: Collection[int]) -> tuple[str, str]:
        """Lectures and whose they are; and that there are others, which are pinned."""
        week = self.week
        told = count(week.lectures(courses), "lecture")
        if len(courses) > 1:
            told += f" (courses {names(week.names(courses))})"
        return told, "; pinned lectures and their places are not counted" if week.pinned else ""


def _into(free: int, periods_per_day: int) -> str:
    """The periods, and which they are."""
    number = free.bit_count()
    if not number:
        return "no period at all"
    return f"{'the ' * (number > 1)}{count(number, 'period')} {when(free, periods_per_day)}"


def _teachers_of(week: Openings, courses: tuple[int, ...]) -> tuple[str, ...]:
    """The teacher of a single course: who to ask for another period."""
    return (week.problem.courses[courses[0]].teacher,) if len(courses) == 1 else ()
