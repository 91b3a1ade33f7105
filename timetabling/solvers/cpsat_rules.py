"""Hard rules as what the rows of an instance ask for, and whether some of them can hold together.

A period model as in `cpsat_model`, of the chosen rules alone and without costs. Rooms enter
exactly: lectures that may use the same rooms are counted together, and so are rooms that the same
lectures may use, so that a whole flow between them is as good as a room for each lecture.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, NamedTuple

from ortools.sat.python import cp_model

from timetabling.penalties import Formulation
from timetabling.problem import Problem
from timetabling.search import Stop
from timetabling.solvers.cpsat import stopping

__all__ = ["Answer", "Rule", "RulesModel", "every_rule", "run", "try_rules"]

Kind = Literal["lectures", "teacher", "curriculum", "unavailable", "pin", "suitability", "rooms"]


class Rule(NamedTuple):
    """What a row, or a few of one kind, asks for.

    ==============  =======================================================================
    kind            of
    ==============  =======================================================================
    lectures        a course: all its lectures are held, each at a period of its own
    teacher         a name: the teacher's courses are never held at once
    curriculum      a curriculum: its courses are never held at once
    unavailable     a course and a period: it is not held then
    pin             a course, a period or -1, a room or -1: see `timetabling.problem.Pin`
    suitability     a course and a room: it is not held there (where that is a hard rule)
    rooms           nothing: a room holds one lecture at a time
    ==============  =======================================================================
    """

    kind: Kind
    of: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether rules can hold together.

    Parameters
    ----------
    is_possible
        None if that was not found out within the budget.
    held
        If so, the periods of each course.
    courses
        If not, some of the courses whose rules clash; a hint, not a proof.
    """

    is_possible: bool | None
    held: dict[int, list[int]]
    courses: frozenset[int]


def every_rule(problem: Problem, formulation: Formulation) -> list[Rule]:
    """All hard rules of an instance, but those that ask for nothing."""
    rules = [Rule("lectures", (c,)) for c, x in enumerate(problem.courses) if x.num_lectures]
    teachers = Counter(x.teacher for x in problem.courses)
    rules += [Rule("teacher", (name,)) for name, number in teachers.items() if number > 1]
    rules += [
        Rule("curriculum", (q,)) for q, x in enumerate(problem.curricula) if len(x.courses) > 1
    ]
    rules += [Rule("unavailable", place) for place in sorted(problem.unavailable)]
    rules += sorted(
        Rule("pin", (c, -1 if p is None else p, -1 if r is None else r)) for c, p, r in problem.pins
    )
    if "room_suitability" in formulation.hard:
        rules += [Rule("suitability", place) for place in sorted(problem.unsuitable)]
    return [*rules, Rule("rooms")]


def try_rules(
    problem: Problem,
    rules: Collection[Rule],
    *,
    stop: Stop,
    seed: int,
    work: float,
    says_whose: bool = False,
) -> Answer:
    """Look for periods and rooms that keep some rules.

    Parameters
    ----------
    rules
        Of `every_rule`; only courses whose lectures are asked for are held.
    work
        The most deterministic seconds of CP-SAT.
    says_whose
        Whether a clash is to say of which courses. What counting alone would show, such as more
        lectures than rooms and periods, is then not seen.
    """
    model = RulesModel(problem, rules, says_whose=says_whose)
    solver, status = run(model.model, stop=stop, seed=seed, work=work)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(True, model.periods_held(solver), frozenset())
    if status != cp_model.INFEASIBLE:
        return Answer(None, {}, frozenset())
    assumed = solver.sufficient_assumptions_for_infeasibility()
    return Answer(False, {}, frozenset(model.course_of[index] for index in assumed))


def run(
    model: cp_model.CpModel, *, stop: Stop, seed: int, work: float
) -> tuple[cp_model.CpSolver, Any]:
    """Solve a model in one thread; gives the solver and its status."""
    solver = cp_model.CpSolver()
    parameters = solver.parameters
    parameters.num_workers = 1
    parameters.random_seed = seed % 2**31
    parameters.catch_sigint_signal = False
    parameters.max_deterministic_time = work
    # Else "one at a time" is not in the linear relaxation, and that 31 lectures do not fit into 30
    # periods takes minutes.
    parameters.linearization_level = 2
    # Took half of the time, of a hundred courses and less, for nothing.
    parameters.cp_model_probing_level = 0
    parameters.symmetry_level = 0
    with stopping(solver, stop):
        return solver, cp_model.UNKNOWN if stop() else solver.solve(model)


class RulesModel:
    """The chosen rules, for CP-SAT.

    Parameters
    ----------
    says_whose
        Each course's lectures are an assumption, so that a clash says whose.
    short
        Courses that may have fewer lectures, and in `fewer` how many fewer.
    more_rooms
        The most rooms that may be added, and in `added` how many are.
    loose
        Pins that may be lifted, and in `lifted` whether they are.
    """

    def __init__(
        self,
        problem: Problem,
        rules: Collection[Rule],
        *,
        says_whose: bool = False,
        short: Collection[int] = (),
        more_rooms: int = 0,
        loose: Collection[Rule] = (),
    ) -> None:
        self.problem = problem
        self.fewer: dict[int, Any] = {}
        self.model = cp_model.CpModel()
        chosen: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for kind, of in rules:
            chosen[kind].append(of)
        self.courses = sorted(c for (c,) in chosen["lectures"])
        closed = set(chosen["unavailable"])
        self.held = {
            (c, p): self.model.new_bool_var("")
            for c in self.courses
            for p in range(problem.num_periods)
            if (c, p) not in closed
        }
        self.course_of: dict[int, int] = {}
        self.added = self.model.new_int_var(0, more_rooms, "")
        self._ask_for_lectures(set(short), says_whose=says_whose)
        groups = _largest(self._groups(chosen))
        self._part(groups)
        self._side_by_side = _cover(self.courses, groups)
        pins = [of for of in chosen["pin"] if of[0] in set(self.courses)]
        for c, p, _ in pins:
            if p >= 0:
                self._must(self.held.get((c, p)))
        self.lifted = {rule: self.model.new_bool_var("") for rule in loose}
        for rule, lifted in self.lifted.items():
            c, p, _ = rule.of
            if p >= 0:
                here = self.held.get((c, p))
                self.model.add_bool_or([lifted] if here is None else [lifted, here])
        # One number more stands for rooms that are added: nothing is pinned to them.
        self._rooms = range(len(problem.rooms) + (more_rooms > 0))
        allowed = {c: frozenset(self._rooms) for c in self.courses}
        unfit: defaultdict[int, set[int]] = defaultdict(set)
        for c, r in chosen["suitability"]:
            unfit[c].add(r)
        for c in allowed.keys() & unfit.keys():
            allowed[c] -= unfit[c]
        for c, p, r in pins:
            if p < 0:
                allowed[c] &= {r}
        pinned = {(c, p): r for c, p, r in pins if p >= 0 and r >= 0}
        for p in range(problem.num_periods):
            self._room(p, allowed, pinned, is_counted=bool(chosen["rooms"]))

    def periods_held(self, solver: cp_model.CpSolver) -> dict[int, list[int]]:
        """The periods of each course in the solution."""
        held = defaultdict(list)
        for (c, p), var in self.held.items():
            if solver.boolean_value(var):
                held[c].append(p)
        return dict(held)

    def _ask_for_lectures(self, short: Collection[int], *, says_whose: bool) -> None:
        for c in self.courses:
            here = [self.held[c, p] for p in range(self.problem.num_periods) if (c, p) in self.held]
            number = self.problem.courses[c].num_lectures
            if c in short:
                self.fewer[c] = self.model.new_int_var(0, number, "")
                here.append(self.fewer[c])
            wanted = self.model.add(cp_model.LinearExpr.sum(here) == number)
            if says_whose:
                asked = self.model.new_bool_var("")
                self.course_of[asked.index] = c
                wanted.only_enforce_if(asked)
                self.model.add_assumption(asked)

    def _groups(self, chosen: dict[str, list[tuple[Any, ...]]]) -> Iterator[list[int]]:
        names = {name for (name,) in chosen["teacher"]}
        of_teacher = defaultdict(list)
        for c in self.courses:
            if self.problem.courses[c].teacher in names:
                of_teacher[self.problem.courses[c].teacher].append(c)
        yield from of_teacher.values()
        here = set(self.courses)
        for (q,) in chosen["curriculum"]:
            yield [c for c in self.problem.curricula[q].courses if c in here]

    def _part(self, groups: Iterable[Collection[int]]) -> None:
        for group in groups:
            for p in range(self.problem.num_periods):
                here = [self.held[c, p] for c in group if (c, p) in self.held]
                if len(here) > 1:
                    self.model.add_at_most_one(here)

    def _loosely(
        self, course: int, period: int, rooms: frozenset[int]
    ) -> list[tuple[Any, frozenset[int]]]:
        """The lecture of a course at a period, by the rooms it may use: pins may be lifted."""
        ways = [(self.held[course, period], rooms)]
        for rule, lifted in self.lifted.items():
            c, p, r = rule.of
            if c != course or p not in (-1, period) or r < 0:
                continue
            before, ways = ways, []
            for held, where in before:
                kept, free = self.model.new_bool_var(""), self.model.new_bool_var("")
                self.model.add(kept + free == held)
                self.model.add_implication(free, lifted)
                ways += [(kept, where & {r}), (free, where)]
        return ways

    def _must(self, held: Any | None) -> None:
        if held is None:
            self.model.add_bool_or([])  # pinned to a period at which it is unavailable
        else:
            self.model.add(held == 1)

    def _room(
        self,
        period: int,
        allowed: dict[int, frozenset[int]],
        pinned: dict[tuple[int, int], int],
        *,
        is_counted: bool,
    ) -> None:
        """A room for each lecture of a period; without counting, only one that it may use."""
        by_rooms = defaultdict(list)
        who: defaultdict[frozenset[int], set[int]] = defaultdict(set)
        for c in self.courses:
            if (c, period) in self.held:
                rooms = allowed[c]
                if (c, period) in pinned:
                    rooms &= {pinned[c, period]}
                for held, where in self._loosely(c, period, rooms):
                    by_rooms[where].append(held)
                    who[where].add(self._side_by_side[c])
        for held in by_rooms.pop(frozenset(), []):
            self.model.add(held == 0)
        if not is_counted:
            return
        num_rooms = len(self.problem.rooms)
        # Lectures with as many rooms as can be in use at all choose last, and find one.
        for where in sorted(by_rooms, key=len, reverse=True):
            if len(where - {num_rooms}) < len(set().union(*(who[k] for k in by_rooms))):
                break
            del by_rooms[where]
        classes = list(by_rooms)

        def users(room: int) -> tuple[int, ...]:
            return tuple(k for k, rooms in enumerate(classes) if room in rooms)

        into: defaultdict[int, list[Any]] = defaultdict(list)
        for using, alike in groupby(sorted(self._rooms, key=users), key=users):
            group = set(alike)
            flows = []
            for k in using:
                flows.append(self.model.new_int_var(0, len(by_rooms[classes[k]]), ""))
                into[k].append(flows[-1])
            size = len(group - {num_rooms}) + (self.added if num_rooms in group else 0)
            self.model.add(cp_model.LinearExpr.sum(flows) <= size)
        for k, rooms_of in enumerate(classes):
            self.model.add(
                cp_model.LinearExpr.sum(by_rooms[rooms_of]) == cp_model.LinearExpr.sum(into[k])
            )


def _largest(groups: Iterable[Iterable[int]]) -> list[list[int]]:
    """The groups of two courses and more that are in no other one; largest first."""
    several = {group for each in groups if len(group := frozenset(each)) > 1}
    found: list[list[int]] = []
    found_of: defaultdict[int, list[frozenset[int]]] = defaultdict(list)
    for group in sorted(several, key=lambda group: (-len(group), sorted(group))):
        if not any(group <= other for other in found_of[min(group)]):
            found.append(sorted(group))
            for c in group:
                found_of[c].append(group)
    return found


def _cover(courses: Iterable[int], groups: Iterable[Iterable[int]]) -> dict[int, int]:
    """A number for each course: those with the same one are in one group."""
    numbers: dict[int, int] = {}
    for number, group in enumerate(groups):
        for c in group:
            numbers.setdefault(c, number)
    for c in courses:
        numbers.setdefault(c, -1 - c)
    return numbers
