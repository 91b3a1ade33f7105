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

from timetabling.penalties import Formulation, weight_of
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
    plan = _RoomPlan(problem, rules, held, fixed)
    # Crowded periods first: there the choice is small.
    order = sorted(plan.at, key=lambda p: (len(plan.free[p]) - len(plan.at[p]), p))
    stale = set(order)
    for _ in range(MAX_PASSES):
        for period in order:
            if period in stale:
                stale.remove(period)
                for course in plan.match(period):
                    stale |= plan.periods_that_see(course, period)
        if not stale:
            break
    return tuple(
        Lecture(course, period, plan.room_at[course][period])
        for period in sorted(plan.at)
        for course in plan.at[period]
        if period in plan.room_at[course]
    )


class _RoomPlan:
    """Rooms as they are chosen so far.

    Attributes
    ----------
    at
        The courses of each period that need a room then.
    free
        The rooms left open at each of these periods, the smallest first.
    room_at
        The rooms of each course, by period.
    """

    def __init__(
        self,
        problem: Problem,
        rules: Formulation,
        held: Iterable[tuple[int, int]],
        fixed: Iterable[Lecture],
    ) -> None:
        self.problem, self.rules = problem, rules
        self.at: dict[int, list[int]] = defaultdict(list)
        self._periods: dict[int, set[int]] = defaultdict(set)
        for course, period in sorted(set(held)):
            self.at[period].append(course)
            self._periods[course].add(period)
        self.room_at: dict[int, dict[int, int]] = defaultdict(dict)
        taken: dict[int, set[int]] = {period: set() for period in self.at}
        for course, period, room in fixed:
            self.room_at[course].setdefault(period, room)
            if period in taken:
                taken[period].add(room)
        self._capacities = np.array([room.capacity for room in problem.rooms])
        by_size = np.argsort(self._capacities, kind="stable").tolist()
        self.free = {
            p: np.array([r for r in by_size if r not in rooms], dtype=np.int64)
            for p, rooms in taken.items()
        }
        names = {room.building: i for i, room in enumerate(problem.rooms)}
        self._building = np.array([names[room.building] for room in problem.rooms])
        self._fellows: dict[int, list[int]] = defaultdict(list)
        if "travel_distance" in rules.weights:
            for curriculum in problem.curricula:
                for course in self._periods.keys() & curriculum.courses:
                    self._fellows[course] += curriculum.courses
        self._another_room = {c: self._weight("room_stability", c) for c in self._periods}
        self._apart_cost = {
            c: self._weight("double_lectures", c) * problem.courses[c].wants_double_lectures
            for c in self._periods
        }
        self._own_costs = {c: self._price_rooms(c) for c in self._periods}
        self._allowed = {course: self._allow_rooms(course) for course in self._periods}

    def match(self, period: int) -> list[int]:
        """Choose the rooms of one period anew; return the courses whose room is another now."""
        courses, free = self.at[period], self.free[period]
        if not len(free):
            return []
        # In this order: cost, then the lectures of a course together, then the smallest room.
        costs = np.arange(len(free))
        for part in (self._apart, self._costs):
            unit = len(courses) * int(costs.max()) + 1
            costs = costs + unit * np.array([part(course, period)[free] for course in courses])
        allowed = np.array([self._allowed[course][free] for course in courses])
        changed = []
        for course, column in zip(courses, _cheapest_matching(costs, allowed), strict=True):
            room_at = self.room_at[course]
            before = room_at.pop(period, -1)
            room = int(free[column]) if column >= 0 else -1
            if room >= 0:
                room_at[period] = room
            if room != before:
                changed.append(course)
        return changed

    def periods_that_see(self, course: int, period: int) -> set[int]:
        """Periods with a room to choose that costs more or less by the room of this lecture."""
        seen: set[int] = set()
        if self._another_room[course] or self._apart_cost[course]:
            seen |= self._periods[course] - {period}
        if "travel_distance" in self.rules.weights:
            seen |= self.at.keys() & self._beside(period)
        return seen

    def _beside(self, period: int) -> list[int]:
        """The periods before and after, of the same day."""
        per_day = self.problem.periods_per_day
        return [p for p in (period - 1, period + 1) if p // per_day == period // per_day]

    def _weight(self, rule: str, course: int) -> int:
        return weight_of(self.problem, self.rules, rule, course)

    def _price_rooms(self, course: int) -> NDArray[np.int64]:
        """What each room costs a lecture of a course, whatever the rooms of all others."""
        seats = self.problem.courses[course].num_students
        costs: NDArray[np.int64] = np.maximum(0, seats - self._capacities)
        costs *= self._weight("room_capacity", course)
        if unsuitable := self._weight("room_suitability", course):
            costs[self._unsuitable(course)] += unsuitable
        return costs

    def _allow_rooms(self, course: int) -> NDArray[np.bool_]:
        """Which rooms no hard rule keeps a course out of."""
        allowed = np.ones(len(self._capacities), dtype=bool)
        if course in self.problem.room_pins:
            allowed[:] = False
            allowed[self.problem.room_pins[course]] = True
        if "room_suitability" in self.rules.hard:
            allowed[self._unsuitable(course)] = False
        return allowed

    def _unsuitable(self, course: int) -> list[int]:
        pairs = self.problem.unsuitable
        return [room for room in range(len(self._capacities)) if (course, room) in pairs]

    def _apart(self, course: int, period: int) -> NDArray[np.int64]:
        """How many other lectures of the course each room would set this one apart from.

        Cost alone sees no way from two rooms of two lectures each to a single one.
        """
        apart = np.zeros(len(self._capacities), dtype=np.int64)
        if self._another_room[course]:
            for p, room in self.room_at[course].items():
                if p != period:
                    apart += 1
                    apart[room] -= 1
        return apart

    def _costs(self, course: int, period: int) -> NDArray[np.int64]:
        """What each room would cost, the rooms of other periods being as they are."""
        weights, problem = self.rules.weights, self.problem
        costs = self._own_costs[course].copy()
        if another_room := self._another_room[course]:
            used = [room for p, room in self.room_at[course].items() if p != period]
            if used:
                costs += another_room
                costs[list(set(used))] -= another_room
        before = problem.room_before.get((course, period))
        if before is not None:
            price = weights.get("changes", 1)
            costs += price
            costs[before] -= price
        beside = self._beside(period)
        if apart := self._apart_cost[course]:
            for p in beside:
                if p in self.room_at[course]:
                    costs += apart
                    costs[self.room_at[course][p]] -= apart
        for other in self._fellows[course]:
            for p in beside:
                if p in self.room_at[other]:
                    there = self._building[self.room_at[other][p]]
                    costs += weights["travel_distance"] * (self._building != there)
        return costs


def _cheapest_matching(costs: NDArray[np.int64], allowed: NDArray[np.bool_]) -> list[int]:
    """Match as many rows as can be, at the lowest cost; a row's column, or -1.

    No row has two columns of the same cost.
    """
    cheapest = np.where(allowed, costs, np.iinfo(np.int64).max).argmin(axis=1)
    cheapest[~allowed.any(axis=1)] = -1
    best: list[int] = cheapest.tolist()
    wanted = [column for column in best if column >= 0]
    if len(set(wanted)) == len(wanted):
        return best  # each row has what it likes best: nothing else costs as little
    rows, columns = np.nonzero(allowed)
    num_rows, num_columns = costs.shape
    source, sink = num_rows + num_columns, num_rows + num_columns + 1
    each_row, each_column = np.arange(num_rows), num_rows + np.arange(num_columns)
    tails = np.concatenate([rows, np.full(num_rows, source), each_column])
    heads = np.concatenate([num_rows + columns, each_row, np.full(num_columns, sink)])
    prices = np.zeros_like(tails)
    prices[: len(rows)] = costs[rows, columns]
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(tails, heads, np.ones_like(tails), prices)
    flow.set_node_supply(source, min(num_rows, num_columns))
    flow.set_node_supply(sink, -min(num_rows, num_columns))
    status = flow.solve_max_flow_with_min_cost()
    if status != flow.OPTIMAL:
        raise RuntimeError(f"room matching: expected an optimal flow, got status {status}")
    matched = [-1] * num_rows
    used = np.asarray(flow.flows(arcs[: len(rows)])) > 0
    for row, column in zip(rows[used], columns[used], strict=True):
        matched[int(row)] = int(column)
    return matched
