"""What was found when, and who follows it."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.curve import Curve, GrowingText
from flows.following import Following


def snapshot(stage: str = "ga_optimization", **figures: float) -> dict[str, Any]:
    return {"stage": stage, "metadata": {"completed_items": 1, "total_items": 2, **figures}}


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reached()


def lines_of(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text().splitlines()]


def test_a_line_is_written_whenever_a_figure_changes_and_is_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    with path.open("w", buffering=1) as file:
        curve = Curve(file)
        for found in (
            snapshot("loading"),
            snapshot("cpsat_solving", bound=3.0),
            snapshot("cpsat_solving", bound=3.0, cost=90.0, violations=2.0),
            snapshot(bound=3.0, cost=70.0, violations=0.0),
            snapshot("rl_refinement", bound=3.0, cost=70.0, violations=0.0),
        ):
            curve.see(found)
            assert len(lines_of(path)) == 1 + len(curve.points)
    head, *lines = lines_of(path)
    assert head == ["seconds", "stage", "violations", "cost", "bound"]
    assert [line[1:] for line in lines] == [
        ["cpsat_solving", "", "", "3"],
        ["cpsat_solving", "2", "90", "3"],
        ["ga_optimization", "0", "70", "3"],
    ]
    seconds = [float(line[0]) for line in lines]
    assert seconds == sorted(seconds) == [point.seconds for point in curve.points]


def test_a_growing_text_is_in_its_file_too_and_whatever_happens_to_that_in_itself(
    tmp_path: Path,
) -> None:
    path = tmp_path / "curve.csv"
    path.write_text("of a run before\n")
    text = GrowingText(path)
    curve = Curve(text)
    curve.see(snapshot(cost=5, violations=0))
    assert path.read_text() == text.getvalue()
    path.unlink()
    path.mkdir()
    curve.see(snapshot(cost=4, violations=0))
    assert len(text.getvalue().splitlines()) == 3


def test_nothing_found_is_a_file_of_one_line() -> None:
    file = io.StringIO()
    Curve(file).see(snapshot("loading"))
    assert len(file.getvalue().splitlines()) == 1


def test_what_is_added_by_hand_is_written_once() -> None:
    file = io.StringIO()
    curve = Curve(file)
    curve.see(snapshot(cost=5, violations=0))
    curve.add("ga_optimization", cost=5, violations=0)
    assert [line.partition(",")[2] for line in file.getvalue().splitlines()] == [
        "stage,violations,cost,bound",
        "ga_optimization,0,5,",
    ]


def test_all_followers_see_each_snapshot_once_while_a_job_runs() -> None:
    now: list[dict[str, Any]] = []
    seen: tuple[list[Any], list[Any]] = ([], [])
    with Following(lambda: now[-1] if now else None, seen[0].append, seen[1].append):
        for cost in (9, 7):
            now.append(snapshot(cost=cost))
            wait_for(lambda: len(seen[1]) == len(now))
    assert seen == (now, now)


def test_what_is_found_last_is_seen_even_if_the_run_ends_badly() -> None:
    now: list[Any] = [snapshot()]
    seen: list[Any] = []

    def run() -> None:
        with Following(lambda: now[-1], seen.append):
            now.append(snapshot(cost=5, violations=0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run()
    assert seen[-1] == now[-1]
