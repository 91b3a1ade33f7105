"""What CP-SAT proves about costs: those of times for a whole small problem, and those of rooms."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ortools.sat.python import cp_model

from timetabling.least_costs import room_costs
from timetabling.penalties import Formulation, weights_of
from timetabling.problem import Problem
from timetabling.search import Stop
from timetabling.solvers.cpsat import stopping
from timetabling.solvers.cpsat_board import Board
from timetabling.solvers.cpsat_model import MAX_DAY_MODELS, PeriodModel

__all__ = ["fits", "least_cost", "least_room_cost"]

MAX_PLACES = 10_000
"""Variables of a model: pairs of a course and a period, or of a course and a room."""


def fits(problem: Problem) -> bool:
    """Whether a model of all times is built in a moment, and small."""
    days = len({curriculum.courses for curriculum in problem.curricula}) * problem.num_days
    places = len(problem.courses) * problem.num_periods
    return days <= MAX_DAY_MODELS and places <= MAX_PLACES


def least_cost(
    problem: Problem,
    rules: Formulation,
    stop: Stop,
    seed: int,
    share: float,
    tell: Callable[[int], None],
) -> tuple[int, bool]:
    """Bound what the times of all lectures cost, by rules that look at no room.

    Parameters
    ----------
    problem, rules
        Rooms are only counted.
    stop, share
        At most this share of what is left of the budget is used.
    seed
        Of CP-SAT's random choices.
    tell
        Called with each better bound, from any thread.

    Returns
    -------
    bound, is_proven
        And whether no better one exists.
    """
    model = PeriodModel(Board(problem, rules, ()), range(len(problem.courses)))
    model.model.add(model.lacking == 0)
    model.model.minimize(model.add_costs(stop))
    solver = cp_model.CpSolver()
    # From below, core by core. Trees and linear relaxations (lb_tree_search, objective_lb_search,
    # the default) proved as much or less on five of six instances of ITC-2007 in 5 s, and three
    # times slower on small groups; without probing comp13 went from 16 to 48 in 3 s.
    solver.parameters.optimize_with_core = True
    solver.parameters.linearization_level = 0
    solver.parameters.cp_model_probing_level = 0
    return _prove(solver, model.model, stop, seed, share, tell)


def least_room_cost(
    problem: Problem, rules: Formulation, stop: Stop, seed: int, share: float
) -> int:
    """Bound what the rooms cost, if of the times of lectures only their number counts.

    Each room takes a lecture at each period; a course pays for each room beyond its first.
    """
    costs = [room_costs(problem, rules, c) for c in range(len(problem.courses))]
    if stop() or sum(map(len, costs)) > MAX_PLACES:
        return 0
    model = cp_model.CpModel()
    terms: list[tuple[Any, int]] = []
    held_in: dict[int, list[Any]] = defaultdict(list)
    another_room = weights_of(problem, rules, "room_stability")
    for course, cost_in, stability in zip(problem.courses, costs, another_room, strict=True):
        number = course.num_lectures
        held = {room: model.new_int_var(0, number, "") for room in cost_in}
        model.add(cp_model.LinearExpr.sum(list(held.values())) == number)
        for room, var in held.items():
            held_in[room].append(var)
            terms.append((var, cost_in[room]))
        if stability and number > 1:
            used = [model.new_bool_var("") for _ in held]
            for var, use in zip(held.values(), used, strict=True):
                model.add(var <= number * use)
            beyond = model.new_int_var(0, number, "")
            model.add(cp_model.LinearExpr.sum(used) - beyond <= 1)
            terms.append((beyond, stability))
    for variables in held_in.values():
        model.add(cp_model.LinearExpr.sum(variables) <= problem.num_periods)
    model.minimize(
        cp_model.LinearExpr.weighted_sum([var for var, _ in terms], [cost for _, cost in terms])
    )
    bound, _ = _prove(cp_model.CpSolver(), model, stop, seed, share, lambda _: None)
    return bound


def _prove(
    solver: cp_model.CpSolver,
    model: cp_model.CpModel,
    stop: Stop,
    seed: int,
    share: float,
    tell: Callable[[int], None],
) -> tuple[int, bool]:
    """Raise the bound of a model's least cost within a share of what is left of the budget."""
    parameters = solver.parameters
    parameters.random_seed = seed % 2**31
    parameters.catch_sigint_signal = False
    work = stop.work_left
    if work is not None:
        parameters.max_deterministic_time = work * share / 1e6
    parameters.num_workers = 1
    solver.best_bound_callback = lambda bound: tell(_whole(bound))
    until = 1 - (1 - stop.fraction()) * (1 - share)
    with stopping(solver, lambda: stop() or stop.fraction() >= until):
        status = solver.solve(model)
    stop.spend(round(solver.response_proto.deterministic_time * 1e6))
    if status == cp_model.MODEL_INVALID:
        raise RuntimeError(f"bound: expected a valid model, got {model.validate()}")
    if status == cp_model.INFEASIBLE:
        return 0, True  # nor is there a timetable, and any bound is true of all of none
    return _whole(solver.best_objective_bound), status == cp_model.OPTIMAL


def _whole(bound: float) -> int:
    """The least whole number that is no less: costs are whole."""
    return max(0, math.ceil(bound - 1e-6))
