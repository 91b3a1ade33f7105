"""The bound: below every feasible timetable, and close to the best one where that is known."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.timetabling.solvers.cpsat_cases import best_of_all, small_problem
from timetabling.formats import read_problem
from timetabling.generator import generate
from timetabling.penalties import FORMULATIONS, Formulation, evaluate, formulation
from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable
from timetabling.search import SilentObserver, Stop, TimeLimit, WorkLimit
from timetabling.solvers import bound, genetic

UD2 = formulation("UD2")
EVERY_FORMULATION = pytest.mark.parametrize("rules", FORMULATIONS.values(), ids=FORMULATIONS)


class Listener(SilentObserver):
    """Keeps each bound that it is told."""

    def __init__(self) -> None:
        self.bounds: list[float] = []

    def update(self, message: str, **figures: float) -> None:
        self.bounds.append(figures["bound"])


def lower_bound(
    problem: Problem, rules: Formulation, stop: Stop | None = None, observer: Listener | None = None
) -> int:
    return bound.lower_bound(
        problem,
        formulation=rules,
        stop=stop or WorkLimit(1_000_000),
        seed=1,
        observer=observer or SilentObserver(),
    )


@EVERY_FORMULATION
def test_no_timetable_of_all_there_are_costs_less(
    rules: Formulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tight = 0
    for seed in range(12):
        problem = small_problem(300 + seed, num_rooms=1 + seed % 2)
        missing, best = best_of_all(problem, rules, range(len(problem.courses)), ())
        for whole_share in (bound.WHOLE_SHARE, 0.0):  # all curricula at once, and by groups alone
            monkeypatch.setattr(bound, "WHOLE_SHARE", whole_share)
            for work in (0, 1_000_000):
                found = lower_bound(problem, rules, WorkLimit(work))
                assert missing or 0 <= found <= best
                tight += found == best
    assert tight > 24, "half of the bounds or more leave no gap"


@EVERY_FORMULATION
@pytest.mark.parametrize("num_courses", [8, 25, 60])
def test_no_timetable_that_a_search_finds_costs_less(num_courses: int, rules: Formulation) -> None:
    problem, witness = generate(num_courses, seed=num_courses)
    found = genetic.solve(
        problem,
        formulation=rules,
        start=witness,
        stop=WorkLimit(1_000_000),
        seed=1,
        observer=SilentObserver(),
    )
    assert found.violations == 0
    assert lower_bound(problem, rules) <= found.cost


@EVERY_FORMULATION
@pytest.mark.parametrize("seed", range(3))
def test_groups_share_no_cost_and_leave_none_out(rules: Formulation, seed: int) -> None:
    problem, witness = generate(30, seed=seed)
    groups = bound._all_groups(problem, rules)
    penalties = evaluate(witness, rules).penalties
    of_times = sum(cost for rule, cost in penalties.items() if rule not in bound.ROOM_RULES)
    while True:
        total = 0
        for group in groups:
            smaller, times = bound._restrict(problem, rules, group)
            place = {c: i for i, c in enumerate(sorted(group.courses))}
            cut = [
                Lecture(place[x.course], x.period, x.room)
                for x in witness.lectures
                if x.course in place
            ]
            score = evaluate(Timetable(smaller, tuple(cut)), times)
            assert score.is_feasible
            assert score.cost >= group.bound
            total += score.cost
        assert total == of_times
        fewer = bound._pair(groups)
        if len(fewer) == len(groups):
            break
        groups = fewer


def test_a_course_that_needs_a_second_room_pays_for_it() -> None:
    """Each room is used at each period, so one of the courses has to change rooms."""
    courses = tuple(
        Course(id=f"c{c}", teacher=f"t{c}", num_lectures=2, min_working_days=1, num_students=5)
        for c in range(3)
    )
    rooms = tuple(Room(id=f"r{r}", capacity=5) for r in range(2))
    problem = Problem(name="full", num_days=1, periods_per_day=3, courses=courses, rooms=rooms)
    assert lower_bound(problem, UD2) == 1
    assert lower_bound(problem, formulation("UD1")) == 0


def test_a_problem_without_a_feasible_timetable_ends_too() -> None:
    courses = tuple(
        Course(id=f"c{c}", teacher="t", num_lectures=2, min_working_days=1, num_students=5)
        for c in range(3)
    )
    problem = Problem(
        name="full",
        num_days=1,
        periods_per_day=3,
        courses=courses,
        rooms=(Room(id="r", capacity=5),),
        curricula=(Curriculum(id="q", courses=(0, 1)),),
    )
    assert lower_bound(problem, UD2) >= 0


def test_a_course_without_lectures_still_lacks_its_days() -> None:
    courses = tuple(
        Course(id=f"c{n}", teacher=f"t{n}", num_lectures=n, min_working_days=2, num_students=5)
        for n in range(3)
    )
    problem = Problem(
        name="none",
        num_days=3,
        periods_per_day=3,
        courses=courses,
        rooms=(Room(id="r", capacity=5),),
        curricula=(Curriculum(id="q", courses=(0,)),),
    )
    for work in (0, 1_000_000):
        assert lower_bound(problem, UD2, WorkLimit(work)) == 15


def test_each_better_bound_is_told_and_the_last_is_the_one_returned() -> None:
    listener = Listener()
    found = lower_bound(generate(60, seed=1).problem, formulation("UD3"), observer=listener)
    assert listener.bounds
    assert listener.bounds == sorted(set(listener.bounds))
    assert found == listener.bounds[-1]


def test_the_same_seed_and_work_give_the_same_bound_and_work_is_spent() -> None:
    problem = generate(80, seed=2).problem
    stops = [WorkLimit(300_000) for _ in range(2)]
    one, two = (lower_bound(problem, UD2, stop) for stop in stops)
    assert one == two
    assert stops[0].work_left == stops[1].work_left
    assert stops[0].fraction() > 0


def test_it_ends_soon_after_it_is_told_to_even_on_a_large_instance() -> None:
    problem = generate(700, seed=1).problem
    told_at = time.monotonic() + 1.0
    stop = TimeLimit(3600, time.monotonic, cancelled=lambda: time.monotonic() > told_at)
    lower_bound(problem, UD2, stop)
    # Within a second on a calm machine; far from the hour that it might take on a busy one.
    assert time.monotonic() - told_at < 60.0


@pytest.mark.slow
def test_no_bound_is_above_the_best_that_was_ever_found(
    shared_instances: Path, instance_path: Callable[[str], Path]
) -> None:
    text = (shared_instances / "README.md").read_text()
    best = {name: int(cost) for name, cost in re.findall(r"(comp\d\d) (\d+)", text)}
    assert len(best) == 14
    proven = []
    for name, cost in best.items():
        problem = read_problem(instance_path(f"itc2007/{name}.ectt"))
        found = lower_bound(problem, UD2, WorkLimit(4_000_000))
        assert found <= cost, name
        if found == cost:
            proven.append(name)
    assert {"comp01", "comp04", "comp08", "comp11"} <= set(proven)
