"""What the benchmarks of progress share: turns, medians, one core, and how busy the machine is."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median, quantiles
from typing import NamedTuple, TypeVar

__all__ = ["Spread", "cores", "in_turns", "on_core", "print_busyness", "spread_of_ratios"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Spread(NamedTuple):
    """The middle of several measurements, and the half of them around it."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        """As a factor, such as ``1.002 (0.998 to 1.006)``."""
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


def in_turns(measures: Mapping[K, Callable[[], V]], repeats: int) -> dict[K, list[V]]:
    """Measure each in turn, again and again, so that a busy spell meets all of them.

    Every other round goes backward: none always comes after the same other one.
    """
    found: dict[K, list[V]] = {name: [] for name in measures}
    for number in range(repeats):
        for name in measures if number % 2 == 0 else reversed(list(measures)):
            found[name].append(measures[name]())
    return found


def spread_of_ratios(values: list[float], others: list[float]) -> Spread:
    """Each value over the other of the same round: the quartiles."""
    ratios = [value / other for value, other in zip(values, others, strict=True)]
    if len(ratios) == 1:
        return Spread(ratios[0], ratios[0], ratios[0])
    low, _, high = quantiles(ratios, n=4, method="inclusive")
    return Spread(low, median(ratios), high)


def cores() -> tuple[int, int]:
    """Two cores that this process may use; the same one twice where there is one only."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[-1]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this thread, and those that it starts, on one core for as long as the block lasts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def print_busyness(when: str) -> None:
    """Say how many processes wanted a core, ours among them, in the last minute and five."""
    minute, five, _ = os.getloadavg()
    print(f"load {when}: {minute:.2f} ({five:.2f} over 5 min) on {os.cpu_count()} cores")
