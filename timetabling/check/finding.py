"""What a check tells: one thing that is wrong with an instance, and what would mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Literal

__all__ = ["RULES", "Finding", "Severity"]

Severity = Literal["impossible", "warning"]

RULES: Mapping[str, Severity] = MappingProxyType(
    {
        # What is wrong with a single row is mended first: it may be all that is wrong.
        "pin_unavailable": "impossible",
        "pin_unsuitable": "impossible",
        "pin_two_rooms": "impossible",
        "pins_at_once": "impossible",
        "pins_without_rooms": "impossible",
        "course_rooms": "impossible",
        "course_periods": "impossible",
        "teacher_periods": "impossible",
        "curriculum_periods": "impossible",
        "clique_periods": "impossible",
        "room_periods": "impossible",
        "rooms_periods": "impossible",
        "rooms_lectures": "impossible",
        # A name spelt in two ways hides clashes, so that all that follows may be wrong.
        "similar_names": "warning",
        "fitting_room": "warning",
        "seats": "warning",
        "working_days": "warning",
        "undesired_times": "warning",
        "daily_load": "warning",
        "isolated_lecture": "warning",
        "tight_teacher": "warning",
        "tight_curriculum": "warning",
        "crowded_periods": "warning",
        "same_curriculum": "warning",
        "empty_curriculum": "warning",
        "course_without_lectures": "warning",
        "unused_room": "warning",
    }
)
"""How severe each kind of finding is, by its name; what to mend first comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or likely to go wrong.

    Parameters
    ----------
    rule
        Its kind, one of `RULES`.
    message, repair
        What is wrong, with the numbers that prove it; and what would most likely mend it.
    needed, available
        These numbers: an impossibility is proven by the first being above the second. What they
        count depends on the rule (`docs/check.md`): lectures and periods, students and seats, days.
    courses, teachers, curricula, rooms
        Names of what is concerned.
    periods
        What is concerned of the week: pairs of day and period, both counted from 0.
    least_cost
        What every timetable pays for it at least; 0 where nothing is proven. Least costs of all
        findings of an instance may be added.
    """

    rule: str
    message: str
    repair: str
    needed: int
    available: int
    courses: tuple[str, ...] = ()
    teachers: tuple[str, ...] = ()
    curricula: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    periods: tuple[tuple[int, int], ...] = ()
    least_cost: int = 0

    @property
    def severity(self) -> Severity:
        """Whether it is proven that there is no timetable, or a good one is less likely."""
        return RULES[self.rule]

    @property
    def is_impossible(self) -> bool:
        """Whether no timetable can keep all hard rules because of it."""
        return self.severity == "impossible"

    def document(self) -> dict[str, Any]:
        """Describe it ready for JSON, under the names above and `severity`."""
        return {"severity": self.severity, **asdict(self)}
