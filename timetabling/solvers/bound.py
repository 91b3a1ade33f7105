"""A cost that no feasible timetable stays below.

Costs that share nothing are bounded apart and added, as in Hao and Benlic, "Lower bounds for the
ITC-2007 curriculum-based course timetabling problem", European Journal of Operational Research
212 (2011): rooms from time, as in Cacchiani, Caprara, Roberti and Toth, "A new lower bound for
curriculum-based course timetabling", Computers and Operations Research 40 (2013); and in time one
group of curricula from another. A group is a smaller problem, without what costs nothing in it:
every feasible timetable, cut down to the group's courses, is feasible there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from timetabling.least_costs import (
    curriculum_cost,
    days_missing,
    fitting_room_cost,
    seat_cost,
    seats_missing,
    undesired_lectures,
)
from timetabling.penalties import Formulation, weight_of, weights_of
from timetabling.problem import Problem
from timetabling.search import Observer, Stop
from timetabling.solvers.cpsat_bound import fits, least_cost, least_room_cost

__all__ = ["lower_bound"]

ROOM_RULES = frozenset({"room_capacity", "room_suitability", "room_stability", "travel_distance"})
ROOM_SHARE = 0.1
"""Of the budget, for the rooms."""
WHOLE_SHARE = 0.35
"""Of what is left then, for all curricula at once: often that is enough."""
GROUP_SHARE = 0.1
"""Of what is left, at each time, for a group of curricula."""
FIRST_ROUNDS = 2
"""Times that curricula are put together in pairs before the first groups are bounded: single
curricula and pairs of them took a second on comp05 for 24 of 77 points."""


def lower_bound(
    problem: Problem, *, formulation: Formulation, stop: Stop, seed: int, observer: Observer
) -> int:
    """Bound the cost of every timetable with all lectures placed and no hard rule broken.

    Parameters
    ----------
    problem, formulation
        What is to be solved, by which rules.
    stop
        The budget; what is proven until then counts. One counted in work gives the same bound
        for the same seed.
    seed
        Of the random choices within CP-SAT.
    observer
        Told of each better bound, as the figure ``bound``.

    Returns
    -------
    int
        At least 0. Where no timetable is feasible it means nothing.
    """
    found = _Found(observer)
    groups = _all_groups(problem, formulation)
    found.raise_times(sum(group.bound for group in groups))
    found.raise_rooms(_cheapest_rooms(problem, formulation))
    found.raise_rooms(least_room_cost(problem, formulation, stop, seed, ROOM_SHARE))

    def improve(group: _Group, others: int, share: float) -> _Group:
        if stop() or not any(problem.courses[c].num_lectures for c in group.courses):
            return group
        smaller, rules = _restrict(problem, formulation, group)
        if not fits(smaller):
            return group

        def tell(bound: int) -> None:
            found.raise_times(others + bound)

        bound, proven = least_cost(smaller, rules, stop, seed, share, tell)
        tell(bound)
        return replace(group, bound=max(group.bound, bound), is_proven=proven)

    whole = improve(_join(groups), 0, WHOLE_SHARE)
    for _ in range(FIRST_ROUNDS):
        groups = _pair(groups)
    while not (whole.is_proven or stop()):
        for i, group in enumerate(groups):
            if not group.is_proven and not stop():
                others = sum(other.bound for other in groups) - group.bound
                share = max(GROUP_SHARE, 1 / sum(not x.is_proven for x in groups[i:]))
                groups[i] = improve(group, others, share)
        fewer = _pair(groups)
        if len(fewer) == len(groups):
            break
        groups = fewer
    return found.bound


class _Found:
    """The best bound so far: of rooms and of times apart, since their costs share nothing."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._rooms = self._times = 0
        self._tell()

    @property
    def bound(self) -> int:
        return self._rooms + self._times

    def raise_rooms(self, bound: int) -> None:
        self._raise(bound, self._times)

    def raise_times(self, bound: int) -> None:
        self._raise(self._rooms, bound)

    def _raise(self, rooms: int, times: int) -> None:
        before = self.bound
        self._rooms, self._times = max(self._rooms, rooms), max(self._times, times)
        if self.bound > before:
            self._tell()

    def _tell(self) -> None:
        self._observer.update(f"No timetable costs less than {self.bound}", bound=self.bound)


@dataclass(frozen=True, slots=True)
class _Group:
    """Some curricula with all their courses, and the courses whose own costs count here."""

    curricula: tuple[int, ...]
    courses: frozenset[int]
    own: frozenset[int]
    bound: int
    is_proven: bool = False


def _all_groups(problem: Problem, rules: Formulation) -> list[_Group]:
    """A group a curriculum, and one a course that is in none; every cost is in one of them."""
    courses = range(len(problem.courses))
    own: dict[int, set[int]] = defaultdict(set)
    by_size = sorted(
        range(len(problem.curricula)), key=lambda q: (-len(problem.curricula[q].courses), q)
    )
    owned: set[int] = set()
    for q in by_size:
        own[q] = set(problem.curricula[q].courses) - owned
        owned |= own[q]
    a_day = weights_of(problem, rules, "min_working_days")
    own_costs = [a_day[c] * days_missing(problem, c) for c in courses]
    for c, (lectures_there, _) in undesired_lectures(problem).items():
        own_costs[c] += lectures_there * weight_of(problem, rules, "undesired_times", c)
    lectures = [
        sum(problem.courses[c].num_lectures for c in curriculum.courses)
        for curriculum in problem.curricula
    ]
    groups = [
        _Group(
            (q,),
            frozenset(problem.curricula[q].courses),
            frozenset(own[q]),
            sum(own_costs[c] for c in own[q]) + curriculum_cost(problem, rules, lectures[q]),
        )
        for q in by_size
    ]
    alone = [
        _Group((), frozenset({c}), frozenset({c}), own_costs[c]) for c in courses if c not in owned
    ]
    return groups + alone


def _join(groups: Iterable[_Group]) -> _Group:
    every = list(groups)
    return _Group(
        tuple(q for group in every for q in group.curricula),
        frozenset().union(*(group.courses for group in every)),
        frozenset().union(*(group.own for group in every)),
        sum(group.bound for group in every),
    )


def _pair(groups: list[_Group]) -> list[_Group]:
    """Join each group, small ones first, with the one it shares most of its courses with."""
    order = sorted(groups, key=lambda group: (len(group.courses), group.curricula))
    holding: dict[int, list[int]] = defaultdict(list)
    for i, group in enumerate(order):
        for c in group.courses:
            holding[c].append(i)
    taken: set[int] = set()
    paired = []
    for i, group in enumerate(order):
        if i in taken:
            continue
        taken.add(i)
        shared = Counter(j for c in group.courses for j in holding[c] if j not in taken)
        if not shared:
            paired.append(group)
            continue
        size = len(group.courses)
        nearest = min(shared, key=lambda j: (-shared[j] / (size + len(order[j].courses)), j))
        taken.add(nearest)
        paired.append(_join((group, order[nearest])))
    return paired


def _restrict(problem: Problem, rules: Formulation, group: _Group) -> tuple[Problem, Formulation]:
    """The problem of the group's courses alone, where only what the group bounds has a cost."""
    members = sorted(group.courses)
    place = {c: i for i, c in enumerate(members)}
    smaller = Problem(
        name=problem.name,
        num_days=problem.num_days,
        periods_per_day=problem.periods_per_day,
        courses=tuple(
            problem.courses[c]
            if c in group.own
            else replace(problem.courses[c], min_working_days=0, wants_double_lectures=False)
            for c in members
        ),
        rooms=problem.rooms,
        curricula=tuple(
            replace(curriculum, courses=tuple(place[c] for c in curriculum.courses))
            for curriculum in (problem.curricula[q] for q in group.curricula)
        ),
        # Looked up and not filtered: Erlangen has 100,000 unsuitable rooms, and a thousand groups.
        unavailable=frozenset(
            (i, p)
            for i, c in enumerate(members)
            for p in range(problem.num_periods)
            if (c, p) in problem.unavailable
        ),
        unsuitable=frozenset(
            (i, r)
            for i, c in enumerate(members)
            for r in range(len(problem.rooms))
            if (c, r) in problem.unsuitable
        ),
        undesired=frozenset(
            (i, p)
            for i, c in enumerate(members)
            if c in group.own
            for p in range(problem.num_periods)
            if (c, p) in problem.undesired
        ),
        daily_lectures=problem.daily_lectures,
        course_weights=frozenset(
            x._replace(course=place[x.course])
            for x in problem.course_weights
            if x.course in group.own and x.rule not in ROOM_RULES
        ),
    )
    weights = {rule: weight for rule, weight in rules.weights.items() if rule not in ROOM_RULES}
    return smaller, replace(rules, weights=weights)


def _cheapest_rooms(problem: Problem, rules: Formulation) -> int:
    """Least cost of the rooms: each lecture in its cheapest one, or by counting seats alone."""
    alone = sum(fitting_room_cost(problem, rules, c) for c in range(len(problem.courses)))
    crowded = sum(seats for _, seats, _, _ in seats_missing(problem))
    return max(alone, seat_cost(problem, rules) * crowded)
