"""What it costs that Prefect runs the stages: the flow, and the same engines called directly.

    python -m benchmarks.speed.orchestration [--work-limit UNITS] [--rounds ROUNDS]

Both do the same work, in turns, in this process, and find the same timetable; a Prefect server
and a Redis run beside it, started before. What the flow takes longer grows with its tasks, not
with the work: it is also given as a share of a run of 120 s. The server is the one that `horarium
generate` starts, or that `PREFECT_API_URL` names.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from prefect import Task
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_HOME, temporary_settings
from prefect.states import Completed
from prefect.utilities.annotations import BaseAnnotation

from flows import improving, making, placing
from flows.brief import Brief
from flows.budgets import SHARES
from flows.server import prefect_server
from flows.settings import Settings
from flows.timetable import timetable
from flows.warmup import compile_kernels
from tasks.budget import Budget
from tasks.organise import organise
from timetabling.formats import read_problem
from timetabling.formats.ectt import write as write_ectt
from timetabling.formats.solution import write_solution
from timetabling.generator import generate
from timetabling.penalties import formulation
from timetabling.problem import Timetable
from tracking.embedded import embedded_redis

COURSES = 1_000
COURSES_A_CLUSTER = (50, 5)
RUN_SECONDS = 120
TASKS = (
    (placing, ("bound", "solve_cluster", "merge", "place_missing")),
    (improving, ("evolve", "refine")),
)


@dataclass(frozen=True)
class Called:
    """What a task gives, once it is called in a thread."""

    future: Future[Any]
    state: State[Any] = Completed()  # noqa: RUF009 - nobody changes it

    def result(self) -> Any:
        return self.future.result()

    def add_done_callback(self, call: Callable[[Any], None]) -> None:
        self.future.add_done_callback(call)


class Direct:
    """Stands where a task does, and calls its function."""

    def __init__(self, task: Task[..., Any], threads: ThreadPoolExecutor) -> None:
        self._function, self._threads = task.fn, threads

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._function(*map(bare, arguments), **{k: bare(v) for k, v in named.items()})

    def submit(self, *arguments: Any, **named: Any) -> Called:
        return Called(self._threads.submit(self, *arguments, **named))

    def map(self, *lists: list[Any], **named: Any) -> list[Called]:
        return [self.submit(*each, **named) for each in zip(*lists, strict=True)]


def bare(value: Any) -> Any:
    """A value without what Prefect is told about it."""
    while isinstance(value, BaseAnnotation):
        value = value.unwrap()
    return value


@contextmanager
def without_prefect() -> Iterator[None]:
    """Have the stages call their engines in as many threads as the flow has."""
    with ThreadPoolExecutor(Settings().threads_of_tasks) as threads, ExitStack() as stack:
        for module, names in TASKS:
            for name in names:
                stand_in = Direct(getattr(module, name), threads)
                stack.enter_context(patch.object(module, name, stand_in))
        yield


def run_directly(instance: Path, output: Path, work: int, courses_a_cluster: int) -> int:
    """Make a timetable; gives the number of clusters."""
    rules, problem = formulation("UD2"), read_problem(instance)
    budget = Budget("direct", time.time(), RUN_SECONDS, work, SHARES)
    clustering = organise.fn(problem, max_courses=courses_a_cluster, seed=0)
    brief = Brief(rules, budget, Settings(), 0, None)
    with without_prefect():
        best, bounding = placing.place_clusters(Timetable(problem), clustering, brief)
        best, _ = improving.improve(best, bounding, brief)
    write_solution(best, output)
    return len(clustering.clusters)


def main() -> None:
    """Measure, and print a line for each number of clusters."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work-limit", type=int, default=40_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    for name in ("prefect", "tracking"):  # what is called directly has no run to report to
        logging.getLogger(name).setLevel(logging.ERROR)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(temporary_settings({PREFECT_HOME: folder / "prefect"}))
        wait = stack.enter_context(prefect_server())
        wait()
        url = stack.enter_context(embedded_redis())
        stack.enter_context(patch.dict("os.environ", {"HORARIUM_REDIS_URL": url}))
        compile_kernels(lambda _: None)
        instance = folder / "university.ectt"
        write_ectt(generate(COURSES, seed=1).problem, instance)
        outputs = [folder / "direct.sol", folder / "flow.sol"]
        for size in COURSES_A_CLUSTER:
            stack.enter_context(patch.object(making, "MAX_COURSES_PER_CLUSTER", size))
            longer, took = [], []
            for _ in range(asked.rounds):
                began = time.monotonic()
                clusters = run_directly(instance, outputs[0], asked.work_limit, size)
                between = time.monotonic()
                timetable(instance=instance, output=outputs[1], work_limit=asked.work_limit)
                ended = time.monotonic()
                if outputs[0].read_text() != outputs[1].read_text():
                    raise RuntimeError("expected the same timetable from both, got two")
                took.append(between - began)
                longer.append(ended - between - took[-1])
            print(
                f"{clusters} clusters: directly {median(took):.1f} s, "
                f"by the flow {median(longer):.1f} s longer "
                f"({', '.join(f'{each:.1f}' for each in longer)}), "
                f"{100 * median(longer) / RUN_SECONDS:.1f} % of {RUN_SECONDS} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
