"""The lines that a run writes to its log in Prefect."""

from __future__ import annotations

from typing import Any

from flows.journal import Journal, line


def snapshot(at: float, label: str, **figures: float) -> dict[str, Any]:
    return {
        "stage": label.lower(), "stage_label": label, "overall_progress": 42.3,
        "eta_seconds": 75, "published_at": at, "metadata": figures,
    }  # fmt: skip


def test_each_stage_is_named_once_and_a_lower_cost_at_most_every_ten_seconds() -> None:
    said: list[str] = []
    journal = Journal(said.append)
    for tenth in range(600):  # a minute in which a better timetable is found all the time
        journal.see(snapshot(tenth / 10, "Searching", cost=1000 - tenth, violations=0))
    for tenth in range(600, 1200):  # and one in which none is
        journal.see(snapshot(tenth / 10, "Finishing", cost=400, violations=0))
    assert [each.split(",")[0] for each in said] == [
        "Searching: cost 1000", "Searching: cost 900", "Searching: cost 800",
        "Searching: cost 700", "Searching: cost 600", "Searching: cost 500",
        "Finishing: cost 400",
    ]  # fmt: skip


def test_fewer_broken_rules_are_better_than_a_lower_cost() -> None:
    said: list[str] = []
    journal = Journal(said.append)
    journal.see(snapshot(0, "Searching", cost=50, violations=2))
    journal.see(snapshot(20, "Searching", cost=40, violations=3))
    journal.see(snapshot(40, "Searching", cost=60, violations=1))
    journal.see(snapshot(60, "Searching", cost=60, violations=1))
    assert [each.split(" %")[0] for each in said] == [
        "Searching: cost 50, 2 hard rules broken, 42",
        "Searching: cost 60, 1 hard rule broken, 42",
    ]


def test_a_line_says_what_is_known_and_no_more() -> None:
    assert line(snapshot(0, "Loading")) == "Loading: 42 %, about 1 min 15 s left"
    assert line({**snapshot(0, "Loading"), "eta_seconds": None}) == "Loading: 42 %"
    assert line(snapshot(0, "Searching", cost=61, violations=0, bound=61)) == (
        "Searching: cost 61, proven optimal, 42 %, about 1 min 15 s left"
    )
