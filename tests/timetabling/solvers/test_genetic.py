"""The genetic search: feasible from nothing, never worse than its start, repeatable."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.timetabling.diary import Diary
from timetabling.formats import read_problem
from timetabling.generator import generate
from timetabling.kernels.population import load_array_module
from timetabling.penalties import FORMULATIONS, evaluate, formulation
from timetabling.problem import Course, Lecture, Problem, Room, Timetable
from timetabling.search import Result, SilentObserver, Stop, WorkLimit
from timetabling.solvers.genetic import solve

INSTANCE = generate(30, seed=4)
PROBLEM = INSTANCE.problem
UD2 = formulation("UD2")


def run(
    stop: Stop,
    *,
    start: Timetable | None = None,
    seed: int = 1,
    observer: Diary | None = None,
    num_threads: int = 2,
    name: str = "UD2",
) -> Result:
    return solve(
        PROBLEM,
        formulation=formulation(name),
        start=start,
        stop=stop,
        seed=seed,
        observer=observer or Diary(),
        num_generations=12,
        num_threads=num_threads,
    )


@pytest.mark.parametrize("name", sorted(FORMULATIONS))
def test_it_makes_a_feasible_timetable_from_nothing_and_reports_its_true_cost(name: str) -> None:
    result = run(WorkLimit(600_000), name=name)
    score = evaluate(result.timetable, formulation(name))
    assert (result.violations, result.cost) == (score.num_violations, score.cost)
    assert result.violations == 0


def test_the_result_depends_on_seed_and_work_and_not_on_threads() -> None:
    one, *others = (run(WorkLimit(300_000), num_threads=1 + n % 3) for n in range(10))
    assert all(other == one for other in others)
    assert run(WorkLimit(300_000), seed=2).timetable != one.timetable


def test_it_is_never_worse_than_its_start() -> None:
    start = run(WorkLimit(600_000)).timetable
    before = evaluate(start, UD2).order
    for work in (0, 1, 5_000):
        result = run(WorkLimit(work), start=start, seed=3)
        assert (result.violations, result.cost) <= before


def test_a_start_with_lectures_missing_and_clashing_is_repaired() -> None:
    lectures = INSTANCE.witness.lectures
    room = lectures[0].room
    broken = Timetable(PROBLEM, tuple(Lecture(x.course, x.period, room) for x in lectures[5:]))
    assert evaluate(broken, UD2).num_violations > 20
    assert run(WorkLimit(400_000), start=broken).violations == 0


def test_every_generation_is_one_unit_and_the_last_one_ends_the_work() -> None:
    diary, stop = Diary(), WorkLimit(120_000)
    result = run(stop, observer=diary)
    assert diary.progress == [(g, 12) for g in (*range(1, 13), 12)]
    assert result.units == 12
    assert stop.work_left == 0
    message, figures = diary.messages[-1]
    assert message == f"GA generation 12/12: cost {result.cost}"
    assert figures == {"cost": result.cost, "violations": result.violations}


def test_a_timetable_that_costs_nothing_ends_the_search() -> None:
    course = Course(id="c", teacher="t", num_lectures=2, min_working_days=1, num_students=1)
    problem = Problem(
        name="easy",
        num_days=1,
        periods_per_day=4,
        courses=(course,),
        rooms=(Room(id="r", capacity=1),),
    )
    diary, stop = Diary(), WorkLimit(10**12)
    result = solve(
        problem,
        formulation=UD2,
        start=None,
        stop=stop,
        seed=0,
        observer=diary,
        num_generations=10**6,
    )
    assert (result.violations, result.cost) == (0, 0)
    assert diary.progress[-1] == (10**6, 10**6)
    assert stop.fraction() < 0.01


def test_a_timetable_that_costs_no_more_than_the_lower_bound_ends_the_search() -> None:
    stop, anything_feasible = WorkLimit(50_000_000), 10**6
    result = solve(
        PROBLEM,
        formulation=UD2,
        start=None,
        stop=stop,
        seed=1,
        observer=Diary(),
        lower_bound=anything_feasible,
    )
    assert result.violations == 0
    assert stop.fraction() < 0.5


def test_it_ends_soon_when_cancelled_and_keeps_the_best() -> None:
    class CancelledInTheFirstGeneration(WorkLimit):
        asked = 0

        def __call__(self) -> bool:
            self.asked += 1
            return self.asked > 3

    stop = CancelledInTheFirstGeneration(10**12)
    result = run(stop, num_threads=1)
    assert stop.fraction() < 1e-3
    assert result.units <= 1


def test_the_budget_may_be_partly_used_already() -> None:
    stop = WorkLimit(200_000)
    stop.spend(150_000)
    assert run(stop).violations == 0
    assert stop.work_left == 0


def test_cupy_without_a_gpu_is_one_clear_error() -> None:
    with suppress(ValueError):
        load_array_module("cupy")
        pytest.skip("there is a GPU here")
    with pytest.raises(ValueError, match="'cupy': expected CuPy and a GPU"):
        solve(
            PROBLEM,
            formulation=UD2,
            start=None,
            stop=WorkLimit(10),
            seed=1,
            observer=Diary(),
            array_module="cupy",
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["comp01", "comp05", "comp12"])
def test_real_instances_become_feasible(instance_path: Callable[[str], Path], name: str) -> None:
    problem = read_problem(instance_path(f"itc2007/{name}.ectt"))
    result = solve(
        problem,
        formulation=UD2,
        start=None,
        stop=WorkLimit(25_000_000),
        seed=1,
        observer=SilentObserver(),
    )
    assert evaluate(result.timetable, UD2).is_feasible
