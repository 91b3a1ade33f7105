"""The genetic search on a GPU, with the kernel compiled for the processor in the GPU's stead."""

from __future__ import annotations

import numpy as np
import pytest

from tests.timetabling.chains_on_host import start_on_host
from tests.timetabling.diary import Diary
from timetabling.generator import generate
from timetabling.kernels.model import compile_model, to_arrays
from timetabling.kernels.population import load_array_module, upload
from timetabling.penalties import FORMULATIONS, evaluate, formulation
from timetabling.problem import Lecture, Timetable
from timetabling.search import Result, Stop, WorkLimit
from timetabling.solvers.genetic_device import _breed, solve

INSTANCE = generate(20, seed=4)
PROBLEM = INSTANCE.problem
UD2 = formulation("UD2")


def run(
    stop: Stop,
    *,
    start: Timetable | None = None,
    seed: int = 1,
    observer: Diary | None = None,
    lower_bound: int = 0,
    name: str = "UD2",
) -> Result:
    return solve(
        PROBLEM,
        formulation=formulation(name),
        start=start,
        stop=stop,
        seed=seed,
        observer=observer or Diary(),
        lower_bound=lower_bound,
        num_generations=12,
        population_size=32,
        start_chains=start_on_host,
    )


@pytest.mark.parametrize("name", sorted(FORMULATIONS))
def test_it_makes_a_feasible_timetable_from_nothing_and_reports_its_true_cost(name: str) -> None:
    result = run(WorkLimit(800_000), name=name)
    score = evaluate(result.timetable, formulation(name))
    assert (result.violations, result.cost) == score.order
    assert result.violations == 0


def test_the_result_depends_on_seed_and_work_alone() -> None:
    one, two = (run(WorkLimit(200_000)) for _ in range(2))
    assert one == two
    assert run(WorkLimit(200_000), seed=2).timetable != one.timetable


def test_it_is_never_worse_than_its_start() -> None:
    start = run(WorkLimit(400_000)).timetable
    before = evaluate(start, UD2).order
    for work in (0, 1, 5_000):
        result = run(WorkLimit(work), start=start, seed=3)
        assert (result.violations, result.cost) <= before


def test_a_start_with_lectures_missing_and_clashing_is_repaired() -> None:
    lectures = INSTANCE.witness.lectures
    room = lectures[0].room
    broken = Timetable(PROBLEM, tuple(Lecture(x.course, x.period, room) for x in lectures[5:]))
    assert evaluate(broken, UD2).num_violations > 15
    assert run(WorkLimit(800_000), start=broken).violations == 0


def test_every_generation_is_one_unit_and_the_best_of_it_is_told() -> None:
    diary, stop = Diary(), WorkLimit(32 * 12 * 500)
    result = run(stop, observer=diary)
    assert diary.progress == [(g, 12) for g in (*range(1, 13), 12)]
    assert result.units == 12
    assert stop.work_left == 0
    message, figures = diary.messages[-1]
    assert message == f"GA generation 12/12: cost {result.cost}"
    assert figures == {"cost": result.cost, "violations": result.violations}
    told = [(figures["violations"], figures["cost"]) for _, figures in diary.messages]
    assert told == sorted(told, reverse=True)


def test_a_timetable_as_good_as_the_lower_bound_ends_the_search() -> None:
    start = run(WorkLimit(400_000)).timetable
    diary, stop = Diary(), WorkLimit(10**9)
    result = run(stop, start=start, observer=diary, lower_bound=evaluate(start, UD2).cost)
    assert result.units == 0
    assert diary.progress == [(12, 12)]


def test_it_ends_soon_when_cancelled() -> None:
    class CancelledInTheFirstGeneration(WorkLimit):
        asked = 0

        def __call__(self) -> bool:
            self.asked += 1
            return self.asked > 2

    assert run(CancelledInTheFirstGeneration(10**12)).units <= 1


def test_children_take_the_places_of_the_worst_and_cost_less() -> None:
    model = compile_model(PROBLEM, UD2)
    empty, full = (to_arrays(x) for x in (Timetable(PROBLEM), INSTANCE.witness))
    periods, rooms = (np.stack([e, *[f] * 31]) for e, f in zip(empty, full, strict=True))
    chains = start_on_host(model, periods, rooms, np.random.SeedSequence(1))
    _breed(chains, upload(model, np), np.random.default_rng(1), 100)
    chains.anneal(0, 1.0, 100)
    assert (chains.totals[:, 0] == 0).all()


def test_without_a_gpu_it_is_one_clear_error() -> None:
    try:
        load_array_module("cupy")
    except ValueError:
        pass
    else:
        pytest.skip("there is a GPU here")
    with pytest.raises(ValueError, match="'cupy': expected CuPy and a GPU"):
        solve(
            PROBLEM,
            formulation=UD2,
            start=None,
            stop=WorkLimit(10),
            seed=1,
            observer=Diary(),
        )


def test_on_a_gpu_it_makes_a_feasible_timetable() -> None:
    try:
        load_array_module("cupy")
    except ValueError as error:
        pytest.skip(str(error))
    result = solve(
        PROBLEM,
        formulation=UD2,
        start=None,
        stop=WorkLimit(20_000_000),
        seed=1,
        observer=Diary(),
        population_size=1_000,
    )
    assert result.violations == 0
    assert (result.violations, result.cost) == evaluate(result.timetable, UD2).order
