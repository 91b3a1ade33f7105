"""Courses of which no two may ever meet: groups that go beyond one teacher or curriculum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations

from timetabling.check.openings import Openings
from timetabling.check.words import periods_of

__all__ = ["cliques", "reasons"]


def cliques(week: Openings, groups: Iterable[Iterable[int]]) -> Iterator[tuple[int, ...]]:
    """Grow groups, and each single course, until every other course may meet one of the members.

    What is taken in next leaves the fewest periods over for all of them together: the way to a
    group that does not fit. The largest of all would take long to find, and need not be it.
    """
    clashes = [_mask(others) for others in week.clashes]
    seeds = {_mask(courses) for courses in groups} | {1 << c for c in range(len(clashes))}
    found = set()
    for seed in sorted(seeds):
        grown = _grow(week, clashes, seed)
        if grown not in found:
            found.add(grown)
            yield tuple(periods_of(grown))


def reasons(week: Openings, courses: Iterable[int]) -> tuple[list[str], list[str], list[str]]:
    """Teachers, curricula and rooms that keep every two of these courses apart, as few as seen."""
    problem = week.problem
    members = set(courses)
    groups: dict[tuple[int, str], set[int]] = {}
    for c in sorted(members):
        groups.setdefault((0, problem.courses[c].teacher), set()).add(c)
        if week.rooms[c].bit_count() == 1:
            room = problem.rooms[week.rooms[c].bit_length() - 1]
            groups.setdefault((2, room.id), set()).add(c)
    for curriculum in problem.curricula:
        inside = members.intersection(curriculum.courses)
        if len(inside) > 1:
            groups[1, curriculum.id] = inside
    apart = set(combinations(sorted(members), 2))
    chosen: tuple[list[str], list[str], list[str]] = ([], [], [])
    while apart:
        covers = {
            key: sum(pair[0] in inside and pair[1] in inside for pair in apart)
            for key, inside in groups.items()
        }
        kind, name = max(covers, key=lambda key: (covers[key], -key[0]))
        inside = groups[kind, name]
        apart = {pair for pair in apart if not (pair[0] in inside and pair[1] in inside)}
        chosen[kind].append(name)
    return chosen


def _grow(week: Openings, clashes: list[int], seed: int) -> int:
    members, common, used = seed, -1, 0
    for c in periods_of(seed):
        common &= clashes[c]
        used |= week.free[c]
    while common := common & ~members:
        best, most = 0, (-(10**9), 0)
        for c in periods_of(common):
            gain = (week.left[c] - (week.free[c] & ~used).bit_count(), week.left[c])
            if gain > most:
                best, most = c, gain
        members |= 1 << best
        used |= week.free[best]
        common &= clashes[best]
    return members


def _mask(courses: Iterable[int]) -> int:
    mask = 0
    for c in courses:
        mask |= 1 << c
    return mask
