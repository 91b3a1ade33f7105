"""Which room for each lecture, its period being known.

The second of the two stages of Lach and Lübbecke (2012): at each period, lectures and rooms are
matched at the lowest cost. Costs that depend on the rooms of other periods (room stability,
double lectures, travel) are those of the moment, and periods are matched again until nothing
changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from timetabling.penalties import Formulation, weights_of
from timetabling.problem import Lecture, Problem

__all__ = ["assign_rooms"]

MAX_PASSES = 15


def assign_rooms(
    problem: Problem,
    rules: Formulation,
    held: Iterable[tuple[int, int]],
    fixed: Iterable[Lecture],
) -> tuple[Lecture, ...]:
    """Give each (course, period) of `held` a room that `fixed` leaves free.

    Of equally good rooms the smallest is taken. Where rooms are too few, lectures are left
    out: no more than needed, and those that cost most.

    Returns
    -------
    tuple of Lecture
        In order; without `fixed`.
    """
    plan = _RoomPlan(problem, rules, fixed)
    at: dict[int, list[int]] = defaultdict(list)
    for course, period in sorted(set(held)):
        at[period].append(course)
    # Crowded periods first: there the choice is small.
    order = sorted(at, key=lambda p: (len(plan.free[p]) - len(at[p]), p))
    for _ in range(MAX_PASSES):
        changed = [plan.match(period, at[period]) for period in order]
        if not any(changed):
            break
    return tuple(
        Lecture(course, period, plan.room_at[course][period])
        for period in sorted(at)
        for course in at[period]
        if period in plan.room_at[course]
    )


class _RoomPlan:
    """Rooms as they are chosen so far."""

    def __init__(self, problem: Problem, rules: Formulation, fixed: Iterable[Lecture]) -> None:
        self.problem, self.rules = problem, rules
        self.room_at: list[dict[int, int]] = [{} for _ in problem.courses]
        taken: dict[int, set[int]] = defaultdict(set)
        for lecture in fixed:
            self.room_at[lecture.course].setdefault(lecture.period, lecture.room)
            taken[lecture.period].add(lecture.room)
        capacities = np.array([room.capacity for room in problem.rooms])
        by_size = np.argsort(capacities, kind="stable")
        self.capacities = capacities
        self.free = [
            np.array([r for r in by_size if r not in taken[p]], dtype=np.int64)
            for p in range(problem.num_periods)
        ]
        names = {room.building: i for i, room in enumerate(problem.rooms)}
        self.building = np.array([names[room.building] for room in problem.rooms])
        self.unsuitable: dict[int, list[int]] = defaultdict(list)
        self.weights = {
            rule: weights_of(problem, rules, rule)
            for rule in ("room_capacity", "room_suitability", "room_stability", "double_lectures")
        }
        if "room_suitability" in rules.hard or any(self.weights["room_suitability"]):
            for course, room in sorted(problem.unsuitable):
                self.unsuitable[course].append(room)
        self.curricula: list[list[int]] = [[] for _ in problem.courses]
        if "travel_distance" in rules.weights:
            for q, curriculum in enumerate(problem.curricula):
                for course in curriculum.courses:
                    self.curricula[course].append(q)

    def match(self, period: int, courses: list[int]) -> bool:
        """Choose the rooms of one period anew; return whether any changed."""
        free = self.free[period]
        if not len(free):
            return False
        # In this order: cost, then the lectures of a course together, then the smallest room.
        costs = np.arange(len(free))
        for part in (self._apart, self._costs):
            unit = len(courses) * int(costs.max()) + 1
            costs = costs + unit * np.array([part(course, period)[free] for course in courses])
        allowed = np.ones(costs.shape, dtype=bool)
        for row, course in enumerate(courses):
            if course in self.problem.room_pins:
                allowed[row] = free == self.problem.room_pins[course]
        if "room_suitability" in self.rules.hard:
            place = {room: i for i, room in enumerate(free)}
            for row, course in enumerate(courses):
                columns = [place[r] for r in self.unsuitable.get(course, ()) if r in place]
                allowed[row, columns] = False
        changed = False
        for row, column in enumerate(_cheapest_matching(costs, allowed)):
            before = self.room_at[courses[row]].pop(period, -1)
            room = int(free[column]) if column >= 0 else -1
            if room >= 0:
                self.room_at[courses[row]][period] = room
            changed |= room != before
        return changed

    def _apart(self, course: int, period: int) -> NDArray[np.int64]:
        """How many other lectures of the course each room would set this one apart from.

        Cost alone sees no way from two rooms of two lectures each to a single one.
        """
        apart = np.zeros(len(self.capacities), dtype=np.int64)
        if self.weights["room_stability"][course]:
            for p, room in self.room_at[course].items():
                if p != period:
                    apart += 1
                    apart[room] -= 1
        return apart

    def _costs(self, course: int, period: int) -> NDArray[np.int64]:
        """What each room would cost, the rooms of other periods being as they are."""
        problem, weights = self.problem, self.rules.weights
        of_course = {rule: weights[course] for rule, weights in self.weights.items()}
        seats = problem.courses[course].num_students
        costs: NDArray[np.int64] = np.maximum(0, seats - self.capacities)
        costs *= of_course["room_capacity"]
        if of_course["room_suitability"]:
            costs[self.unsuitable.get(course, [])] += of_course["room_suitability"]
        if stability := of_course["room_stability"]:
            used = [room for p, room in self.room_at[course].items() if p != period]
            if used:
                costs += stability
                costs[list(set(used))] -= stability
        before = problem.room_before.get((course, period))
        if before is not None:
            price = weights.get("changes", 1)
            costs += price
            costs[before] -= price
        beside = [
            p
            for p in (period - 1, period + 1)
            if p // problem.periods_per_day == period // problem.periods_per_day
        ]
        double = of_course["double_lectures"]
        if double and problem.courses[course].wants_double_lectures:
            for p in beside:
                if p in self.room_at[course]:
                    costs += double
                    costs[self.room_at[course][p]] -= double
        if "travel_distance" in weights:
            for q in self.curricula[course]:
                for other in problem.curricula[q].courses:
                    for p in beside:
                        if p in self.room_at[other]:
                            there = self.building[self.room_at[other][p]]
                            costs += weights["travel_distance"] * (self.building != there)
        return costs


def _cheapest_matching(costs: NDArray[np.int64], allowed: NDArray[np.bool_]) -> list[int]:
    """Match as many rows as can be, at the lowest cost; a row's column, or -1."""
    rows, columns = np.nonzero(allowed)
    num_rows, num_columns = costs.shape
    source, sink = num_rows + num_columns, num_rows + num_columns + 1
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        rows, num_rows + columns, np.ones_like(rows), costs[rows, columns]
    )
    for row in range(num_rows):
        flow.add_arc_with_capacity_and_unit_cost(source, row, 1, 0)
    for column in range(num_columns):
        flow.add_arc_with_capacity_and_unit_cost(num_rows + column, sink, 1, 0)
    flow.set_node_supply(source, min(num_rows, num_columns))
    flow.set_node_supply(sink, -min(num_rows, num_columns))
    status = flow.solve_max_flow_with_min_cost()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"room matching: expected an optimal flow, got status {status}")
    matched = [-1] * num_rows
    used = np.asarray(flow.flows(arcs)) > 0
    for row, column in zip(rows[used], columns[used], strict=True):
        matched[int(row)] = int(column)
    return matched
