"""CP-SAT: as good as trying everything where that is possible, and well-behaved elsewhere."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import combinations, permutations, product
from pathlib import Path
from typing import Any

import pytest

from timetabling.clustering import cluster
from timetabling.formats import read_problem, write_solution
from timetabling.penalties import FORMULATIONS, Formulation, evaluate, formulation
from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable
from timetabling.search import Result, SilentObserver, Stop, WorkLimit
from timetabling.solvers import cpsat
from timetabling.solvers.cpsat_board import Board

UD1, UD2, UD4 = formulation("UD1"), formulation("UD2"), formulation("UD4")
EVERY_FORMULATION = pytest.mark.parametrize("rules", FORMULATIONS.values(), ids=FORMULATIONS)


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


def course(
    name: str, lectures: int = 1, *, teacher: str = "", days: int = 1, students: int = 10
) -> Course:
    return Course(
        id=name,
        teacher=teacher or name,
        num_lectures=lectures,
        min_working_days=days,
        num_students=students,
    )


def small_problem(seed: int, *, num_rooms: int) -> Problem:
    """Four lectures of three courses at most four periods; often too many of them."""
    rng = random.Random(seed)
    courses = tuple(
        Course(
            id=f"c{c}",
            teacher=rng.choice("xyz"),
            num_lectures=lectures,
            min_working_days=rng.randint(1, 2),
            num_students=rng.randint(1, 40),
            wants_double_lectures=rng.random() < 0.7,
        )
        for c, lectures in enumerate(rng.choice([(2, 1, 1), (1, 2, 1), (2, 2, 0), (3, 1, 0)]))
        if lectures
    )
    num_days, per_day = rng.choice([(1, 4), (2, 2), (1, 5), (2, 3)])
    indices = range(len(courses))
    return Problem(
        name="small",
        num_days=num_days,
        periods_per_day=per_day,
        courses=courses,
        rooms=tuple(
            Room(id=f"r{r}", capacity=rng.randint(1, 40), building=rng.choice("ab"))
            for r in range(num_rooms)
        ),
        curricula=tuple(
            Curriculum(id=f"q{q}", courses=tuple(rng.sample(indices, rng.randint(1, 2))))
            for q in range(rng.randint(0, 3))
        ),
        unavailable=frozenset(
            (c, p) for c in indices for p in range(num_days * per_day) if rng.random() < 0.2
        ),
        unsuitable=frozenset(
            (c, r) for c in indices for r in range(num_rooms) if rng.random() < 0.2
        ),
        daily_lectures=(rng.randint(0, 2), rng.randint(2, 3)),
    )


def best_of_all(
    problem: Problem, rules: Formulation, courses: Iterable[int], fixed: tuple[Lecture, ...]
) -> tuple[int, int]:
    """Try every timetable that breaks no hard rule but that lectures are missing."""
    places = list(product(range(problem.num_periods), range(len(problem.rooms))))
    choices = [
        [
            tuple(Lecture(c, *place) for place in chosen)
            for number in range(problem.courses[c].num_lectures + 1)
            for chosen in combinations(places, number)
        ]
        for c in courses
    ]
    best = (10**9, 0)
    for parts in product(*choices):
        lectures = (*fixed, *(lecture for part in parts for lecture in part))
        if len({x[:2] for x in lectures}) < len(lectures):
            continue
        missing = problem.num_lectures - len(lectures)
        if missing <= best[0]:
            score = evaluate(Timetable(problem, lectures), rules)
            if score.num_violations == missing:
                best = min(best, score.order)
    return best


def big_problem(num_courses: int = 60, seed: int = 5) -> Problem:
    """Too large to be solved to the end by any test."""
    rng = random.Random(seed)
    indices = range(num_courses)
    return Problem(
        name="big",
        num_days=5,
        periods_per_day=5,
        courses=tuple(
            course(
                f"c{c}",
                rng.randint(1, 4),
                teacher=f"t{rng.randrange(num_courses // 2)}",
                days=rng.randint(1, 4),
                students=rng.randint(5, 120),
            )
            for c in indices
        ),
        rooms=tuple(Room(id=f"r{r}", capacity=rng.randint(10, 120)) for r in range(9)),
        curricula=tuple(
            Curriculum(id=f"q{q}", courses=tuple(rng.sample(indices, 5)))
            for q in range(num_courses // 2)
        ),
        unavailable=frozenset((c, p) for c in indices for p in range(25) if rng.random() < 0.1),
    )


def solve(problem: Problem, rules: Formulation = UD2, **options: Any) -> Result:
    options = {"start": None, "stop": WorkLimit(20_000_000), "seed": 1, **options}
    return cpsat.solve(problem, formulation=rules, observer=SilentObserver(), **options)


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


@EVERY_FORMULATION
@pytest.mark.parametrize("seed", range(4))
def test_what_is_kept_of_a_timetable_breaks_no_rule_and_what_breaks_none_is_kept(
    seed: int, rules: Formulation
) -> None:
    problem = small_problem(400 + seed, num_rooms=2)
    rng = random.Random(seed)
    for _ in range(50):
        lectures = tuple(
            Lecture(c, rng.randrange(problem.num_periods), rng.randrange(2))
            for c in problem.lecture_courses
            for _ in range(rng.randint(0, 2))
        )
        kept = cpsat.keep(Timetable(problem, lectures), rules)
        score = evaluate(kept, rules)
        missing = problem.num_lectures - len(kept.lectures)
        assert score.num_violations == missing
        assert cpsat.keep(kept, rules) == kept
        short = cpsat.lacking(kept, range(len(problem.courses)))
        assert bool(short) == bool(missing)
        assert not set(short) - set(problem.lecture_courses)


def halves(problem: Problem, rules: Formulation, stop: Callable[[], Stop]) -> list[Timetable]:
    """Two clusters without a conflict between them, each placed as if the other were not there."""
    return [
        solve(problem, rules, courses=courses, stop=stop()).timetable
        for courses in (range(20), range(20, 40))
    ]


def two_worlds(num_rooms: int) -> Problem:
    """Courses 0 to 19 and 20 to 39 share rooms and nothing else."""
    rng = random.Random(3)
    return Problem(
        name="two",
        num_days=2,
        periods_per_day=5,
        courses=tuple(
            course(f"c{c}", 2, teacher=f"t{c // 2}", days=2, students=rng.randint(5, 50))
            for c in range(40)
        ),
        rooms=tuple(Room(id=f"r{r}", capacity=10 + 5 * r) for r in range(num_rooms)),
        curricula=tuple(
            Curriculum(id=f"q{q}", courses=tuple(range(q * 4, q * 4 + 4))) for q in range(10)
        ),
        unsuitable=frozenset((c, r) for c in range(40) for r in range(num_rooms) if c % 7 == r),
    )


@EVERY_FORMULATION
@pytest.mark.parametrize("num_rooms", [5, 9])
def test_merged_clusters_break_no_rule_in_any_order(num_rooms: int, rules: Formulation) -> None:
    problem = two_worlds(num_rooms)
    base = Timetable(problem)
    solved = halves(problem, rules, lambda: WorkLimit(5_000))
    merged = {cpsat.merge(problem, base, order, rules) for order in permutations(solved)}
    assert len(merged) == 1
    timetable = merged.pop()
    score = evaluate(timetable, rules)
    missing = problem.num_lectures - len(timetable.lectures)
    assert score.num_violations == missing
    board = Board(problem, rules, timetable.lectures)
    assert not any(board.lacking(c) and board.open_periods(c) for c in range(40))


def test_merging_keeps_what_does_not_collide_and_what_was_fixed() -> None:
    problem = two_worlds(9)
    fixed = Lecture(0, 0, 0)
    base = Timetable(problem, (fixed,))
    one = Timetable(problem, (fixed, Lecture(2, 1, 3), Lecture(4, 2, 5)))
    other = Timetable(problem, (fixed, Lecture(20, 1, 3), Lecture(22, 3, 8)))
    merged = set(cpsat.merge(problem, base, [one, other], UD2).lectures)
    assert {fixed, Lecture(4, 2, 5), Lecture(22, 3, 8)} <= merged
    assert len({lecture.room for lecture in merged if lecture.period == 1}) >= 2


def test_a_missing_lecture_is_placed_by_moving_others() -> None:
    """The third course has one period; the second must give way, and the first in its turn."""
    problem = Problem(
        name="chain",
        num_days=1,
        periods_per_day=3,
        courses=(course("a"), course("b"), course("c")),
        rooms=(Room(id="r", capacity=20),),
        curricula=(Curriculum(id="q", courses=(0, 1, 2)),),
        unavailable=frozenset({(1, 2), (2, 1), (2, 2)}),
    )
    start = Timetable(problem, (Lecture(1, 0, 0), Lecture(0, 1, 0)))
    result = cpsat.place_missing(
        problem,
        formulation=UD2,
        start=start,
        stop=WorkLimit(1_000_000),
        seed=1,
        observer=SilentObserver(),
    )
    assert result.violations == 0


def test_lectures_that_fit_nowhere_stay_missing() -> None:
    problem = Problem(
        name="full",
        num_days=1,
        periods_per_day=1,
        courses=(course("a"), course("b")),
        rooms=(Room(id="r", capacity=20),),
    )
    start = Timetable(problem, (Lecture(0, 0, 0),))
    result = cpsat.place_missing(
        problem,
        formulation=UD2,
        start=start,
        stop=WorkLimit(1_000_000),
        seed=1,
        observer=SilentObserver(),
    )
    assert result.timetable == start


@pytest.mark.slow
@pytest.mark.parametrize("name", ["itc2007/comp02.ectt", "erlangen/erlangen2012_1.ectt"])
def test_real_instances_are_placed_completely(
    name: str,
    instance_path: Callable[[str], Path],
    judge: Callable[[Path, Path, str], dict[str, Any]],
    tmp_path: Path,
) -> None:
    problem = read_problem(instance_path(name))
    clustering = cluster(problem, max_courses=50, seed=1, observer=SilentObserver())
    timetable = Timetable(problem)
    for wave in clustering.waves:
        solved = [
            solve(
                problem, start=timetable, courses=clustering.clusters[i], stop=WorkLimit(200_000)
            ).timetable
            for i in wave
        ]
        timetable = cpsat.merge(problem, timetable, solved, UD2)
    write_solution(timetable, tmp_path / "solution")
    said = judge(instance_path(name), tmp_path / "solution", "UD2")
    assert said["violations"] == 0
    assert said["cost"] == evaluate(timetable, UD2).cost
