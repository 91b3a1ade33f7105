"""A plan: the stages a job goes through and the share of the bar that each one has.

A plan is data. A new pipeline is one more plan and changes nothing else here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from tracking.snapshot import StagePlace

__all__ = ["DEFAULT", "PLANS", "Plan", "Stage", "plan"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One part of a job.

    Parameters
    ----------
    id
        What programs call it, such as ``cpsat_solving``.
    label
        What people read; names no algorithm.
    start, end
        Where it begins and ends on the bar, in percent.
    """

    id: str
    label: str
    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.id or not self.label:
            raise ValueError(f"stage: expected an id and a label, got {self.id!r}, {self.label!r}")
        if not 0 <= self.start < self.end <= 100:
            raise ValueError(
                f"stage {self.id!r}: expected 0 <= start < end <= 100, "
                f"got start {self.start}, end {self.end}"
            )

    @property
    def weight(self) -> float:
        """Its share of the bar, in percent points."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages in the order they run, covering the bar from 0 to 100 without a gap.

    Parameters
    ----------
    name
        What it is asked for by.
    stages
        At least one; each starts where the one before ends, so that the weights add to 100.
    learned
        Whether a job takes its weights from how long earlier runs' stages took, as soon as there
        are any; the stages' own bounds hold until then.
    """

    name: str
    stages: tuple[Stage, ...]
    learned: bool = False

    @property
    def places(self) -> list[StagePlace]:
        """The stages, as readers are told them."""
        return [
            StagePlace(id=each.id, label=each.label, start=float(each.start), end=float(each.end))
            for each in self.stages
        ]

    def __post_init__(self) -> None:
        reached = 0.0
        seen: set[str] = set()
        for stage in self.stages:
            if stage.start != reached:
                raise ValueError(
                    f"plan {self.name!r}: expected stage {stage.id!r} to start at {reached:g}, "
                    f"got {stage.start:g}"
                )
            if stage.id in seen:
                raise ValueError(f"plan {self.name!r}: stage {stage.id!r} is named twice")
            seen.add(stage.id)
            reached = stage.end
        if reached != 100:
            raise ValueError(f"plan {self.name!r}: expected weights to add to 100, got {reached:g}")

    def stage(self, stage_id: str) -> Stage:
        """Find a stage.

        Raises
        ------
        ValueError
            If the plan has no such stage; says which it has.
        """
        return self.stages[self.index(stage_id)]

    def index(self, stage_id: str) -> int:
        """Position of a stage in the plan.

        Raises
        ------
        ValueError
            If the plan has no such stage; says which it has.
        """
        for position, stage in enumerate(self.stages):
            if stage.id == stage_id:
                return position
        known = ", ".join(stage.id for stage in self.stages)
        raise ValueError(f"plan {self.name!r}: expected a stage of {known}, got {stage_id!r}")


def _timetable_plan(name: str, *ends: float) -> Plan:
    """The stages of a timetable job, ending where told; a sixth publishes the result."""
    ids_and_labels = (
        ("loading", "Reading the data"),
        ("clustering", "Organising the courses"),
        ("cpsat_solving", "Creating the initial schedule"),
        ("ga_optimization", "Improving the schedule"),
        ("rl_refinement", "Resolving conflicts"),
        ("finalize", "Publishing the result"),
    )[: len(ends)]
    starts = (0, *ends[:-1])
    return Plan(
        name,
        tuple(
            Stage(stage_id, label, start, end)
            for (stage_id, label), start, end in zip(ids_and_labels, starts, ends, strict=True)
        ),
    )


DEFAULT = _timetable_plan("default", 5, 15, 75, 90, 100)

PLANS: Mapping[str, Plan] = MappingProxyType(
    {
        known.name: known
        for known in (
            DEFAULT,
            _timetable_plan("search-heavy", 2, 5, 15, 90, 97, 100),
            _timetable_plan("solve-heavy", 1, 5, 60, 80, 96, 100),
            replace(DEFAULT, name="learned", learned=True),
        )
    }
)


def plan(name: str) -> Plan:
    """Find a named plan.

    Raises
    ------
    ValueError
        If there is none of that name; says which there are.

    Examples
    --------
    >>> [stage.id for stage in plan("default").stages][:2]
    ['loading', 'clustering']
    """
    if name not in PLANS:
        raise ValueError(f"plan: expected one of {', '.join(PLANS)}, got {name!r}")
    return PLANS[name]
