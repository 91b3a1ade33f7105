"""What a run does, for its log in Prefect: few lines, each of them worth reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracking.words import duration

__all__ = ["Journal", "in_words"]

_PAUSE_SECONDS = 10.0


class Journal:
    """Says when a stage begins; and that something better was found, at most every 10 s.

    Parameters
    ----------
    say
        Takes a line.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self._stage = ""
        self._found: tuple[float, float] | None = None
        self._said_at = 0.0

    def see(self, snapshot: Mapping[str, Any]) -> None:
        """Say what a snapshot has that is new, if it is time to."""
        found = _order(snapshot["metadata"])
        is_better = found is not None and (self._found is None or found < self._found)
        is_time = snapshot["published_at"] >= self._said_at + _PAUSE_SECONDS
        if snapshot["stage"] != self._stage or (is_better and is_time):
            self._stage, self._found = snapshot["stage"], found
            self._said_at = snapshot["published_at"]
            self._say(line(snapshot))


def line(snapshot: Mapping[str, Any]) -> str:
    """Write a snapshot in a line.

    >>> line({"stage_label": "Improving the schedule", "overall_progress": 42.3,
    ...       "eta_seconds": 75, "metadata": {"cost": 61, "violations": 0, "bound": 38}})
    'Improving the schedule: cost 61, proven at least 38, 42 %, about 1 min 15 s left'
    """
    figures = snapshot["metadata"]
    parts = []
    if "cost" in figures:
        parts.append(in_words(figures["cost"], figures.get("violations", 0), figures.get("bound")))
    parts.append(f"{snapshot['overall_progress']:.0f} %")
    if snapshot["eta_seconds"]:
        parts.append(f"about {duration(snapshot['eta_seconds'])} left")
    return f"{snapshot['stage_label']}: {', '.join(parts)}"


def in_words(cost: float, violations: float, bound: float | None) -> str:
    """Say what a timetable costs, and what is wrong with it or proven of it.

    >>> in_words(61, 0, 38), in_words(61, 0, 61), in_words(61, 1, 38)
    ('cost 61, proven at least 38', 'cost 61, proven optimal', 'cost 61, 1 hard rule broken')
    """
    if violations:
        more = f", {violations:.0f} hard {'rule' if violations == 1 else 'rules'} broken"
    elif bound is None:
        more = ""
    else:
        more = ", proven optimal" if bound == cost else f", proven at least {bound:.0f}"
    return f"cost {cost:.0f}{more}"


def _order(figures: Mapping[str, Any]) -> tuple[float, float] | None:
    """What better means: fewer violations first, then a lower cost."""
    return (figures.get("violations", 0), figures["cost"]) if "cost" in figures else None
