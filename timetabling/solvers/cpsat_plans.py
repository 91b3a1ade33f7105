"""The cheapest changes that give the whole instance a timetable: clashes end together.

A repair ends one clash, but where one is there are often others that share rules with it. So all
that the clashes name may be changed at once, each change at its price, and CP-SAT finds the
cheapest choice with a timetable beside it, then the next best ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from typing import Any

from ortools.sat.python import cp_model

from timetabling.penalties import Formulation
from timetabling.problem import Problem
from timetabling.search import Stop
from timetabling.solvers.attempt import attempt
from timetabling.solvers.cpsat_rules import Rule, RulesModel, every_rule, run
from timetabling.solvers.judging import LARGE, WHOLE_WORK, Asked
from timetabling.solvers.mending import PRICES, Repair
from timetabling.solvers.shrinking import Clash

__all__ = ["Plan", "plans"]

MAX_PLANS = 5
IN_THE_WAY = 24
"""Courses around one without a place that are planned with it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Changes that together make an instance solvable: a timetable was found with them.

    Parameters
    ----------
    repairs
        A course that loses two lectures, or a second room, stands here twice.
    is_cheapest
        Whether nothing cheaper is left, but the plans before it.
    """

    repairs: tuple[Repair, ...]
    is_cheapest: bool

    @property
    def price(self) -> int:
        """Of all together."""
        return sum(repair.price for repair in self.repairs)


def plans(
    problem: Problem, clashes: Sequence[Clash], *, formulation: Formulation, stop: Stop, seed: int
) -> list[Plan]:
    """The cheapest plans, changing nothing but what the clashes name; the best one first.

    Of a course in a clash every unavailable period may be allowed. Rooms are not made suitable.
    A large instance is not planned as a whole: plans for the courses around the clashes, which cost
    no more, are tried on the whole by a quick search. Where it finds no place for some lectures,
    their courses and those in their way are planned as well; what remains has a timetable.
    """
    rules = every_rule(problem, formulation)
    named = {rule for clash in clashes for rule in clash.rules}
    asked = Asked(problem, rules)
    planned = {c for clash in clashes for c in clash.courses}
    is_large = problem.num_lectures > LARGE
    model = _Plans(problem, named, asked.of(sorted(planned)) if is_large else rules)
    found: list[Plan] = []
    failed: list[Plan] = []
    while len(found) < MAX_PLANS and not stop():
        solver, status = run(model.model, stop=stop, seed=seed, work=WHOLE_WORK)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            break
        plan = Plan(model.repairs(solver), not failed and status == cp_model.OPTIMAL)
        stuck = _stuck(problem, plan, formulation, stop, seed) if is_large else set()
        if stuck - planned:
            planned |= stuck
            model = _Plans(problem, named, asked.of(sorted(planned)))
            for each in (*found, *failed):
                model.exclude(each)
            continue
        (failed if stuck else found).append(plan)
        model.exclude(plan)
    return found


def _stuck(
    problem: Problem, plan: Plan, formulation: Formulation, stop: Stop, seed: int
) -> set[int]:
    """Courses that find no place with a plan, and those in their way."""
    changed = reduce(lambda so_far, repair: repair.apply(so_far), plan.repairs, problem)
    tried = attempt(changed, every_rule(changed, formulation), stop=stop, seed=seed)
    return {near for c in tried.missing for near in islice(tried.near(c), IN_THE_WAY)}


class _Plans:
    """Some rules, where those that clashes name may be broken at a price."""

    def __init__(self, problem: Problem, named: set[Rule], rules: Sequence[Rule]) -> None:
        courses = {rule.of[0] for rule in named if rule.kind == "lectures"}
        groups = [
            rule for rule in rules if rule in named and rule.kind in ("teacher", "curriculum")
        ]
        pins = [rule for rule in rules if rule in named and rule.kind == "pin"]
        closed = [rule for rule in rules if rule.kind == "unavailable" and rule.of[0] in courses]
        hard = set(rules).difference(groups, pins, closed)
        self._rules = RulesModel(
            problem,
            [rule for rule in rules if rule in hard],
            short=courses,
            more_rooms=problem.num_lectures if Rule("rooms") in named else 0,
            loose=pins,
        )
        self.model = self._rules.model
        self._changes: list[tuple[Any, Repair]] = [
            (fewer, Repair("fewer", Rule("lectures", (c,)), c))
            for c, fewer in self._rules.fewer.items()
        ]
        self._changes.append((self._rules.added, Repair("room", Rule("rooms"))))
        held = self._rules.held
        self._changes += [
            (held[rule.of], Repair("allow", rule, rule.of[0])) for rule in closed if rule.of in held
        ]
        self._changes += [
            (lifted, Repair("unpin", rule, rule.of[0]))
            for rule, lifted in self._rules.lifted.items()
        ]
        for rule in groups:
            self._soften_group(rule, courses)
        self._hold_what_is_pinned(hard)
        prices = [PRICES[repair.kind] for _, repair in self._changes]
        made = [change for change, _ in self._changes]
        self.model.minimize(cp_model.LinearExpr.weighted_sum(made, prices))

    def repairs(self, solver: cp_model.CpSolver) -> tuple[Repair, ...]:
        """The changes of the solution."""
        made = [repair for change, repair in self._changes for _ in range(solver.value(change))]
        return tuple(sorted(made, key=lambda repair: repair.price))  # pins before their lectures

    def exclude(self, plan: Plan) -> None:
        """Have the next plan leave out a change of this one."""
        made = Counter(plan.repairs)
        less = []
        for change, repair in self._changes:
            if number := made[repair]:
                is_less = self.model.new_bool_var("")
                self.model.add(change < number).only_enforce_if(is_less)
                less.append(is_less)
        self.model.add_bool_or(less)

    def _hold_what_is_pinned(self, hard: set[Rule]) -> None:
        """A course has as many lectures as pins with a period, and all have one at least."""
        problem, fewer = self._rules.problem, self._rules.fewer
        for c, less in fewer.items():
            pins = sum(rule.kind == "pin" and rule.of[0] == c and rule.of[1] >= 0 for rule in hard)
            kept = [
                1 - lifted
                for rule, lifted in self._rules.lifted.items()
                if rule.of[0] == c and rule.of[1] >= 0
            ]
            number = problem.courses[c].num_lectures
            self.model.add(less + pins + cp_model.LinearExpr.sum(kept) <= number)
        self.model.add(cp_model.LinearExpr.sum(list(fewer.values())) < problem.num_lectures)

    def _soften_group(self, rule: Rule, named: set[int]) -> None:
        """Courses that clashes name may leave a curriculum, or get another teacher."""
        problem, held = self._rules.problem, self._rules.held
        if rule.kind == "curriculum":
            members, kind = problem.curricula[rule.of[0]].courses, "leave"
        else:
            every = enumerate(problem.courses)
            members, kind = tuple(c for c, x in every if x.teacher == rule.of[0]), "teacher"
        gone = {c: self.model.new_bool_var("") for c in members if c in named}
        self._changes += [(left, Repair(kind, rule, c)) for c, left in gone.items()]
        at: defaultdict[int, list[Any]] = defaultdict(list)
        for c in members:
            for p in range(problem.num_periods):
                here = held.get((c, p))
                if here is not None and c in gone:
                    counts = self.model.new_bool_var("")
                    self.model.add_bool_or([here.negated(), gone[c], counts])
                    here = counts
                if here is not None:
                    at[p].append(here)
        for together in at.values():
            self.model.add_at_most_one(together)
