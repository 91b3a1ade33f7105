"""Rules that clash, made as few as possible.

A minimal unsatisfiable set is found by deletion: a rule is left out for good if the others still
clash without it, and stays if a timetable for the others is found. First whole courses are left
out, then what else is asked of those that are left, coarse pieces before fine ones (Liffiton and
Sakallah, "Algorithms for computing minimal unsatisfiable subsets of constraints", Journal of
Automated Reasoning 40 (2008), section 3).
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass

from timetabling.search import Observer
from timetabling.solvers.cpsat_rules import Rule
from timetabling.solvers.judging import Judge, asked_in_order, asked_of_rooms, relevant

__all__ = ["Clash", "smallest"]

ORDERS = 4
ORDERS_SHARE = 0.15
"""How often a clash is looked for in another order, for a smaller one, and of what is left of the
budget when the first is found."""
MOST_ORDERED = 30
"""A clash of more courses than that is one of numbers: another order finds as many."""

Pieces = Sequence[tuple[Rule, ...]]


@dataclass(frozen=True, slots=True)
class Clash:
    """Rules that cannot all hold.

    Parameters
    ----------
    rules
        In the order of their kinds.
    is_minimal
        Whether a timetable was found for what remains without each one of them.
    """

    rules: tuple[Rule, ...]
    is_minimal: bool

    @property
    def courses(self) -> tuple[int, ...]:
        """Whose lectures take part."""
        return tuple(rule.of[0] for rule in self.rules if rule.kind == "lectures")


def smallest(judge: Judge, rules: Sequence[Rule], observer: Observer) -> Clash:
    """Shrink rules that clash in several orders, keep the smallest, and then only single rooms."""
    best = _Shrinking(judge, rules, judge.seed)
    until = 1 - (1 - judge.stop.fraction()) * (1 - ORDERS_SHARE)
    for order in range(1, ORDERS if len(best.clash().courses) <= MOST_ORDERED else 1):
        if judge.stop.fraction() >= until:
            break
        found = _Shrinking(judge, rules, judge.seed + order)
        if (not found.is_minimal, len(found.pieces)) < (not best.is_minimal, len(best.pieces)):
            best = found
            observer.update(f"A smaller one: {len(best.pieces)} rules")
    best.keep_single_rooms()
    return best.clash()


class _Shrinking:
    """Leaves out kinds of rules, then courses, then what is asked of each, then single rules.

    Kinds first: where rooms are too few, a timetable for all courses but one is hard to find, and
    easy as soon as nothing is asked for but rooms. All rooms that do not suit a course are one.
    """

    def __init__(self, judge: Judge, rules: Sequence[Rule], seed: int) -> None:
        self._judge = judge
        self._rng = random.Random(seed)  # noqa: S311
        self._needed: set[tuple[Rule, ...]] = set()
        """Those are needed by all that is left of the rules as well."""
        self._kept = dict.fromkeys(asked_in_order(relevant(judge.problem, rules)))
        self._delete(_together(self._but_lectures()))
        self._delete(_together((x for x in self._kept if x.kind == "lectures"), lambda x: x.of))
        self._kept = dict.fromkeys(asked_in_order(relevant(judge.problem, self._kept)))
        # Unavailable periods and pins of a course together; courses themselves are not left out.
        self._delete(_together(self._but_lectures(), lambda x: x.of[:1]))
        self._delete(self._fine())
        self.pieces = self._fine()
        self.is_minimal = self._needed.issuperset(self.pieces)

    def clash(self) -> Clash:
        """What is left."""
        return Clash(tuple(asked_in_order(self._kept)), self.is_minimal)

    def keep_single_rooms(self) -> None:
        """Leave out rooms that might as well suit a course.

        Rooms of which the rules ask the same can change names. So if one such room has to be
        unsuitable for a course, then each one has to, and is not tried.
        """
        alike = asked_of_rooms(self._kept)
        self._delete(_together(self._rows(), lambda x: (x.of[0], alike[x.of[1]])))
        left = self._rows()
        while left:
            alike = asked_of_rooms(self._kept)
            row = left.pop(0)
            if self._judge.stop():
                self.is_minimal = False
                break
            verdict = self._clash_without({row})
            if verdict:
                del self._kept[row]
                continue
            self.is_minimal = self.is_minimal and verdict is False
            here = row.of[0], alike[row.of[1]]
            left = [other for other in left if (other.of[0], alike[other.of[1]]) != here]

    def _but_lectures(self) -> list[Rule]:
        return [rule for rule in self._kept if rule.kind != "lectures"]

    def _rows(self) -> list[Rule]:
        return [rule for rule in self._kept if rule.kind == "suitability"]

    def _fine(self) -> Pieces:
        return _together(self._kept, lambda x: x.of[:1] if x.kind == "suitability" else x.of)

    def _clash_without(self, rules: Collection[Rule]) -> bool | None:
        return self._judge.clash([rule for rule in self._kept if rule not in rules])

    def _delete(self, pieces: Pieces) -> None:
        """Leave out as many pieces as can be, many at a time at first."""
        left = [piece for piece in pieces if piece not in self._needed]
        self._rng.shuffle(left)
        at_a_time = max(1, len(left) // 2)
        while left and at_a_time and not self._judge.stop():
            stays = []
            for i in range(0, len(left), at_a_time):
                chunk = left[i : i + at_a_time]
                without = set().union(*chunk)
                verdict = None if self._judge.stop() else self._clash_without(without)
                if verdict:
                    self._kept = {rule: None for rule in self._kept if rule not in without}
                else:
                    stays += chunk
                    if verdict is False and len(chunk) == 1:
                        self._needed.add(chunk[0])
            left = [piece for piece in stays if piece not in self._needed]
            at_a_time //= 2


def _together(
    rules: Iterable[Rule], of: Callable[[Rule], Hashable] = lambda _: None
) -> list[tuple[Rule, ...]]:
    """Rules of one kind that are of the same."""
    pieces: defaultdict[tuple[str, Hashable], list[Rule]] = defaultdict(list)
    for rule in rules:
        pieces[rule.kind, of(rule)].append(rule)
    return [tuple(piece) for piece in pieces.values()]
