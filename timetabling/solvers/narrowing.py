"""Where the rules of a whole university clash: a few courses that a quick search points to."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

from timetabling.solvers.attempt import Attempt, attempt
from timetabling.solvers.cpsat_rules import Rule
from timetabling.solvers.judging import Asked, Judge

__all__ = ["Narrowing"]

SIZES = (6, 12, 24, 48, 96, 192)
"""Courses around one without a place, all that is asked of which is tried together."""
EFFORTS = (1, 2, 4)


class Narrowing:
    """Finds parts that clash, one after the other; what a search found is used up first."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._found: Attempt | None = None
        self._left: list[int] = []

    def clashing(self, asked: Asked, explained: Collection[int]) -> list[Rule] | None:
        """Rules that clash; None if no rules do; [] if unknown.

        Parameters
        ----------
        explained
            Courses of clashes that are relaxed: that these had no place is explained by them.
        """
        judge = self._judge
        counted = [rule for rule in asked.rules if rule.kind in ("lectures", "rooms")]
        if judge.clash(counted):
            return counted
        self._left = [c for c in self._left if c not in explained]
        for effort in EFFORTS:
            is_new = not self._left
            if is_new:
                self._found = attempt(
                    judge.problem, asked.rules, stop=judge.stop, seed=judge.seed + effort,
                    effort=effort,
                )  # fmt: skip
                self._left = list(self._found.missing)
                if not self._left:
                    return None
            while self._left and not judge.stop():
                part = self._grow(asked, self._left.pop(0))
                if part:
                    return part
            if judge.stop():
                break
            if is_new and self._found and self._found.can_be_completed(judge.stop, judge.seed):
                return None
        return []

    def _grow(self, asked: Asked, course: int) -> list[Rule]:
        """Rules of the courses near one that clash; [] if those of the many ones there do not."""
        assert self._found is not None  # noqa: S101 - a course that is left is one of it
        near = list(islice(self._found.near(course), SIZES[-1]))
        for size in SIZES:
            part = asked.of(near[:size])
            verdict = self._judge.clash(part)
            if verdict:
                return part
            if verdict is None or size >= len(near):
                break
        return []
