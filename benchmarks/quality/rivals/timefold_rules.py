"""UD2 in Timefold's terms, modelled as in its own example of course timetabling.

A lecture is the planning entity; its period and its room are the planning variables. The rules are
constraint streams.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from timefold.solver.domain import (
    PlanningEntityCollectionProperty,
    PlanningId,
    PlanningScore,
    PlanningVariable,
    ProblemFactCollectionProperty,
    ValueRangeProvider,
    planning_entity,
    planning_solution,
)
from timefold.solver.score import (
    Constraint,
    ConstraintCollectors,
    ConstraintFactory,
    HardSoftScore,
    Joiners,
    constraint_provider,
)

__all__ = [
    "Absence", "Conflict", "Lecture", "Membership", "Period", "Room", "University",
    "define_constraints",
]  # fmt: skip


@dataclass
class Period:
    """A period; `day` and `slot` count from 0."""

    index: Annotated[int, PlanningId]
    day: int
    slot: int

    def __hash__(self) -> int:
        """Periods differ by their index."""
        return self.index


@dataclass
class Room:
    """A room."""

    index: Annotated[int, PlanningId]
    capacity: int

    def __hash__(self) -> int:
        """Rooms differ by their index."""
        return self.index


@dataclass
class Conflict:
    """Two courses that must not meet."""

    first: int
    second: int


@dataclass
class Membership:
    """A course of a curriculum."""

    curriculum: int
    course: int


@dataclass
class Absence:
    """A period at which a course cannot be held."""

    course: int
    period: int


@planning_entity
@dataclass
class Lecture:
    """A lecture of a course, and what is decided about it."""

    index: Annotated[int, PlanningId]
    course: int
    num_students: int
    min_working_days: int
    period: Annotated[Period | None, PlanningVariable] = field(default=None)
    room: Annotated[Room | None, PlanningVariable] = field(default=None)


@planning_solution
@dataclass
class University:
    """The problem, and its solution once it is solved."""

    periods: Annotated[list[Period], ProblemFactCollectionProperty, ValueRangeProvider]
    rooms: Annotated[list[Room], ProblemFactCollectionProperty, ValueRangeProvider]
    conflicts: Annotated[list[Conflict], ProblemFactCollectionProperty]
    memberships: Annotated[list[Membership], ProblemFactCollectionProperty]
    absences: Annotated[list[Absence], ProblemFactCollectionProperty]
    lectures: Annotated[list[Lecture], PlanningEntityCollectionProperty]
    score: Annotated[HardSoftScore, PlanningScore] = field(default=None)


@constraint_provider
def define_constraints(factory: ConstraintFactory) -> list[Constraint]:
    """Say the rules of UD2."""
    return [
        factory.for_each(Conflict)
        .join(Lecture, Joiners.equal(lambda conflict: conflict.first, lambda x: x.course))
        .join(
            Lecture,
            Joiners.equal(lambda conflict, _: conflict.second, lambda x: x.course),
            Joiners.equal(lambda _, lecture: lecture.period, lambda x: x.period),
        )
        .penalize(HardSoftScore.ONE_HARD)
        .as_constraint("conflicts"),
        factory.for_each_unique_pair(
            Lecture, Joiners.equal(lambda x: x.course), Joiners.equal(lambda x: x.period)
        )
        .penalize(HardSoftScore.ONE_HARD)
        .as_constraint("lectures"),
        factory.for_each(Absence)
        .join(
            Lecture,
            Joiners.equal(lambda absence: absence.course, lambda x: x.course),
            Joiners.equal(lambda absence: absence.period, lambda x: x.period.index),
        )
        .penalize(HardSoftScore.ONE_HARD)
        .as_constraint("availability"),
        factory.for_each(Lecture)
        .group_by(lambda x: x.period, lambda x: x.room, ConstraintCollectors.count())
        .filter(lambda _period, _room, count: count > 1)
        .penalize(HardSoftScore.ONE_HARD, lambda _period, _room, count: count - 1)
        .as_constraint("room occupancy"),
        factory.for_each(Lecture)
        .filter(lambda x: x.num_students > x.room.capacity)
        .penalize(HardSoftScore.ONE_SOFT, lambda x: x.num_students - x.room.capacity)
        .as_constraint("room capacity"),
        factory.for_each(Lecture)
        .group_by(
            lambda x: x.course,
            lambda x: x.min_working_days,
            ConstraintCollectors.count_distinct(lambda x: x.period.day),
        )
        .filter(lambda _course, fewest, days: days < fewest)
        .penalize(HardSoftScore.of_soft(5), lambda _course, fewest, days: fewest - days)
        .as_constraint("minimum working days"),
        factory.for_each(Membership)
        .join(Lecture, Joiners.equal(lambda membership: membership.course, lambda x: x.course))
        .group_by(
            lambda membership, _: membership.curriculum,
            lambda _, lecture: lecture.period.day,
            ConstraintCollectors.to_consecutive_sequences(
                lambda _, lecture: lecture, lambda lecture: lecture.period.slot
            ),
        )
        .flatten_last(lambda chain: chain.getConsecutiveSequences())
        .filter(lambda _curriculum, _day, sequence: sequence.getLength() == 1)
        .penalize(HardSoftScore.of_soft(2))
        .as_constraint("isolated lectures"),
        factory.for_each(Lecture)
        .group_by(lambda x: x.course, ConstraintCollectors.count_distinct(lambda x: x.room))
        .filter(lambda _course, rooms: rooms > 1)
        .penalize(HardSoftScore.ONE_SOFT, lambda _course, rooms: rooms - 1)
        .as_constraint("room stability"),
    ]
