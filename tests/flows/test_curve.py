"""The file of what was found when."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.curve import Curve


def snapshot(stage: str = "ga_optimization", **figures: float) -> dict[str, Any]:
    return {"stage": stage, "metadata": {"completed_items": 1, "total_items": 2, **figures}}


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert reached()


def lines_of(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text().splitlines()]


def test_a_line_is_written_whenever_a_figure_changes_and_is_there_at_once(tmp_path: Path) -> None:
    path, now = tmp_path / "curve.csv", [snapshot("loading")]
    with path.open("w", buffering=1) as file, Curve(file, lambda: now[0]):
        for found in (
            snapshot("cpsat_solving", bound=3.0),
            snapshot("cpsat_solving", bound=3.0, cost=90.0, violations=2.0),
            snapshot(bound=3.0, cost=70.0, violations=0.0),
        ):
            before = len(lines_of(path))
            now[0] = found
            wait_for(lambda: len(lines_of(path)) > before)  # noqa: B023
        now[0] = {**now[0], "stage": "rl_refinement"}
    head, *lines = lines_of(path)
    assert head == ["seconds", "stage", "violations", "cost", "bound"]
    assert [line[1:] for line in lines] == [
        ["cpsat_solving", "", "", "3"],
        ["cpsat_solving", "2", "90", "3"],
        ["ga_optimization", "0", "70", "3"],
    ]
    seconds = [float(line[0]) for line in lines]
    assert seconds == sorted(seconds)


def test_what_is_found_last_is_written_even_if_the_run_ends_badly(tmp_path: Path) -> None:
    path, now = tmp_path / "curve.csv", [snapshot()]

    def run() -> None:
        with path.open("w") as file, Curve(file, lambda: now[0]):
            now[0] = snapshot(cost=5, violations=0)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run()
    assert lines_of(path)[-1][1:] == ["ga_optimization", "0", "5", ""]


def test_nothing_found_is_a_file_of_one_line(tmp_path: Path) -> None:
    path = tmp_path / "curve.csv"
    with path.open("w") as file, Curve(file, lambda: None):
        pass
    assert len(lines_of(path)) == 1


def test_what_is_added_by_hand_is_written_once() -> None:
    file, now = io.StringIO(), snapshot(cost=5, violations=0)
    with Curve(file, lambda: now) as curve:
        curve.add("ga_optimization", cost=5, violations=0)
        curve.add("ga_optimization", cost=5, violations=0)
    assert [line.partition(",")[2] for line in file.getvalue().splitlines()] == [
        "stage,violations,cost,bound",
        "ga_optimization,0,5,",
    ]
