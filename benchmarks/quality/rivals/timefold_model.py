"""A rival: Timefold for Python, on UD2 modelled as in its own example of course timetabling.

    python -m benchmarks.quality.rivals.timefold_model INSTANCE OUTPUT --time-limit 60

The solver is the one that Timefold builds if only a time limit is said. Moves in several threads
are not in the free edition, so one thread searches.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from jpype import JImplements, JOverride
from timefold.solver import SolverFactory
from timefold.solver.config import (
    Duration,
    ScoreDirectorFactoryConfig,
    SolverConfig,
    SolverConfigOverride,
    TerminationConfig,
)

from benchmarks.quality.contest import take_part
from benchmarks.quality.rivals.timefold_rules import (
    Absence,
    Conflict,
    Lecture,
    Membership,
    Period,
    Room,
    University,
    define_constraints,
)
from timetabling import problem as library
from timetabling.generator import generate
from timetabling.penalties import Formulation
from timetabling.penalties import formulation as find_formulation
from timetabling.search import Observer, SilentObserver

__all__ = ["solve", "warm_up"]


def solve(
    problem: library.Problem,
    *,
    formulation: Formulation,
    seconds: float,
    seed: int,
    num_threads: int,  # noqa: ARG001 - one searches, and Java's own share the other cores
    observer: Observer,
) -> library.Timetable:
    """Solve the problem with Timefold's defaults.

    Raises
    ------
    ValueError
        For another formulation than UD2.
    """
    if formulation.name != "UD2":
        raise ValueError(f"timefold: expected UD2, got {formulation.name}")
    deadline = time.monotonic() + seconds
    config = SolverConfig(
        solution_class=University,
        entity_class_list=[Lecture],
        random_seed=seed,
        score_director_factory_config=ScoreDirectorFactoryConfig(
            constraint_provider_function=define_constraints
        ),
    )
    factory, university = SolverFactory.create(config), model(problem)
    left = max(0.001, deadline - time.monotonic())
    limit = TerminationConfig(spent_limit=Duration(milliseconds=int(1000 * left)))
    solver = factory.build_solver(SolverConfigOverride(termination_config=limit))
    solver._delegate.addEventListener(_Listener(observer))
    # Timefold counts from when it has taken over the problem, up to a second later.
    alarm = threading.Timer(left, solver.terminate_early)
    alarm.start()
    try:
        solved = solver.solve(university)
    finally:
        alarm.cancel()
    return to_timetable(problem, solved)


def model(problem: library.Problem) -> University:
    """Say the problem in Timefold's terms."""
    return University(
        periods=[
            Period(p, *divmod(p, problem.periods_per_day)) for p in range(problem.num_periods)
        ],
        rooms=[Room(r, room.capacity) for r, room in enumerate(problem.rooms)],
        conflicts=[
            Conflict(a, b) for a, near in enumerate(problem.conflicts) for b in near if a < b
        ],
        memberships=[Membership(q, c) for q, x in enumerate(problem.curricula) for c in x.courses],
        absences=[Absence(c, p) for c, p in sorted(problem.unavailable)],
        lectures=[
            Lecture(i, c, problem.courses[c].num_students, problem.courses[c].min_working_days)
            for i, c in enumerate(problem.lecture_courses)
        ],
    )


def to_timetable(problem: library.Problem, solved: University) -> library.Timetable:
    """Read Timefold's solution; a lecture that it had no time to place is missing."""
    return library.Timetable(
        problem,
        tuple(
            library.Lecture(int(x.course), int(x.period.index), int(x.room.index))
            for x in solved.lectures
            if x.period is not None and x.room is not None
        ),
    )


@JImplements("ai.timefold.solver.core.api.solver.event.SolverEventListener", deferred=True)
class _Listener:
    """Tells of each better score; Timefold's own listener would copy the solution each time."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    @JOverride
    def bestSolutionChanged(self, event: Any) -> None:  # noqa: N802 - Java's name
        """Tell it, once every lecture has a place."""
        if event.isNewBestSolutionInitialized():
            score = event.getNewBestScore()
            hard, soft = int(score.hardScore()), int(score.softScore())
            self._observer.update("better", violations=-hard, cost=-soft)


def warm_up() -> None:
    """Start Java, and have the rules translated for it."""
    solve(
        generate(1, seed=0).problem,
        formulation=find_formulation("UD2"),
        seconds=0.5,
        seed=0,
        num_threads=1,
        observer=SilentObserver(),
    )


if __name__ == "__main__":
    warm_up()
    take_part(solve)
