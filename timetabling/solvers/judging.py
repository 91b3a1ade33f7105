"""Whether some of the rules of an instance clash: each question is answered once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence

from timetabling.problem import Problem
from timetabling.search import Stop
from timetabling.solvers.cpsat_rules import Rule, try_rules

__all__ = [
    "LARGE",
    "PART_WORK",
    "WHOLE_WORK",
    "Asked",
    "Judge",
    "asked_in_order",
    "asked_of_rooms",
    "relevant",
]

LARGE = 600
"""More lectures make an instance too large to be tried as a whole: see `narrowing`."""
WHOLE_WORK = 60.0
"""Deterministic seconds for all rules of an instance at once, and for a part of them."""
PART_WORK = 5.0

KINDS = ("lectures", "teacher", "curriculum", "unavailable", "pin", "suitability", "rooms")


class Judge:
    """Whether sets of rules clash, within what is left of the budget; it asks nothing twice."""

    def __init__(self, problem: Problem, stop: Stop, seed: int) -> None:
        self.problem, self.stop, self.seed = problem, stop, seed
        self._known: dict[Hashable, bool | None] = {}

    def clash(self, rules: Collection[Rule], work: float = PART_WORK) -> bool | None:
        """Whether they clash; None if nobody knows."""
        asked = set(relevant(self.problem, rules))
        if all(rule.kind in ("lectures", "rooms") for rule in asked):
            return self._is_too_much(asked)
        key = _alike(asked)
        if key not in self._known and not self.stop():
            answer = try_rules(self.problem, asked_in_order(asked), stop=self.stop,
                               seed=self.seed, work=work)  # fmt: skip
            found = None if answer.is_possible is None else not answer.is_possible
            if found is None and self.stop():
                return None
            self._known[key] = found
        return self._known.get(key)

    def _is_too_much(self, rules: Collection[Rule]) -> bool:
        """Whether lectures do not fit into rooms that all suit: only their numbers matter.

        If no course has more lectures than there are periods, and all together no more than there
        are places, they fit: course after course takes the next places, period by period and
        then the next room (McNaughton's wrap-around rule, Management Science 6 (1959)).
        """
        problem = self.problem
        wanted = [problem.courses[x.of[0]].num_lectures for x in rules if x.kind == "lectures"]
        most = problem.num_periods
        places = most * len(problem.rooms)
        return max(wanted, default=0) > most or (Rule("rooms") in rules and sum(wanted) > places)


def _alike(rules: Iterable[Rule]) -> Hashable:
    """What sets of rules have in common that differ in nothing but which room is called what."""
    every = list(rules)
    others = frozenset(rule for rule in every if not _is_of_room(rule))
    return others, frozenset(Counter(asked_of_rooms(every).values()).items())


def asked_of_rooms(rules: Iterable[Rule]) -> dict[int, frozenset[tuple[object, ...]]]:
    """What is asked of each room that anything is asked of."""
    asked: defaultdict[int, set[tuple[object, ...]]] = defaultdict(set)
    for rule in filter(_is_of_room, rules):
        asked[rule.of[-1]].add((rule.kind, *rule.of[:-1]))
    return {room: frozenset(what) for room, what in asked.items()}


def _is_of_room(rule: Rule) -> bool:
    return rule.kind == "suitability" or (rule.kind == "pin" and rule.of[-1] >= 0)


class Asked:
    """Rules, by what they ask it of."""

    def __init__(self, problem: Problem, rules: Sequence[Rule]) -> None:
        self.rules = rules
        self.groups: dict[Rule, list[int]] = {}
        """The courses of each teacher's and curriculum's rule, of those whose lectures are asked
        for."""
        self._own: defaultdict[int, list[Rule]] = defaultdict(list)
        self._of_course: defaultdict[int, list[Rule]] = defaultdict(list)
        taught: defaultdict[str, list[int]] = defaultdict(list)
        for c, course in enumerate(problem.courses):
            taught[course.teacher].append(c)
        held = {rule.of[0] for rule in rules if rule.kind == "lectures"}
        self._has_rooms = False
        for rule in rules:
            if rule.kind in ("teacher", "curriculum"):
                of = rule.of[0]
                every = taught[of] if rule.kind == "teacher" else problem.curricula[of].courses
                self.groups[rule] = [c for c in every if c in held]
                for c in self.groups[rule]:
                    self._of_course[c].append(rule)
            elif rule.kind == "rooms":
                self._has_rooms = True
            else:
                self._own[rule.of[0]].append(rule)

    def own(self, courses: Iterable[int]) -> list[Rule]:
        """What is asked of each of some courses alone."""
        return [rule for c in courses for rule in self._own[c]]

    def of(self, courses: Collection[int]) -> list[Rule]:
        """All that is asked of some courses."""
        shared = dict.fromkeys(rule for c in courses for rule in self._of_course[c])
        return [*self.own(courses), *shared, *([Rule("rooms")] if self._has_rooms else [])]


def asked_in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Sorted, so that the same rules make the same model."""
    return sorted(rules, key=lambda rule: (KINDS.index(rule.kind), rule.of))


def relevant(problem: Problem, rules: Iterable[Rule]) -> Iterator[Rule]:
    """Leave out what asks for nothing of the courses whose lectures are asked for."""
    every = set(rules)
    here = {rule.of[0] for rule in every if rule.kind == "lectures"}
    teachers = Counter(problem.courses[c].teacher for c in here)
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
