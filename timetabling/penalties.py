"""THE cost of a timetable: what the rules count (`timetabling.rules`), weighted and added.

A formulation says what a unit of each soft rule costs, and a problem what it costs otherwise for
single courses. No formulation has `changes`: who wants few gives the rule a weight
(`price_changes`). All have `undesired_times`, which the problem may have none of.

Weights: Bonutti, De Cesco, Di Gaspero and Schaerf (2012), table 1; undesired times are ours.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from timetabling.problem import MAX_WEIGHT, Problem, Timetable
from timetabling.rules import OF_ALL, OF_COURSES, Schedule

__all__ = [
    "FORMULATIONS",
    "RULES",
    "Formulation",
    "FormulationName",
    "Score",
    "evaluate",
    "formulation",
    "price_changes",
    "soft_rules",
    "weight_of",
    "weights_of",
]

FormulationName = Literal["UD1", "UD2", "UD3", "UD4", "UD5"]
"""The names that `formulation` knows."""


@dataclass(frozen=True, slots=True)
class Formulation:
    """A choice of rules: the hard ones by name, the soft ones with the weight of a unit."""

    name: str
    hard: tuple[str, ...]
    weights: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Score:
    """Broken hard rules (counts) and soft penalties (weighted), by rule."""

    violations: Mapping[str, int]
    penalties: Mapping[str, int]

    @property
    def num_violations(self) -> int:
        """Broken hard rules, all together."""
        return sum(self.violations.values())

    @property
    def cost(self) -> int:
        """Soft penalties, all together."""
        return sum(self.penalties.values())

    @property
    def is_feasible(self) -> bool:
        """Whether no hard rule is broken."""
        return self.num_violations == 0

    @property
    def order(self) -> tuple[int, int]:
        """What better means: fewer violations first, then a lower cost."""
        return self.num_violations, self.cost


UNDESIRED_WEIGHT = 2
"""What a lecture at an undesired time costs in every formulation: an isolated one in UD2."""

_ALWAYS_HARD = ("lectures", "conflicts", "availability", "room_occupancy", "pins", "max_changes")

RULES = tuple(dict.fromkeys((*_ALWAYS_HARD, *OF_COURSES, *OF_ALL)))
"""The names of all rules: those that are always hard first."""

# Rules that are not spoken of where a problem does not have what they are about.
_ABOUT: Mapping[str, Callable[[Problem], bool]] = MappingProxyType(
    {
        "pins": lambda problem: bool(problem.pins),
        "max_changes": lambda problem: problem.max_changes is not None,
        "undesired_times": lambda problem: bool(problem.undesired),
    }
)

FORMULATIONS: Mapping[str, Formulation] = MappingProxyType(
    {
        name: Formulation(
            name, _ALWAYS_HARD + extra_hard, {**weights, "undesired_times": UNDESIRED_WEIGHT}
        )
        for name, extra_hard, weights in (
            ("UD1", (), {"room_capacity": 1, "min_working_days": 5, "isolated_lectures": 1}),
            (
                "UD2",
                (),
                {
                    "room_capacity": 1,
                    "min_working_days": 5,
                    "isolated_lectures": 2,
                    "room_stability": 1,
                },
            ),
            (
                "UD3",
                (),
                {"room_capacity": 1, "windows": 4, "student_load": 2, "room_suitability": 3},
            ),
            (
                "UD4",
                ("room_suitability",),
                {
                    "room_capacity": 1,
                    "min_working_days": 1,
                    "windows": 1,
                    "student_load": 1,
                    "double_lectures": 1,
                },
            ),
            (
                "UD5",
                (),
                {
                    "room_capacity": 1,
                    "min_working_days": 5,
                    "isolated_lectures": 1,
                    "windows": 2,
                    "student_load": 2,
                    "travel_distance": 2,
                },
            ),
        )
    }
)


def formulation(name: str, weights: Mapping[str, int] | None = None) -> Formulation:
    """Look a formulation up by its name, UD1 to UD5, and change what its soft rules cost.

    Parameters
    ----------
    weights
        What a unit of a soft rule costs, 0 to `MAX_WEIGHT`, where that is not what the formulation
        says. Any soft rule may be added; 0 leaves a rule out.

    Returns
    -------
    Formulation
        Its name tells what is changed: "UD2 with isolated_lectures 0, windows 3".

    Raises
    ------
    ValueError
        If there is no formulation or no soft rule of that name, if the rule is a hard one here, or
        if the weight is out of its range.
    """
    try:
        base = FORMULATIONS[name]
    except KeyError:
        raise ValueError(
            f"formulation: expected one of {', '.join(FORMULATIONS)}, got {name!r}"
        ) from None
    given = weights or {}
    for rule, weight in given.items():
        _check_weight(base, rule, weight)
    # In one order, whatever the order they are given in: repr is part of what results are known by.
    changed = {
        rule: given[rule]
        for rule in RULES
        if rule in given and given[rule] != base.weights.get(rule, 0)
    }
    if not changed:
        return base
    told = ", ".join(f"{rule} {weight}" for rule, weight in changed.items())
    counted = {rule: weight for rule, weight in {**base.weights, **changed}.items() if weight}
    return Formulation(f"{base.name} with {told}", base.hard, counted)


def _check_weight(base: Formulation, rule: str, weight: int) -> None:
    soft = [known for known in RULES if known not in _ALWAYS_HARD]
    if rule in base.hard:
        raise ValueError(f"weight of {rule}: expected a soft rule, got a hard one of {base.name}")
    if rule not in soft:
        near = difflib.get_close_matches(rule, soft, n=1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"weights: expected one of {', '.join(soft)}, got {rule!r}{meant}")
    if not 0 <= weight <= MAX_WEIGHT:
        raise ValueError(f"weight of {rule}: expected 0 to {MAX_WEIGHT}, got {weight}")


def price_changes(rules: Formulation, price: int) -> Formulation:
    """Let each change of `Problem.before` cost so much; 0 leaves the rule out."""
    others = {rule: weight for rule, weight in rules.weights.items() if rule != "changes"}
    return replace(rules, weights=others | ({"changes": price} if price else {}))


def soft_rules(problem: Problem, rules: Formulation) -> tuple[str, ...]:
    """The rules that cost something: the formulation's, and those with a weight for a course."""
    of_courses = (rule for own in problem.weights_by_course.values() for rule in own)
    return tuple(
        rule
        for rule in dict.fromkeys((*rules.weights, *of_courses))
        if rule not in rules.hard and (rule not in _ABOUT or _ABOUT[rule](problem))
    )


def weight_of(problem: Problem, rules: Formulation, rule: str, course: int) -> int:
    """What a unit of a soft rule costs for a course; a hard rule costs nothing."""
    if rule in rules.hard:
        return 0
    usual = rules.weights.get(rule, 0)
    return problem.weights_by_course.get(course, {}).get(rule, usual)


def weights_of(problem: Problem, rules: Formulation, rule: str) -> list[int]:
    """What a unit of a soft rule costs for each course."""
    weights = [rules.weights.get(rule, 0)] * len(problem.courses)
    for course in problem.weights_by_course:
        weights[course] = weight_of(problem, rules, rule, course)
    return weights


def evaluate(timetable: Timetable, rules: Formulation) -> Score:
    """Count every rule, from scratch; what a problem may not have, only where it has it."""
    problem, schedule = timetable.problem, Schedule(timetable)
    counted = [name for name in rules.hard if name not in _ABOUT or _ABOUT[name](problem)]
    return Score(
        violations={name: sum(_amounts(schedule, name)) for name in counted},
        penalties={name: _cost(schedule, rules, name) for name in soft_rules(problem, rules)},
    )


def _cost(schedule: Schedule, rules: Formulation, rule: str) -> int:
    amounts = _amounts(schedule, rule)
    if rule in OF_ALL or not schedule.problem.course_weights:
        return sum(amounts) * rules.weights[rule]
    weights = weights_of(schedule.problem, rules, rule)
    return sum(map(operator.mul, amounts, weights))


def _amounts(schedule: Schedule, rule: str) -> Sequence[int]:
    """Units that are broken of a rule: by course, of a rule of courses."""
    return OF_COURSES[rule](schedule) if rule in OF_COURSES else (OF_ALL[rule](schedule),)
