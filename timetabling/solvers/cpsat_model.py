"""Which periods for which courses, as a model for CP-SAT; rooms are only counted here.

The first of the two stages of Lach and Lübbecke, "Curriculum based course timetabling: new
solutions to Udine benchmark instances", Annals of Operations Research 194 (2012): one variable
says whether a course is held at a period, and rooms enter by how many of each size are free.
Lectures that fit nowhere are left out at a price above all soft penalties together, so the
model always has a solution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from ortools.sat.python import cp_model

from timetabling.penalties import weight_of
from timetabling.solvers.cpsat_board import Board, find_cliques

__all__ = ["PeriodModel"]

MAX_DAY_MODELS = 4_000
"""Curriculum-days modelled in full; the rarest beyond count for nothing in the model.

A cluster of 50 courses of the largest real instances needs up to 1,600."""


class PeriodModel:
    """The model of one cluster of courses, everything else being fixed.

    It begins with the hard rules, to minimise `lacking`; `add_costs` adds the soft ones.

    Parameters
    ----------
    board
        The lectures of all other courses, and those of the cluster that are pinned: they stay.
    courses
        The cluster.

    Attributes
    ----------
    model
        For CP-SAT.
    held
        Variable of each (course, period) that is possible.
    lacking
        Lectures left out, and periods that courses outside the cluster will lack for theirs.
    """

    def __init__(self, board: Board, courses: Sequence[int]) -> None:
        self.problem, self.rules = board.problem, board.rules
        self.courses = courses
        self.model = cp_model.CpModel()
        self._terms: list[tuple[Any, int]] = []
        self._board = board
        self._reserves: list[tuple[list[list[tuple[int, int]]], int]] = []
        self.held = {
            (c, p): self.model.new_bool_var("") for c in courses for p in board.open_periods(c)
        }
        self._add_conflicts()
        for p in range(self.problem.num_periods):
            self._add_rooms(p)
        self.lacking = cp_model.LinearExpr.sum([*self._add_lectures(), *self._add_reserves()])

    def count_lacking(self, held: Collection[tuple[int, int]]) -> int:
        """Value of `lacking` if courses were held at these periods."""
        wanted = sum(map(self._board.lacking, self.courses))
        short = sum(
            max(0, sum(any(key in held for key in keys) for keys in closing) - spare)
            for closing, spare in self._reserves
        )
        return wanted - len(held) + short

    def add_costs(self, stop: Callable[[], bool]) -> Any:
        """Add the soft rules, and return what they cost together; not all once `stop` says so."""
        for _ in self._price_rules():
            if stop():
                break
        return cp_model.LinearExpr.weighted_sum(
            [var for var, _ in self._terms], [cost for _, cost in self._terms]
        )

    def _price_rules(self) -> Iterator[None]:
        """Price all rules in small steps: for a whole large instance that takes seconds."""
        price, before = self.rules.weights.get("changes", 0), self.problem.room_before
        if price:
            self._terms += [(var, -price) for key, var in self.held.items() if key in before]
        self._terms += [
            (var, self._weight("undesired_times", c))
            for (c, p), var in self.held.items()
            if (c, p) in self.problem.undesired
        ]
        for p in range(self.problem.num_periods):
            self._add_seats(p)
            self._add_suitability(p)
            yield
        for c in self.courses:
            self._add_working_days(c)
            self._add_double_lectures(c)
        yield from self._price_curriculum_days()

    def _held_on(self, courses: Iterable[int], period: int) -> list[Any]:
        held = self.held
        return [held[c, period] for c in courses if (c, period) in held]

    def _price(self, most: int, cost: int) -> Any:
        """Make a variable of 0 to `most` that costs `cost` a unit."""
        var = self.model.new_int_var(0, most, "")
        self._terms.append((var, cost))
        return var

    def _add_conflicts(self) -> None:
        for clique in find_cliques(self.problem, self.courses):
            for p in range(self.problem.num_periods):
                together = self._held_on(clique, p)
                if len(together) > 1:
                    self.model.add_at_most_one(together)

    def _add_rooms(self, period: int) -> None:
        """Count the free rooms: all of them and, where unsuitable ones are forbidden, by course."""
        present = self._present(period)
        limits = [(present, len(self._board.free_rooms[period]))]
        if "room_suitability" in self.rules.hard or self.problem.room_pins:
            limits += self._by_rooms(present, period, self._board.fits)
        for wanting, number in limits:
            if len(wanting) > number:
                held = self._held_on(wanting, period)
                self.model.add(cp_model.LinearExpr.sum(held) <= number)

    def _present(self, period: int) -> list[int]:
        return [c for c in self.courses if (c, period) in self.held]

    def _by_rooms(
        self, present: Sequence[int], period: int, fits: Callable[[int, int], bool]
    ) -> Iterator[tuple[list[int], int]]:
        """Each set of free rooms that fit, as the courses with no others and its size."""
        free = self._board.free_rooms[period]
        fit = {c: frozenset(r for r in free if fits(c, r)) for c in present}
        for rooms in dict.fromkeys(fit.values()):
            yield [c for c in present if fit[c] <= rooms], len(rooms)

    def _add_seats(self, period: int) -> None:
        """Price the seats missing.

        With rooms and lectures both in order of size these are, summed over every number of
        seats, the lectures that want so many, beyond the rooms that have them.
        """
        seats = [self.problem.rooms[room].capacity for room in self._board.free_rooms[period]]
        for present, weight in self._by_weight(period, "room_capacity"):
            wanted = {c: self.problem.courses[c].num_students for c in present}
            steps = sorted({*wanted.values(), *seats})
            for below, step in zip([0, *steps], steps, strict=False):
                wanting = [c for c in present if wanted[c] >= step]
                having = sum(capacity >= step for capacity in seats)
                self._price_beyond(having, self._held_on(wanting, period), (step - below) * weight)

    def _by_weight(self, period: int, rule: str) -> Iterator[tuple[list[int], int]]:
        """For each weight of a rule, the courses with no less, and how much more it is.

        What the rule costs is no less than the sum over these: as much, if there is one weight.
        """
        weights = {c: self._weight(rule, c) for c in self._present(period)}
        steps = sorted({*weights.values()} - {0})
        for below, step in zip([0, *steps], steps, strict=False):
            yield [c for c, weight in weights.items() if weight >= step], step - below

    def _weight(self, rule: str, course: int) -> int:
        return weight_of(self.problem, self.rules, rule, course)

    def _add_suitability(self, period: int) -> None:
        unsuitable = self.problem.unsuitable
        for present, weight in self._by_weight(period, "room_suitability"):
            suitable = self._by_rooms(present, period, lambda c, r: (c, r) not in unsuitable)
            for wanting, number in suitable:
                self._price_beyond(number, self._held_on(wanting, period), weight)

    def _price_beyond(self, number: int, held: list[Any], cost: int) -> None:
        if len(held) > number:
            beyond = self._price(len(held) - number, cost)
            self.model.add(cp_model.LinearExpr.sum(held) - beyond <= number)

    def _add_working_days(self, course: int) -> None:
        weight = self._weight("min_working_days", course)
        fewest = self.problem.courses[course].min_working_days
        if not weight or not fewest:
            return
        used: list[Any] = []
        per_day = self.problem.periods_per_day
        on_board = {p // per_day for p in self._board.held_at.get(course, ())}
        for number, held in self._days(course):
            if number in on_board:
                used.append(1)
                continue
            day = self.model.new_bool_var("")
            self.model.add_bool_or([day.negated(), *held.values()])
            used.append(day)
        short = self._price(fewest, weight)
        self.model.add(cp_model.LinearExpr.sum([short, *used]) >= fewest)

    def _add_double_lectures(self, course: int) -> None:
        weight = self._weight("double_lectures", course)
        if not weight or not self.problem.courses[course].wants_double_lectures:
            return
        pinned = {p: self.model.new_constant(1) for p in self._board.held_at.get(course, ())}
        per_day = self.problem.periods_per_day
        for day, free in self._days(course):
            held = free | {p: one for p, one in pinned.items() if p // per_day == day}
            if len(held) < 2:
                continue
            several = self.model.new_bool_var("")
            self.model.add(cp_model.LinearExpr.sum(list(held.values())) - len(held) * several <= 1)
            for p, here in held.items():
                beside = [held[q] for q in (p - 1, p + 1) if q in held]
                alone = self._price(1, weight)
                self.model.add_bool_or([here.negated(), several.negated(), *beside, alone])

    def _days(self, course: int) -> Iterator[tuple[int, dict[int, Any]]]:
        """Each day with the variables of a course by period."""
        per_day = self.problem.periods_per_day
        for day in range(self.problem.num_days):
            periods = range(day * per_day, (day + 1) * per_day)
            yield day, {p: self.held[course, p] for p in periods if (course, p) in self.held}

    def _price_curriculum_days(self) -> Iterator[None]:
        rules = ("isolated_lectures", "windows", "student_load")
        if not any(rule in self.rules.weights for rule in rules):
            return
        days = self._alike_days()
        modelled = 0
        for (members, day, fixed), count in days.most_common():
            start = day * self.problem.periods_per_day
            held = [self._held_on(members, start + slot) for slot in range(len(fixed))]
            if not any(held):
                continue
            if sum(map(self._board.lacking, members)) == 1:
                self._price_only_lecture(held, fixed, count)
            elif modelled < MAX_DAY_MODELS:
                modelled += 1
                self._add_isolated_lectures(held, fixed, count)
                self._add_windows(held, fixed, count)
                self._add_student_load(held, fixed, count)
                yield

    def _alike_days(self) -> Counter[tuple[tuple[int, ...], int, tuple[int, ...]]]:
        """Count curricula by what the model sees of a day: members, day, fixed lectures."""
        problem, inside = self.problem, set(self.courses)
        per_day = problem.periods_per_day
        alike: Counter[tuple[tuple[int, ...], int, tuple[int, ...]]] = Counter()
        for curriculum in problem.curricula:
            members = tuple(sorted(inside.intersection(curriculum.courses)))
            if not members:
                continue
            load = [0] * problem.num_periods
            for c in curriculum.courses:
                if c in self._board.held_at:
                    for p in self._board.held_at[c]:
                        load[p] += 1
            for day in range(problem.num_days):
                alike[members, day, tuple(load[day * per_day : (day + 1) * per_day])] += 1
        return alike

    def _price_only_lecture(
        self, held: list[list[Any]], fixed: tuple[int, ...], count: int
    ) -> None:
        """Price each slot of a day exactly, where one lecture at most can be added to it."""
        without = self._day_cost(fixed)
        for slot, variables in enumerate(held):
            for var in variables:
                load = [*fixed[:slot], fixed[slot] + 1, *fixed[slot + 1 :]]
                cost = (self._day_cost(load) - without) * count
                if cost:
                    self._terms.append((var, cost))

    def _day_cost(self, load: Sequence[int]) -> int:
        """Penalties of one curriculum on one day."""
        weights = self.rules.weights
        busy = [slot for slot, number in enumerate(load) if number]
        if not busy:
            return 0
        alone = sum(load[slot] for slot in busy if slot - 1 not in busy and slot + 1 not in busy)
        cost = weights.get("isolated_lectures", 0) * alone
        cost += weights.get("windows", 0) * (busy[-1] - busy[0] + 1 - len(busy))
        if self.problem.daily_lectures:
            fewest, most = self.problem.daily_lectures
            total = sum(load)
            cost += weights.get("student_load", 0) * max(0, fewest - total, total - most)
        return cost

    def _add_isolated_lectures(
        self, held: list[list[Any]], fixed: tuple[int, ...], count: int
    ) -> None:
        weight = self.rules.weights.get("isolated_lectures")
        if not weight:
            return
        last = len(held) - 1
        for slot, here in enumerate(held):
            sides = [s for s in (slot - 1, slot + 1) if 0 <= s <= last]
            if not (here or fixed[slot]) or any(fixed[s] for s in sides):
                continue
            beside = [var for s in sides for var in held[s]]
            if fixed[slot] and not beside:
                continue  # isolated whatever is decided here
            alone = self._price(1, weight * count * max(1, fixed[slot]))
            self.model.add(
                cp_model.LinearExpr.sum([alone, *beside]) - cp_model.LinearExpr.sum(here)
                >= min(1, fixed[slot])
            )

    def _add_windows(self, held: list[list[Any]], fixed: tuple[int, ...], count: int) -> None:
        weight = self.rules.weights.get("windows")
        if not weight:
            return
        since = self._spread(held, fixed)
        until = self._spread(held[::-1], fixed[::-1])[::-1]
        for slot in range(1, len(held) - 1):
            if not fixed[slot]:
                window = self._price(1, weight * count)
                self.model.add_bool_or(
                    [since[slot - 1].negated(), until[slot + 1].negated(), *held[slot], window]
                )

    def _spread(self, held: list[list[Any]], fixed: tuple[int, ...]) -> list[Any]:
        """For each slot, whether there was a lecture at it or before."""
        since: list[Any] = []
        for slot, here in enumerate(held):
            var = self.model.new_bool_var("")
            if fixed[slot]:
                self.model.add_bool_or([var])
            for earlier in [*here, *since[-1:]]:
                self.model.add_implication(earlier, var)
            since.append(var)
        return since

    def _add_student_load(self, held: list[list[Any]], fixed: tuple[int, ...], count: int) -> None:
        weight = self.rules.weights.get("student_load")
        if not weight or self.problem.daily_lectures is None:
            return
        fewest, most = self.problem.daily_lectures
        already = sum(fixed)
        variables = [var for here in held for var in here]
        total = cp_model.LinearExpr.sum(variables)
        possible = already + sum(map(bool, held))
        if possible > most:
            above = self._price(possible - min(most, possible), weight * count)
            self.model.add(total - above <= most - already)
        if already and already < fewest:
            below = self._price(fewest - already, weight * count)
            self.model.add(total + below >= fewest - already)
        elif not already and fewest > 1:
            used = self.model.new_bool_var("")
            for var in variables:
                self.model.add_implication(var, used)
            below = self._price(fewest - 1, weight * count)
            self.model.add(total + below - fewest * used >= 0)

    def _add_lectures(self) -> Iterator[Any]:
        """Ask for every lecture; give the number left out of each course."""
        for c in self.courses:
            held = [var for _, day in self._days(c) for var in day.values()]
            number = self._board.lacking(c)
            missing = self.model.new_int_var(0, number, "")
            self.model.add(cp_model.LinearExpr.sum([missing, *held]) == number)
            yield missing

    def _periods_of(self, course: int) -> list[int]:
        return [p for p in range(self.problem.num_periods) if (course, p) in self.held]

    def _add_reserves(self) -> Iterator[Any]:
        """Keep, for each course to be placed later, as many periods open as it will need.

        Without this, the last clusters of the large instances may find every period blocked.
        """
        inside = set(self.courses)
        for c in range(len(self.problem.courses)):
            lacking = self._board.lacking(c)
            near = sorted(self.problem.conflicts[c] & inside)
            if c in inside or not lacking or not near:
                continue
            open_periods = self._board.open_periods(c)
            spare = len(open_periods) - lacking
            closing = [
                keys
                for p in open_periods
                if (keys := [(d, p) for d in near if (d, p) in self.held])
            ]
            most = min(len(closing), sum(self.problem.courses[d].num_lectures for d in near))
            if not 0 <= spare < most:
                continue
            self._reserves.append((closing, spare))
            closed = []
            for keys in closing:
                var = self.model.new_bool_var("")
                for key in keys:
                    self.model.add_implication(self.held[key], var)
                closed.append(var)
            short = self.model.new_int_var(0, len(closed), "")
            self.model.add(cp_model.LinearExpr.sum(closed) - short <= spare)
            yield short
