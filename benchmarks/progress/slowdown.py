"""How much longer work takes that tells of its progress than work that tells nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path

from tqdm import tqdm

from benchmarks.progress.timing import Spread, cores, in_turns, on_core, spread_of_ratios
from timetabling.formats import read_problem
from timetabling.penalties import formulation
from timetabling.problem import Problem
from timetabling.search import Observer, SilentObserver, WorkLimit
from timetabling.solvers import genetic
from tracking.plan import DEFAULT
from tracking.reporter import Reporter

__all__ = ["loop_ratios", "solver_ratios"]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/small-university.ectt"
_STAGE = "ga_optimization"
_PATIENCE_SECONDS = 10.0


def solver_ratios(redis_url: str, moves: int, pairs: int) -> tuple[Spread, Spread]:
    """Time of the genetic search with tracking over without: by the clock, of processor time.

    Search and publisher share a core.
    """
    problem = read_problem(EXAMPLE)
    solve_seconds(problem, SilentObserver(), moves)  # loads what is compiled

    def tracked() -> tuple[float, float]:
        with published(redis_url) as reporter:
            return solve_seconds(problem, reporter, moves)

    def silent() -> tuple[float, float]:
        return solve_seconds(problem, SilentObserver(), moves)

    with on_core(cores()[0]):
        took = in_turns({"silent": silent, "tracked": tracked}, pairs)
    clock, processor = (
        spread_of_ratios([t[which] for t in took["tracked"]], [t[which] for t in took["silent"]])
        for which in (0, 1)
    )
    return clock, processor


def solve_seconds(problem: Problem, observer: Observer, moves: int) -> tuple[float, float]:
    """How long one and the same search takes, by the clock and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    genetic.solve(
        problem,
        formulation=formulation("UD2"),
        start=None,
        stop=WorkLimit(moves),
        seed=1,
        observer=observer,
        num_threads=1,
    )
    return time.perf_counter() - clock, time.process_time() - processor


@contextmanager
def published(redis_url: str) -> Iterator[Reporter]:
    """A job in the search's stage, whose bar has caught up with that: it hurries before."""
    reporter = Reporter("slowdown", DEFAULT, redis_url)
    reporter.start()
    reporter.start_stage(_STAGE)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (last := reporter.last_snapshot) is None or last["stage"] != _STAGE:
        if time.monotonic() > deadline:
            raise RuntimeError(f"expected a snapshot of stage {_STAGE}, the last one is {last}")
        time.sleep(0.01)
    yield reporter
    reporter.mark_cancelled()


def loop_ratios(redis_url: str, units: int, repeats: int) -> dict[str, Spread]:
    """Time of a loop with a call after each unit over without, by who is called.

    A unit is a microsecond of work. The loop and those who publish or draw share a core.
    """
    with (
        on_core(cores()[0]),
        published(redis_url) as reporter,
        Path(os.devnull).open("w") as nowhere,
        tqdm(total=units, file=nowhere) as bar,
    ):
        unit = reporter.unit("unit")
        numbers = range(_microsecond_of_work())
        took = in_turns(
            {
                "nobody": partial(_loop_seconds, numbers, units),
                "Horarium, Unit.advance": partial(_loop_seconds, numbers, units, unit.advance),
                "tqdm, update": partial(_loop_seconds, numbers, units, bar.update),
            },
            repeats,
        )
    alone = took.pop("nobody")
    return {name: spread_of_ratios(seconds, alone) for name, seconds in took.items()}


def _loop_seconds(numbers: range, units: int, tell: Callable[[], object] | None = None) -> float:
    begun = time.perf_counter()
    if tell is None:
        for _ in repeat(None, units):
            sum(numbers)
    else:
        for _ in repeat(None, units):
            sum(numbers)
            tell()
    return time.perf_counter() - begun


def _microsecond_of_work() -> int:
    """How many numbers Python adds up in a microsecond, the call included."""
    length, units = 4, 5000
    while min(_loop_seconds(range(length), units) for _ in range(5)) < 1e-6 * units:
        length += 2
    return length
