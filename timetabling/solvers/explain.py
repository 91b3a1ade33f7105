"""Why there is no timetable: the smallest sets of rules that clash, each proved to be one.

A clash is a minimal unsatisfiable set of rules, found by deletion: a rule is left out for good if
the others still clash without it, and stays if a timetable for the others is found. First whole
courses are left out, then what else is asked of those that are left, coarse pieces before fine
ones (Liffiton and Sakallah, "Algorithms for computing minimal unsatisfiable subsets of
constraints", Journal of Automated Reasoning 40 (2008), section 3). CP-SAT's own core of assumptions
only says where to begin: it may hold too much.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from timetabling.penalties import Formulation
from timetabling.problem import Problem
from timetabling.search import Observer, Stop
from timetabling.solvers.cpsat_rules import Rule, every_rule, try_rules

__all__ = ["Clash", "Explanation", "explain", "relax"]

WHOLE_WORK = 60.0
"""Deterministic seconds for all rules of an instance at once, and for a part of them."""
PART_WORK = 5.0
ORDERS = 4
ORDERS_SHARE = 0.15
"""How often a clash is looked for in another order, for a smaller one, and of what is left of the
budget when the first is found."""
MOST_ORDERED = 30
"""A clash of more courses than that is one of numbers: another order finds as many."""
MAX_CLASHES = 10
HINT_WORK = 1.0

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


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of an instance.

    Parameters
    ----------
    is_solvable
        None if the budget was spent before that was known.
    clashes
        Independent ones: each but the first was found with those before it relaxed, see `relax`.
    is_complete
        Whether, with these clashes relaxed, there is a timetable: no other one is independent.
    """

    is_solvable: bool | None
    clashes: tuple[Clash, ...] = ()
    is_complete: bool = False


def explain(
    problem: Problem, *, formulation: Formulation, stop: Stop, seed: int, observer: Observer
) -> Explanation:
    """Find out whether an instance has a timetable that keeps all hard rules, and if not, why.

    Parameters
    ----------
    stop
        The budget; what was found until then is given.
    observer
        Told of each clash, and of smaller ones.
    """
    judge = _Judge(problem, stop, seed)
    rules = every_rule(problem, formulation)
    clashes: list[Clash] = []
    while len(clashes) < MAX_CLASHES and not stop():
        begin = _overfull(judge, rules) or _clashing(judge, rules)
        if begin is None:
            return Explanation(not clashes, tuple(clashes), is_complete=True)
        if not begin:
            break
        clash = _smallest(judge, begin, observer)
        clashes.append(clash)
        observer.update(f"Clash {len(clashes)}: {len(clash.rules)} rules", clashes=len(clashes))
        rules = relax(rules, clash)
    return Explanation(False if clashes else None, tuple(clashes))


def relax(rules: Iterable[Rule], clash: Clash) -> list[Rule]:
    """Leave out of some rules what makes a clash, but go on asking for its lectures if possible.

    They may take part in others, with rooms above all.
    """
    kinds = {rule.kind for rule in clash.rules}
    stays: set[str] = {"lectures", "rooms"}
    if kinds <= stays:
        stays = {"lectures"} if "rooms" in kinds else set()
    left_out = {rule for rule in clash.rules if rule.kind not in stays}
    return [rule for rule in rules if rule not in left_out]


class _Judge:
    """Whether sets of rules clash, within what is left of the budget; it asks nothing twice."""

    def __init__(self, problem: Problem, stop: Stop, seed: int) -> None:
        self.problem, self.stop, self.seed = problem, stop, seed
        self._known: dict[frozenset[Rule], bool | None] = {}

    def clash(self, rules: Collection[Rule], work: float = PART_WORK) -> bool | None:
        """Whether they clash; None if nobody knows."""
        asked = frozenset(_relevant(self.problem, rules))
        if asked not in self._known and not self.stop():
            answer = try_rules(self.problem, asked_in_order(asked), stop=self.stop,
                               seed=self.seed, work=work)  # fmt: skip
            found = None if answer.is_possible is None else not answer.is_possible
            if found is None and self.stop():
                return None
            self._known[asked] = found
        return self._known.get(asked)


def asked_in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Sorted, so that the same rules make the same model."""
    return sorted(rules, key=lambda rule: (KINDS.index(rule.kind), rule.of))


KINDS = ("lectures", "teacher", "curriculum", "unavailable", "pin", "suitability", "rooms")


def _relevant(problem: Problem, rules: Iterable[Rule]) -> Iterator[Rule]:
    """Leave out what asks for nothing of the courses whose lectures are asked for."""
    every = set(rules)
    here = {rule.of[0] for rule in every if rule.kind == "lectures"}
    teachers: defaultdict[str, int] = defaultdict(int)
    for c in here:
        teachers[problem.courses[c].teacher] += 1
    for rule in every:
        if rule.kind in ("unavailable", "pin", "suitability"):
            is_relevant = rule.of[0] in here
        elif rule.kind == "teacher":
            is_relevant = teachers[rule.of[0]] > 1
        elif rule.kind == "curriculum":
            is_relevant = len(here.intersection(problem.curricula[rule.of[0]].courses)) > 1
        else:
            is_relevant = True
        if is_relevant:
            yield rule


def _overfull(judge: _Judge, rules: Sequence[Rule]) -> list[Rule] | None:
    """A teacher's or a curriculum's courses that cannot be held by themselves, if there are any."""
    problem = judge.problem
    asked = {rule.of[0] for rule in rules if rule.kind == "lectures"}
    closed = {rule.of for rule in rules if rule.kind == "unavailable"}
    own = [rule for rule in rules if rule.kind in ("unavailable", "pin", "suitability")]
    for rule in rules:
        if rule.kind not in ("teacher", "curriculum"):
            continue
        group = _members(problem, rule) & asked
        wanted = sum(problem.courses[c].num_lectures for c in group)
        shared = [p for p in range(problem.num_periods) if any((c, p) not in closed for c in group)]
        # Near the limit only: others are left for the whole model.
        if wanted > 0.8 * len(shared):
            part = [rule, *(Rule("lectures", (c,)) for c in sorted(group))]
            part += [x for x in own if x.of[0] in group]
            if judge.clash(part):
                return part
    return None


def _members(problem: Problem, rule: Rule) -> set[int]:
    if rule.kind == "curriculum":
        return set(problem.curricula[rule.of[0]].courses)
    return {c for c, course in enumerate(problem.courses) if course.teacher == rule.of[0]}


def _clashing(judge: _Judge, rules: Sequence[Rule]) -> list[Rule] | None:
    """All rules that matter to some courses and clash; None if no rules do; [] if unknown."""
    verdict = judge.clash(rules, WHOLE_WORK)
    if verdict is None:
        return []
    if not verdict:
        return None
    answer = try_rules(
        judge.problem, rules, stop=judge.stop, seed=judge.seed, work=HINT_WORK, says_whose=True
    )
    others = [rule for rule in rules if rule.kind != "lectures"]
    core = [*(Rule("lectures", (c,)) for c in sorted(answer.courses)), *others]
    return core if answer.courses and judge.clash(core) else list(rules)


def _smallest(judge: _Judge, rules: Sequence[Rule], observer: Observer) -> Clash:
    """Shrink a clash in several orders, and keep the smallest."""
    best = _shrink(judge, rules, random.Random(judge.seed))  # noqa: S311
    if sum(rule.kind == "lectures" for rule in best.rules) > MOST_ORDERED:
        return best
    until = 1 - (1 - judge.stop.fraction()) * (1 - ORDERS_SHARE)
    for order in range(1, ORDERS):
        if judge.stop.fraction() >= until:
            break
        rng = random.Random(judge.seed + order)  # noqa: S311
        found = _shrink(judge, rules, rng)
        if (not found.is_minimal, len(found.rules)) < (not best.is_minimal, len(best.rules)):
            best = found
            observer.update(f"A smaller one: {len(best.rules)} rules")
    return best


def _shrink(judge: _Judge, rules: Sequence[Rule], rng: random.Random) -> Clash:
    """Leave out kinds of rules, then courses, then what is asked of each, then single rules.

    Kinds first: where rooms are too few, a timetable for all courses but one is hard to find, and
    easy as soon as nothing is asked for but rooms.
    """
    kept = asked_in_order(_relevant(judge.problem, rules))
    kept, _ = _delete(judge, kept, _by_kind(kept), rng)
    kept, _ = _delete(judge, kept, _by_rule(kept, "lectures"), rng)
    kept = asked_in_order(_relevant(judge.problem, kept))
    kept, _ = _delete(judge, kept, _by_course(kept), rng)
    kept, is_minimal = _delete(judge, kept, _by_rule(kept), rng)
    return Clash(tuple(asked_in_order(kept)), is_minimal)


def _by_kind(rules: Iterable[Rule]) -> Pieces:
    pieces: defaultdict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.kind != "lectures":
            pieces[rule.kind].append(rule)
    return [tuple(piece) for piece in pieces.values()]


def _by_rule(rules: Iterable[Rule], *kinds: str) -> Pieces:
    return [(rule,) for rule in rules if not kinds or rule.kind in kinds]


def _by_course(rules: Iterable[Rule]) -> Pieces:
    """Unavailable periods and pins of a course together; courses themselves are not left out."""
    pieces: defaultdict[tuple[str, object], list[Rule]] = defaultdict(list)
    for rule in rules:
        if rule.kind != "lectures":
            pieces[rule.kind, rule.of[:1]].append(rule)
    return [tuple(piece) for piece in pieces.values()]


def _delete(
    judge: _Judge, rules: Sequence[Rule], pieces: Pieces, rng: random.Random
) -> tuple[list[Rule], bool]:
    """Leave out as many pieces as can be, many at a time at first.

    Also gives whether each piece that stays is known to be needed.
    """
    kept = dict.fromkeys(rules)
    left = list(pieces)
    rng.shuffle(left)
    at_a_time = max(1, len(left) // 2)
    is_known = True
    while left:
        needed = []
        is_known = True
        for i in range(0, len(left), at_a_time):
            chunk = left[i : i + at_a_time]
            without = set().union(*chunk)
            verdict = judge.clash([rule for rule in kept if rule not in without])
            if verdict:
                kept = {rule: None for rule in kept if rule not in without}
            else:
                needed += chunk
                is_known = is_known and verdict is False
        left = needed
        if at_a_time == 1:
            break
        at_a_time = max(1, at_a_time // 2)
    return list(kept), is_known
