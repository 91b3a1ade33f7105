"""Populations that live apart and send each other settlers, between two spans of their searches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from timetabling.solvers.individuals import Search

__all__ = ["settle"]


def settle(islands: Sequence[Search]) -> list[Search]:
    """Let copies of the best island's individuals take the place of the worst's.

    They go ways of their own there: the random numbers are the island's. Which is best is seen by
    where the populations are now, and not by the best that they have met: that was luck, as long as
    it is hot.
    """
    settled = list(islands)
    order = sorted(range(len(islands)), key=lambda i: sum(islands[i].energies))
    best, worst = islands[order[0]], islands[order[-1]]
    if best is not worst and best.energies and worst.energies:
        settlers = zip(best.individuals, worst.individuals, strict=True)
        settled[order[-1]] = replace(
            worst,
            individuals=tuple(x._replace(random=native.random) for x, native in settlers),
            best=min(best.best, worst.best, key=lambda seen: tuple(seen.total)),
            energies=best.energies,
        )
    return settled
