"""What the lessons share: a plan, and how a job is listened to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracking.plan import Plan, Stage
from tracking.testing import Recorder

Listen = Callable[[str], Recorder]

# A plan says which stages a flow goes through, and what share of the bar each has.
PLAN = Plan(
    "report",
    (
        Stage("fetch", "Fetching the data", 0, 20),
        Stage("compute", "Computing", 20, 90),
        Stage("write", "Writing the report", 90, 100),
    ),
)


def ended(snapshot: dict[str, Any]) -> bool:
    return bool(snapshot["status"] == "completed")


def items(heard: Recorder) -> list[int]:
    """How many items of the middle stage were told to be finished, one after the other."""
    computing = [snapshot for _, snapshot in heard.events if snapshot["stage"] == "compute"]
    return [snapshot["metadata"]["completed_items"] for snapshot in computing]
