"""What telling of progress costs those who work, against others, and against telling nothing.

    python -m benchmarks.progress.cost [EFFORT]

The figures are ratios, of what ran in turns in one run. EFFORT is how much is measured; 1 by
default, and takes some two minutes.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from statistics import median
from typing import NamedTuple

from benchmarks.progress.counters import COUNTERS, Counter
from benchmarks.progress.slowdown import loop_ratios, solver_ratios
from benchmarks.progress.timing import cores, in_turns, on_core, print_busyness
from tracking.embedded import EmbeddedRedis

THREADS = 4
_PATIENCE_SECONDS = 120.0


class Cost(NamedTuple):
    """What an update costs.

    Parameters
    ----------
    nanoseconds
        By the clock, the loop around it included; of several threads, over all their updates.
    lost
        Updates that readers do not see once all are told.
    """

    nanoseconds: float
    lost: int


def main(effort: float = 1.0) -> None:
    """Measure and print everything."""
    redis_core = cores()[1]
    redis = EmbeddedRedis()
    try:
        print_busyness("before")
        print_updates(redis.url, effort)
        with on_core(redis_core):  # what is started here stays there
            beside = EmbeddedRedis()
        try:
            print_solver(beside.url, effort)
            print_loop(beside.url, effort)
        finally:
            beside.close()
        print_busyness("after")
    finally:
        redis.close()


def print_updates(redis_url: str, effort: float, names: Sequence[str] = tuple(COUNTERS)) -> None:
    """Print what an update costs, one thread counting and several."""
    found = update_costs(redis_url, effort, names)
    one = found["tqdm, update", 1].nanoseconds
    many = found["tqdm, update", THREADS].nanoseconds
    print(f"{'one update':34} {'1 thread':>15} {'/ tqdm':>9}", end="")
    print(f" {f'{THREADS} threads':>15} {'/ tqdm':>9} {'lost':>6}")
    for name in names:
        alone, together = found[name, 1], found[name, THREADS]
        print(
            f"{name:34} {alone.nanoseconds:>12,.0f} ns {alone.nanoseconds / one:>9,.2f}"
            f" {together.nanoseconds:>12,.0f} ns {together.nanoseconds / many:>9,.2f}"
            f" {together.lost:>6,}"
        )


def update_costs(
    redis_url: str, effort: float, names: Sequence[str]
) -> dict[tuple[str, int], Cost]:
    """Measure the counters of these names, by name and number of threads; the medians."""
    repeats = max(1, round(11 * effort))
    costs: dict[tuple[str, int], Cost] = {}
    with ExitStack() as stack:
        counters = {name: stack.enter_context(COUNTERS[name](redis_url)) for name in names}
        told = dict.fromkeys(names, 0)
        for threads in (1, THREADS):
            took = in_turns(
                {
                    name: partial(seconds_an_update, counter, threads, effort)
                    for name, counter in counters.items()
                },
                repeats,
            )
            for name, counter in counters.items():
                told[name] += repeats * threads * (1 + updates_of(counter, effort))
                lost = told[name] - counter.counted()
                costs[name, threads] = Cost(1e9 * median(took[name]), lost)
    return costs


def updates_of(counter: Counter, effort: float) -> int:
    """How often each thread tells it of a unit, beyond the first time."""
    return max(2, round(counter.updates * min(1.0, effort)))


def seconds_an_update(counter: Counter, threads: int, effort: float) -> float:
    """Have several threads count at once; seconds by the clock, over all their updates."""
    updates = updates_of(counter, effort)
    ready = threading.Barrier(threads, timeout=_PATIENCE_SECONDS)

    def count(_: int) -> tuple[float, float]:
        with counter.hand() as advance:
            advance(1)  # connects
            ready.wait()
            begun = time.perf_counter()
            advance(updates)
            return begun, time.perf_counter()

    with ThreadPoolExecutor(threads) as pool:
        times = list(pool.map(count, range(threads)))
    seconds = max(ended for _, ended in times) - min(begun for begun, _ in times)
    return seconds / (threads * updates)


def print_solver(redis_url: str, effort: float) -> None:
    """Print how much slower the genetic search is when it is tracked."""
    moves = max(120_000, round(8_000_000 * min(1.0, effort)))
    by_clock, by_processor = solver_ratios(redis_url, moves, max(1, round(30 * effort)))
    print(f"the genetic search on one core, {moves:,} moves, time tracked / not tracked:")
    print(f"  {by_clock}  by the clock")
    print(f"  {by_processor}  of processor time, the publisher's included")


def print_loop(redis_url: str, effort: float) -> None:
    """Print how much slower a loop is whose units take a microsecond each."""
    print("a loop of Python with 1 us of work a unit, time told of each unit / told of none:")
    ratios = loop_ratios(redis_url, max(100, round(200_000 * effort)), max(1, round(21 * effort)))
    for name, ratio in ratios.items():
        print(f"  {ratio}  {name}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
