"""The models of `cpsat_whole`: when each course is held, and where."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ortools.sat.python import cp_model

from timetabling.penalties import Formulation
from timetabling.problem import Lecture, Problem, Timetable

__all__ = ["UniversityModel"]


class UniversityModel:
    """A model that is put together of parts, and its solution; rules are those of UD1 and UD2."""

    def __init__(self, problem: Problem, rules: Formulation) -> None:
        self.problem, self.rules, self.weights = problem, rules, rules.weights
        self.model = cp_model.CpModel()
        self.held: dict[tuple[int, int], Any] = {}
        self.inside: dict[tuple[int, int, int], Any] = {}
        self.used: dict[tuple[int, int], Any] = {}
        self.solver = cp_model.CpSolver()
        self._terms: list[tuple[Any, int]] = []
        self._constant = 0
        self._derived: list[tuple[Any, int, list[Any], list[Any]]] = []

    def add_periods(self) -> None:
        """Decide which course is held when; everything but the rooms."""
        problem, model = self.problem, self.model
        for c, course in enumerate(problem.courses):
            for p in range(problem.num_periods):
                if (c, p) not in problem.unavailable:
                    self.held[c, p] = model.new_bool_var("")
            held = [self.held[c, p] for p in range(problem.num_periods) if (c, p) in self.held]
            model.add(cp_model.LinearExpr.sum(held) == course.num_lectures)
            self._spread(c)
        for group in _groups(problem):
            for p in range(problem.num_periods):
                model.add_at_most_one(self._at(group, p))
        courses = range(len(problem.courses))
        for p in range(problem.num_periods):
            model.add(cp_model.LinearExpr.sum(self._at(courses, p)) <= len(problem.rooms))
        alike: dict[frozenset[int], int] = defaultdict(int)
        for curriculum in problem.curricula:
            alike[frozenset(curriculum.courses)] += 1
        for members, number in alike.items():
            self._compact(sorted(members), number)

    def add_rooms(self, held: Mapping[tuple[int, int], Any]) -> None:
        """Decide the room of each course and period in `held`: a variable, or 1 if known."""
        problem, model = self.problem, self.model
        in_room: dict[tuple[int, int], list[Any]] = defaultdict(list)
        capacity = self.weights.get("room_capacity", 0)
        for (c, p), here in held.items():
            rooms = []
            for r, room in enumerate(problem.rooms):
                var = self.inside[c, p, r] = model.new_bool_var("")
                missing = problem.courses[c].num_students - room.capacity
                self._price(var, capacity * max(0, missing))
                in_room[p, r].append(var)
                rooms.append(var)
            model.add(cp_model.LinearExpr.sum(rooms) == here)
        for together in in_room.values():
            model.add_at_most_one(together)
        if "room_stability" in self.weights:
            self._stay(held)

    def count_seats(self) -> None:
        """Price the seats that are missing, without choosing rooms.

        With lectures and rooms both in order of size these are, over each number of seats, the
        lectures that want so many beyond the rooms that have them.
        """
        problem = self.problem
        sizes = {course.num_students for course in problem.courses}
        steps = sorted(sizes | {room.capacity for room in problem.rooms})
        for below, step in zip([0, *steps], steps, strict=False):
            having = sum(room.capacity >= step for room in problem.rooms)
            wanting = [c for c, x in enumerate(problem.courses) if x.num_students >= step]
            for p in range(problem.num_periods):
                here = self._at(wanting, p)
                if len(here) > having:
                    beyond = self.model.new_int_var(0, len(here) - having, "")
                    self.model.add(cp_model.LinearExpr.sum(here) - beyond <= having)
                    self._derived.append((beyond, -having, here, []))
                    self._price(beyond, (step - below) * self.weights["room_capacity"])

    def hint(self, start: Timetable) -> None:
        """Begin the search at a timetable, with a value for every variable."""
        placed = set(start.lectures)
        periods = {(x.course, x.period) for x in placed}
        rooms = {(x.course, x.room) for x in placed}
        values = {var.index: int(key in periods) for key, var in self.held.items()}
        values |= {var.index: int(place in placed) for place, var in self.inside.items()}
        values |= {var.index: int(key in rooms) for key, var in self.used.items()}
        for var, constant, more, less in self._derived:
            value = constant + sum(values[x.index] for x in more)
            value -= sum(values[x.index] for x in less)
            values[var.index] = min(max(value, 0), var.proto.domain[-1])
        for index, value in values.items():
            self.model.add_hint(self.model.get_int_var_from_proto_index(index), value)

    def solve(
        self,
        seconds: float,
        num_threads: int,
        seed: int,
        told: cp_model.CpSolverSolutionCallback,
    ) -> bool:
        """Search for a while; returns whether there is a solution."""
        self.model.minimize(
            cp_model.LinearExpr.weighted_sum(
                [var for var, _ in self._terms], [cost for _, cost in self._terms]
            )
            + self._constant
        )
        parameters = self.solver.parameters
        parameters.num_workers = num_threads
        parameters.random_seed = seed % 2**31
        parameters.max_time_in_seconds = max(0.01, seconds)
        status = self.solver.solve(self.model, told)
        return status in (cp_model.OPTIMAL, cp_model.FEASIBLE)

    def chosen_periods(self) -> set[tuple[int, int]]:
        """Periods of the solution."""
        return {key for key, var in self.held.items() if self.solver.value(var)}

    def timetable(self) -> Timetable:
        """The solution."""
        chosen = (place for place, var in self.inside.items() if self.solver.value(var))
        return Timetable(self.problem, tuple(Lecture(*place) for place in chosen))

    def _at(self, courses: Iterable[int], period: int) -> list[Any]:
        return [self.held[c, period] for c in courses if (c, period) in self.held]

    def _price(self, var: Any, cost: int) -> None:
        if cost:
            self._terms.append((var, cost))

    def _spread(self, course: int) -> None:
        """Price the days missing to a course's minimum."""
        fewest = self.problem.courses[course].min_working_days
        per_day = self.problem.periods_per_day
        if fewest < 2:
            return
        days = []
        for first in range(0, self.problem.num_periods, per_day):
            held = [v for p in range(first, first + per_day) for v in self._at([course], p)]
            day = self.model.new_bool_var("")
            self.model.add_bool_or([day.negated(), *held])
            self._derived.append((day, 0, held, []))
            days.append(day)
        short = self.model.new_int_var(0, fewest, "")
        self.model.add(cp_model.LinearExpr.sum([short, *days]) >= fewest)
        self._derived.append((short, fewest, [], days))
        self._price(short, self.weights["min_working_days"])

    def _compact(self, courses: Sequence[int], number: int) -> None:
        """Price the lectures alone of some curricula with the same courses."""
        per_day = self.problem.periods_per_day
        for p in range(self.problem.num_periods):
            beside = [
                var
                for q in (p - 1, p + 1)
                if 0 <= q < self.problem.num_periods and q // per_day == p // per_day
                for var in self._at(courses, q)
            ]
            here = self._at(courses, p)
            if here:  # at most one of them: they conflict
                alone = self.model.new_bool_var("")
                self.model.add(
                    cp_model.LinearExpr.sum(here) <= cp_model.LinearExpr.sum([alone, *beside])
                )
                self._derived.append((alone, 0, here, beside))
                self._price(alone, self.weights["isolated_lectures"] * number)

    def _stay(self, held: Mapping[tuple[int, int], Any]) -> None:
        """Price the rooms of a course beyond its first."""
        periods: dict[int, list[int]] = defaultdict(list)
        for c, p in held:
            periods[c].append(p)
        weight = self.weights["room_stability"]
        for c, at in periods.items():
            if self.problem.courses[c].num_lectures < 2:
                continue
            for r in range(len(self.problem.rooms)):
                use = self.used[c, r] = self.model.new_bool_var("")
                for p in at:
                    self.model.add_implication(self.inside[c, p, r], use)
                self._price(use, weight)
            self.model.add_bool_or([self.used[c, r] for r in range(len(self.problem.rooms))])
            self._constant -= weight


def _groups(problem: Problem) -> list[list[int]]:
    """Courses of one teacher or curriculum, none within another of these groups."""
    teachers: dict[str, set[int]] = defaultdict(set)
    for c, course in enumerate(problem.courses):
        teachers[course.teacher].add(c)
    found = {frozenset(x) for x in (*teachers.values(), *(q.courses for q in problem.curricula))}
    of_course: dict[int, list[frozenset[int]]] = defaultdict(list)
    for group in found:
        for c in group:
            of_course[c].append(group)
    return sorted(
        sorted(group)
        for group in found
        if len(group) > 1 and not any(group < other for other in of_course[min(group)])
    )
