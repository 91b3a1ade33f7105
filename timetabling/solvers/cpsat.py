"""Exact search, one cluster of courses at a time, by OR-Tools' CP-SAT.

Periods first, then rooms, as in Lach and Lübbecke, "Curriculum based course timetabling: new
solutions to Udine benchmark instances", Annals of Operations Research 194 (2012). Clusters
without a conflict between them can be solved side by side and put together by `merge`.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ortools.sat.python import cp_model

from timetabling.penalties import Formulation, evaluate
from timetabling.pins import place_pinned
from timetabling.problem import Lecture, Problem, Timetable
from timetabling.search import Observer, Result, Stop
from timetabling.solvers.cpsat_board import Board, choose_periods
from timetabling.solvers.cpsat_model import PeriodModel
from timetabling.solvers.cpsat_rooms import assign_rooms

__all__ = ["keep", "lacking", "merge", "place_courses", "place_missing", "solve", "stopping"]

POLL_SECONDS = 0.05
PLACING_SHARE = 0.6
"""Share of a budget after which lectures still without a place are given up."""
KEEPING_SHARE = 0.5
"""Share of a search's budget after which, placed or not, lectures go back to where they were."""
SMALLEST_REPAIR = 25
"""Courses moved to make room for a lecture; twice as many after each failure."""
MAX_FAILURES = 5


def solve(
    problem: Problem,
    *,
    formulation: Formulation,
    start: Timetable | None,
    stop: Stop,
    seed: int,
    observer: Observer,
    courses: Sequence[int] | None = None,
    improve: bool = True,
) -> Result:
    """Place the lectures of some courses, those of all others staying where they are.

    Periods are left open for courses that `start` lacks, so that later clusters find room.

    Parameters
    ----------
    problem, formulation
        What is to be solved, by which rules.
    start
        Its lectures of other courses stay; those of `courses` are where the search begins.
    stop
        The budget. One counted in work gives the same timetable for the same seed.
    seed
        Of the random choices within CP-SAT.
    observer
        Told of the end, and of progress where `courses` is None.
    courses
        Indices of the courses to place, all when None.
    improve
        Spend what is left of the budget, once all are placed, on a lower cost.

    Returns
    -------
    Result
        With the fixed lectures, those pinned to a period among them. Lectures that fit nowhere are
        missing; no other hard rule is broken that the fixed lectures do not break.
    """
    if courses is None:
        observer.update_stage_progress(0, 1)
    chosen = range(len(problem.courses)) if courses is None else courses
    timetable = place_courses(
        problem,
        formulation=formulation,
        start=start or Timetable(problem),
        stop=stop,
        seed=seed,
        courses=chosen,
        improve=improve,
    )
    result = _judge(timetable, formulation, observer)
    if courses is None:
        observer.update_stage_progress(1, 1)
    return result


def place_courses(
    problem: Problem,
    *,
    formulation: Formulation,
    start: Timetable,
    stop: Stop,
    seed: int,
    courses: Sequence[int],
    improve: bool,
) -> Timetable:
    """Do what `solve` does, and say nothing of violations and cost.

    To count them over a whole university takes longer than to place a few courses.
    """
    begun, chosen = place_pinned(start), set(courses)
    fixed = _fixed(begun, chosen)
    held = _begin(begun, chosen, fixed, formulation)
    if chosen and not stop():
        model = PeriodModel(Board(problem, formulation, fixed), sorted(chosen))
        search = _Search(model, held, seed % 2**31)
        search.place(stop, PLACING_SHARE if improve else 1.0)
        if improve:
            search.improve(stop)
        held = search.held
    placed = assign_rooms(problem, formulation, held, fixed)
    return _better(start, Timetable(problem, (*fixed, *placed)), formulation)


def place_missing(
    problem: Problem,
    *,
    formulation: Formulation,
    start: Timetable,
    stop: Stop,
    seed: int,
    observer: Observer,
) -> Result:
    """Make room for the lectures that `start` lacks, by moving others out of their way.

    One course after the other is solved together with courses it conflicts with, and ever more
    of those that these conflict with. Soft rules count for nothing here.

    Returns
    -------
    Result
        Fewer lectures missing if some could be placed, else `start`.
    """
    rng = random.Random(seed)  # noqa: S311
    lectures = place_pinned(start).lectures
    failures: Counter[int] = Counter()
    while not stop():
        board = Board(problem, formulation, lectures)
        lacking = [
            c
            for c in range(len(problem.courses))
            if board.lacking(c) and failures[c] < MAX_FAILURES
        ]
        if not lacking:
            break
        course = min(lacking, key=lambda c: (failures[c], c))
        chosen = _near(problem, course, SMALLEST_REPAIR << failures[course], rng)
        begun = Timetable(problem, lectures)
        fixed = _fixed(begun, chosen)
        held = _begin(begun, chosen, fixed, formulation)
        model = PeriodModel(Board(problem, formulation, fixed), sorted(chosen))
        search = _Search(model, held, rng.randrange(2**31))
        search.place(stop)
        placed = assign_rooms(problem, formulation, search.held, fixed)
        if len(fixed) + len(placed) > len(lectures):
            lectures = (*fixed, *placed)
            observer.update(f"Placed {len(lectures)} of {problem.num_lectures} lectures")
        else:
            failures[course] += 1
    best = _better(start, Timetable(problem, tuple(lectures)), formulation)
    return _judge(best, formulation, observer)


def merge(
    problem: Problem, base: Timetable, solved: Sequence[Timetable], formulation: Formulation
) -> Timetable:
    """Put together timetables that grew from `base` side by side, without a conflict.

    Only rooms can collide: periods where they do get them anew. A lecture left without a room
    goes to another open period if there is one, and is missing otherwise. The order of
    `solved` does not matter.
    """
    base = place_pinned(base)
    before = set(base.lectures)
    kept = before.intersection(*(timetable.lectures for timetable in solved))
    added = sorted({x for timetable in solved for x in timetable.lectures if x not in before})
    in_room = Counter((x.period, x.room) for x in (*kept, *added))
    crowded = {period for (period, _), number in in_room.items() if number > 1}
    fixed = [*sorted(kept), *(x for x in added if x.period not in crowded)]
    colliding = [(x.course, x.period) for x in added if x.period in crowded]
    roomed = [*fixed, *assign_rooms(problem, formulation, colliding, fixed)]
    concerned = {x.course for x in added}
    moved = choose_periods(Board(problem, formulation, roomed), concerned)
    return Timetable(problem, (*roomed, *assign_rooms(problem, formulation, moved, roomed)))


def keep(timetable: Timetable, formulation: Formulation) -> Timetable:
    """Leave out lectures until no hard rule is broken but that some are missing.

    Of lectures that exclude one another the first stays. Those pinned to a period are placed before
    all others, and stay whatever they break.
    """
    begun = place_pinned(timetable)
    kept = _fixed(begun, range(len(begun.problem.courses)))
    board = Board(begun.problem, formulation, kept)
    for lecture in begun.lectures:
        if board.allows(lecture):
            board.place(lecture)
            kept.append(lecture)
    return Timetable(begun.problem, tuple(kept))


def lacking(timetable: Timetable, courses: Iterable[int]) -> tuple[int, ...]:
    """Those of some courses that lack lectures."""
    num_placed = Counter(lecture.course for lecture in timetable.lectures)
    return tuple(c for c in courses if num_placed[c] < timetable.problem.courses[c].num_lectures)


def _fixed(begun: Timetable, chosen: Collection[int]) -> list[Lecture]:
    """Lectures that stay while some courses are solved: those of others, and pinned ones."""
    pinned = begun.problem.pinned
    return [x for x in begun.lectures if x.course not in chosen or x[:2] in pinned]


def _begin(
    begun: Timetable, chosen: Collection[int], fixed: Sequence[Lecture], rules: Formulation
) -> set[tuple[int, int]]:
    """Periods to begin with: those of `begun` that break no hard rule, the others greedily."""
    board = Board(begun.problem, rules, fixed)
    held = set()
    for lecture in begun.lectures:
        if lecture.course in chosen and board.allows(lecture):
            board.place(lecture)
            held.add((lecture.course, lecture.period))
    return held | choose_periods(board, chosen)


def _near(problem: Problem, course: int, size: int, rng: random.Random) -> set[int]:
    """A course, those it conflicts with, those that these conflict with, up to `size`."""
    near = [course]
    for c in near:
        if len(near) >= size:
            break
        others = sorted(problem.conflicts[c].difference(near))
        rng.shuffle(others)
        near += others
    return set(near[:size])


def _better(start: Timetable, found: Timetable, rules: Formulation) -> Timetable:
    """The better of two, where `found` breaks no hard rule that `start` keeps."""
    if len(found.lectures) > len(start.lectures):  # it lacks fewer
        return found
    return min(start, found, key=lambda timetable: evaluate(timetable, rules).order)


def _judge(timetable: Timetable, rules: Formulation, observer: Observer) -> Result:
    score, problem = evaluate(timetable, rules), timetable.problem
    observer.update(
        f"Placed {len(timetable.lectures)} of {problem.num_lectures} lectures",
        cost=score.cost,
        violations=score.num_violations,
    )
    return Result(timetable, score.num_violations, score.cost, units=1)


class _Search:
    """CP-SAT on one model, from one set of periods to better ones."""

    def __init__(self, model: PeriodModel, held: set[tuple[int, int]], seed: int) -> None:
        self.model = model
        self.held = held
        self._seed = seed
        before = model.problem.room_before
        self._kept = [var for key, var in model.held.items() if key in before]

    def place(self, stop: Stop, share: float = 1.0) -> None:
        """Place what can be placed, within a share of what is left of the budget.

        Where there was a timetable before, few lectures then leave their period in it.
        """
        lacking = self.model.count_lacking(self.held)
        if lacking:
            self.model.model.add(self.model.lacking <= lacking)
            self._minimise(self.model.lacking, stop, share * (KEEPING_SHARE if self._kept else 1))
            if self._kept and not stop():
                lacking = self.model.count_lacking(self.held)
                self.model.model.add(self.model.lacking <= lacking)
                self._minimise(-cp_model.LinearExpr.sum(self._kept), stop, share * KEEPING_SHARE)

    def improve(self, stop: Stop) -> None:
        """Lower the cost, with no more lacking than there is."""
        lacking = self.model.count_lacking(self.held)
        self.model.model.add(self.model.lacking <= lacking)
        cost = self.model.add_costs(stop)
        if not stop():
            self._minimise(cost, stop, 1.0)

    def _minimise(self, goal: Any, stop: Stop, share: float) -> None:
        model = self.model.model
        model.minimize(goal)
        model.clear_hints()  # type: ignore[no-untyped-call]
        for key, var in self.model.held.items():
            model.add_hint(var, key in self.held)
        solver = cp_model.CpSolver()
        parameters = solver.parameters
        parameters.random_seed = self._seed
        # Its own handler would leave Ctrl-C without Python's when the search ends.
        parameters.catch_sigint_signal = False
        work = stop.work_left
        if work is not None:
            parameters.max_deterministic_time = work * share / 1e6
        # Taking turns, one thread improves (neighbourhoods of CP-SAT's own) and proves: two threads
        # were no better, and not repeatable. Linear relaxations, probing and symmetries took whole
        # budgets of 5 s for nothing.
        parameters.num_workers = 1
        parameters.interleave_search = True
        parameters.subsolvers.extend(["no_lp", "core"])
        parameters.linearization_level = 0
        parameters.cp_model_probing_level = 0
        parameters.symmetry_level = 0
        until = 1 - (1 - stop.fraction()) * (1 - share)
        with stopping(solver, lambda: stop() or stop.fraction() >= until):
            status = solver.solve(model)
        stop.spend(round(solver.response_proto.deterministic_time * 1e6))
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self.held = {key for key, var in self.model.held.items() if solver.boolean_value(var)}


@contextmanager
def stopping(solver: cp_model.CpSolver, stop: Callable[[], bool]) -> Iterator[None]:
    """End a search soon after `stop` says so: CP-SAT itself asks nobody."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_SECONDS):
            if stop():
                # Again and again: one that comes before the search has begun is lost.
                solver.stop_search()

    watcher = threading.Thread(target=watch, name="cpsat-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
