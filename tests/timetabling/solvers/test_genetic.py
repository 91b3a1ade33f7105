"""The genetic search: feasible from nothing, never worse than its start, repeatable."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.timetabling.diary import Diary
from timetabling.formats import read_problem
from timetabling.generator import generate
from timetabling.kernels.population import load_array_module
from timetabling.penalties import FORMULATIONS, evaluate, formulation
from timetabling.problem import Course, Lecture, Problem, Room, Timetable
from timetabling.search import Result, SilentObserver, Stop, WorkLimit
from timetabling.solvers.genetic import begin, go_on, solve
from timetabling.solvers.individuals import Search
from timetabling.solvers.islands import settle

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


def same(one: Search, other: Search) -> bool:
    """Whether two searches are at the same point of the same way, to the last draw."""

    def state(search: Search) -> list[list[int]]:
        of_all = [(x.period, x.room, *x.best, x.random) for x in search.individuals]
        return [array.tolist() for array in (*search.best, *sum(of_all, ()))]

    return state(one) == state(other) and one.reached == other.reached


def span(search: Search, until: int | None = None, observer: Diary | None = None) -> Search:
    return go_on(
        PROBLEM,
        search,
        formulation=UD2,
        stop=WorkLimit(300_000, used=search.reached.used),
        observer=observer or Diary(),
        num_generations=12,
        until=until,
    )


@pytest.mark.parametrize("ends", [(1, 2, 7), (0, 6), (5, 5, 11), tuple(range(12))])
def test_in_spans_it_finds_what_it_finds_at_one_go(ends: tuple[int, ...]) -> None:
    at_one_go = run(WorkLimit(300_000))
    search, diary = begin(PROBLEM, start=None, seed=1), Diary()
    whole = span(search)
    for end in (*ends, None):
        search = pickle.loads(pickle.dumps(search))  # as it goes to another process
        search = span(search, end, diary)
    assert same(search, whole)
    assert search.timetable(PROBLEM) == at_one_go.timetable
    assert search.order == (at_one_go.violations, at_one_go.cost)
    assert search.is_over()
    generations = [message.split()[2] for message, _ in diary.messages]
    assert generations == [f"{g}/12:" for g in range(1, 13)]


def test_a_span_leaves_the_search_that_it_goes_on_from_as_it_was() -> None:
    begun = span(begin(PROBLEM, start=None, seed=1), 3)
    before = pickle.loads(pickle.dumps(begun))
    once = span(begun, 6)
    assert same(begun, before)
    assert same(span(begun, 6), once)
    assert not same(begun, once)


def test_each_span_counts_its_own_generations_and_all_of_them_where_the_search_ends() -> None:
    diary, anything_feasible = Diary(), 10**6
    search = begin(PROBLEM, start=INSTANCE.witness, seed=1)
    for bound in (0, anything_feasible):
        search = go_on(
            PROBLEM,
            search,
            formulation=UD2,
            stop=WorkLimit(100_000, used=search.reached.used),
            observer=diary,
            lower_bound=bound,
            until=search.reached.generation + 3,
        )
    assert diary.progress == [(1, 3), (2, 3), (3, 3), (3, 3)]
    assert search.is_over(anything_feasible)
    assert not search.is_over()


def test_settlers_of_the_best_island_take_the_place_of_the_worst_and_go_their_own_ways() -> None:
    begun = [span(begin(PROBLEM, start=None, seed=seed), 4) for seed in range(3)]
    best, middle, worst = sorted(begun, key=lambda island: sum(island.energies))
    settled = settle([worst, best, middle])
    assert settled[1:] == [best, middle]
    assert settled[0].order == min(best.order, worst.order)
    assert settled[0].reached == worst.reached
    for settler, original, native in zip(
        settled[0].individuals, best.individuals, worst.individuals, strict=True
    ):
        assert np.array_equal(settler.period, original.period)
        assert np.array_equal(settler.random, native.random)
    ends = [span(island).timetable(PROBLEM) for island in settled]
    assert ends[0] != ends[1]


def test_islands_that_have_not_lived_yet_stay_as_they_are() -> None:
    islands = [begin(PROBLEM, start=None, seed=seed) for seed in range(2)]
    assert settle(islands) == islands
    assert settle(islands[:1]) == islands[:1]


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
