"""CP-SAT: as good as trying everything where that is possible, and well-behaved elsewhere."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.timetabling.solvers.cpsat_cases import (
    EVERY_FORMULATION,
    UD2,
    best_of_all,
    big_problem,
    course,
    small_problem,
    solve,
)
from timetabling.penalties import Formulation, evaluate, formulation
from timetabling.problem import Curriculum, Lecture, Problem, Room, Timetable
from timetabling.search import Result, WorkLimit

UD1, UD4 = formulation("UD1"), formulation("UD4")


class AfterCalls:
    """A budget of so many questions, for tests that must not look at a clock."""

    work_left = None

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __call__(self) -> bool:
        self.left -= 1
        return self.left < 0

    def fraction(self) -> float:
        return 0.0

    def spend(self, work: int) -> None:
        pass


def only_lectures_missing(result: Result, rules: Formulation) -> bool:
    violations = dict(evaluate(result.timetable, rules).violations)
    violations.pop("lectures")
    return not any(violations.values())


@EVERY_FORMULATION
@pytest.mark.parametrize("seed", range(8))
def test_with_one_room_nothing_is_better(seed: int, rules: Formulation) -> None:
    problem = small_problem(seed, num_rooms=1)
    result = solve(problem, rules)
    best = best_of_all(problem, rules, range(len(problem.courses)), ())
    assert (result.violations, result.cost) == best


@pytest.mark.parametrize("seed", range(8))
def test_with_two_rooms_seats_and_days_are_exact(seed: int) -> None:
    problem = small_problem(seed, num_rooms=2)
    result = solve(problem, UD1)
    best = best_of_all(problem, UD1, range(len(problem.courses)), ())
    assert (result.violations, result.cost) == best


@EVERY_FORMULATION
@pytest.mark.parametrize("seed", range(8))
def test_beside_fixed_lectures_nothing_is_better(seed: int, rules: Formulation) -> None:
    problem = small_problem(100 + seed, num_rooms=1)
    start = solve(problem, rules, courses=[0]).timetable
    rest = range(1, len(problem.courses))
    result = solve(problem, rules, start=start, courses=rest)
    assert set(start.lectures) <= set(result.timetable.lectures)
    best = best_of_all(problem, rules, rest, start.lectures)
    assert (result.violations, result.cost) == best


@EVERY_FORMULATION
@pytest.mark.parametrize("seed", range(5))
def test_figures_are_those_of_the_penalties_and_only_lectures_are_missing(
    seed: int, rules: Formulation
) -> None:
    problem = small_problem(200 + seed, num_rooms=2)
    result = solve(problem, rules)
    score = evaluate(result.timetable, rules)
    assert (result.violations, result.cost) == score.order
    assert only_lectures_missing(result, rules)


@EVERY_FORMULATION
def test_real_sizes_work_in_every_formulation(rules: Formulation) -> None:
    problem = big_problem()
    result = solve(problem, rules, courses=range(40), stop=WorkLimit(20_000))
    placed = Counter(lecture.course for lecture in result.timetable.lectures)
    assert all(placed[c] == problem.courses[c].num_lectures for c in range(40))
    assert only_lectures_missing(result, rules)


def test_placing_alone_spends_nothing_on_the_cost() -> None:
    problem = big_problem()
    placing, improving = WorkLimit(2_000_000), WorkLimit(2_000_000)
    placed = solve(problem, UD2, stop=placing, improve=False)
    improved = solve(problem, UD2, stop=improving)
    assert placed.violations == improved.violations == 0
    assert placed.cost > improved.cost
    assert placing.fraction() < improving.fraction()


def test_an_impossible_problem_leaves_lectures_out() -> None:
    problem = Problem(
        name="full",
        num_days=1,
        periods_per_day=2,
        courses=(course("a", 2), course("b", 2), course("c")),
        rooms=(Room(id="r", capacity=9),),
        unavailable=frozenset({(2, 0), (2, 1)}),
    )
    result = solve(problem, UD2)
    assert evaluate(result.timetable, UD2).violations["lectures"] == 3
    assert result.violations == 3


def test_periods_are_left_open_for_courses_still_to_come() -> None:
    """The first course would sit beside its curriculum at period 1, all the second one has."""
    problem = Problem(
        name="later",
        num_days=1,
        periods_per_day=4,
        courses=(course("a", teacher="t"), course("b", teacher="t"), course("c")),
        rooms=(Room(id="r", capacity=20),),
        curricula=(Curriculum(id="q", courses=(0, 2)),),
        unavailable=frozenset({(0, 2), (1, 0), (1, 2), (1, 3)}),
    )
    start = Timetable(problem, (Lecture(2, 0, 0),))
    result = solve(problem, start=start, courses=[0])
    assert set(result.timetable.lectures) == {Lecture(2, 0, 0), Lecture(0, 3, 0)}


@pytest.mark.parametrize("seed", range(5))
def test_the_answer_is_never_worse_than_the_start(seed: int) -> None:
    problem = big_problem(30)
    start = solve(problem, stop=WorkLimit(50_000), seed=seed)
    for work in (0, 20_000):
        courses = range(seed, 20)
        again = solve(problem, start=start.timetable, courses=courses, stop=WorkLimit(work))
        assert (again.violations, again.cost) <= (start.violations, start.cost)


def test_a_start_that_breaks_rules_is_repaired() -> None:
    problem = big_problem(30)
    first = [c for c, number in enumerate(problem.lecture_courses)]
    crowd = Timetable(problem, tuple(Lecture(c % 30, c % 3, 0) for c in range(len(first))))
    assert solve(problem, start=crowd, stop=WorkLimit(100_000)).violations == 0


@pytest.mark.parametrize("calls", [0, 1, 3])
def test_it_ends_when_asked_to(calls: int) -> None:
    stop = AfterCalls(calls)
    result = solve(big_problem(), stop=stop)
    assert stop.left < 0
    assert only_lectures_missing(result, UD2)


def test_the_same_seed_and_work_give_the_same_timetable() -> None:
    problem = big_problem(30)
    one, two = (solve(problem, stop=WorkLimit(50_000)) for _ in range(2))
    assert one == two


def test_the_work_done_is_spent() -> None:
    stop = WorkLimit(20_000)
    solve(big_problem(), stop=stop)
    assert stop()
