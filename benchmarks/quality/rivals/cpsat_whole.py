"""A rival: one CP-SAT model of the whole university.

    python -m benchmarks.quality.rivals.cpsat_whole INSTANCE OUTPUT --time-limit 60

A variable for each course, period and room; lectures of a course are alike, so the model knows none
of them. Where it is large, it starts from what two smaller ones find: periods first, with the seats
counted as in Lach and Lübbecke (2012), and then the rooms. UD1 and UD2.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ortools.sat.python import cp_model

from benchmarks.quality.contest import take_part
from benchmarks.quality.rivals.cpsat_whole_model import UniversityModel
from timetabling.penalties import Formulation, evaluate, soft_rules
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer
from timetabling.solvers.cpsat_board import Board, choose_periods
from timetabling.solvers.cpsat_rooms import assign_rooms

__all__ = ["solve"]

SMALL_PLACES, MOST_PLACES = 10_000, 400_000
"""Courses x periods x rooms up to which the whole model comes first, and comes at all.

In 20 s the whole model alone reached 5, 278, 201 and 767 on comp01 (5,400 places), test1, comp02
and comp05, two steps alone 9, 257, 104 and 499."""
PERIODS_SHARE, ROOMS_SHARE = 0.85, 0.5
"""Of the time left, for the first of two steps, and for the second."""
RULES = {"room_capacity", "min_working_days", "isolated_lectures", "room_stability"}


def solve(
    problem: Problem,
    *,
    formulation: Formulation,
    seconds: float,
    seed: int,
    num_threads: int,
    observer: Observer,
) -> Timetable:
    """Solve the model, from a greedy timetable; that is the answer if nothing better is found.

    Raises
    ------
    ValueError
        For a formulation with other rules than those of UD2, or wishes of courses.
    """
    if problem.course_weights or set(soft_rules(problem, formulation)) - RULES:
        raise ValueError(f"cpsat-whole: expected UD1 or UD2, got {formulation.name}")
    deadline = time.monotonic() + seconds
    held = choose_periods(Board(problem, formulation, ()), range(len(problem.courses)))
    best = Timetable(problem, assign_rooms(problem, formulation, held, ()))
    search = _Search(problem, formulation, deadline, num_threads, seed, observer)
    places = len(problem.courses) * problem.num_periods * len(problem.rooms)
    if places > SMALL_PLACES:
        best = search.choose_rooms(search.choose_periods(best))
    if places <= MOST_PLACES:
        best = search.choose_all(best)
    score = evaluate(best, formulation)
    # The model's penalties are bounded from below alone: what it told may be above the true cost.
    observer.update("best", violations=score.num_violations, cost=score.cost)
    return best


@dataclass(frozen=True, slots=True)
class _Search:
    """The three models, each from the best timetable so far, with one deadline."""

    problem: Problem
    rules: Formulation
    deadline: float
    num_threads: int
    seed: int
    observer: Observer

    def choose_periods(self, start: Timetable) -> Timetable:
        """Choose all periods anew, the seats only counted."""
        model = UniversityModel(self.problem, self.rules)
        model.add_periods()
        model.count_seats()
        model.hint(start)
        told = _PeriodCost(model, self.observer)
        if not self._solve(model, told, PERIODS_SHARE):
            return start
        told.give_rooms(model.chosen_periods())
        return told.best

    def choose_rooms(self, start: Timetable) -> Timetable:
        """Choose the rooms anew, the periods being known."""
        if len(start.lectures) < self.problem.num_lectures:
            return start
        model = UniversityModel(self.problem, self.rules)
        model.add_rooms({(x.course, x.period): 1 for x in start.lectures})
        model.hint(start)
        of_rooms = {rule: w for rule, w in self.rules.weights.items() if rule.startswith("room")}
        of_periods = _cost(start, self.rules.weights) - _cost(start, of_rooms)
        if not self._solve(model, _Cost(self.observer, of_periods), ROOMS_SHARE):
            return start
        return model.timetable()

    def choose_all(self, start: Timetable) -> Timetable:
        """Choose periods and rooms together."""
        model = UniversityModel(self.problem, self.rules)
        model.add_periods()
        model.add_rooms(model.held)
        model.hint(start)
        if not self._solve(model, _Cost(self.observer, 0), 1.0):
            return start
        return min(start, model.timetable(), key=lambda x: evaluate(x, self.rules).order)

    def _solve(
        self, model: UniversityModel, told: cp_model.CpSolverSolutionCallback, share: float
    ) -> bool:
        seconds = share * max(0.0, self.deadline - time.monotonic())
        return model.solve(seconds, self.num_threads, self.seed, told)


def _cost(timetable: Timetable, weights: Mapping[str, int]) -> int:
    return evaluate(timetable, Formulation("", (), weights)).cost


class _Cost(cp_model.CpSolverSolutionCallback):
    """Tells of every solution."""

    def __init__(self, observer: Observer, already: int) -> None:
        super().__init__()
        self._observer, self._already = observer, already

    def on_solution_callback(self) -> None:
        """Tell its cost."""
        cost = self._already + round(self.objective_value)
        self._observer.update("solution", violations=0, cost=cost)


class _PeriodCost(cp_model.CpSolverSolutionCallback):
    """Tells of solutions of the periods, once they have rooms.

    Finding those takes from the search, so a tenth of the time at most goes into it.
    """

    def __init__(self, model: UniversityModel, observer: Observer) -> None:
        super().__init__()
        self._model, self._observer, self._next = model, observer, 0.0
        self.best = Timetable(model.problem)

    def on_solution_callback(self) -> None:
        """Give rooms to a solution."""
        begun = time.monotonic()
        if begun >= self._next:
            self.give_rooms(key for key, var in self._model.held.items() if self.value(var))
            ended = time.monotonic()
            self._next = ended + 9 * (ended - begun)

    def give_rooms(self, held: Iterable[tuple[int, int]]) -> None:
        """Tell what periods cost with rooms, and keep the best."""
        problem, rules = self._model.problem, self._model.rules
        found = Timetable(problem, assign_rooms(problem, rules, held, ()))
        score = evaluate(found, rules)
        self._observer.update("periods", violations=score.num_violations, cost=score.cost)
        self.best = min(self.best, found, key=lambda x: evaluate(x, rules).order)


if __name__ == "__main__":
    take_part(solve)
