"""What people see in a terminal and in a pipe."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from rich.console import Console

from flows.terminal import Display, draw
from tracking.plan import DEFAULT

SNAPSHOT: dict[str, Any] = {
    "stage": "ga_optimization",
    "stage_label": "Improving the schedule",
    "stage_progress": 33.33,
    "overall_progress": 80.0,
    "status": "running",
    "eta_seconds": 3599,
    "message": "GA generation 20/60: cost 17",
    "metadata": {"completed_items": 20, "total_items": 60, "cost": 17, "violations": 2},
}


@pytest.mark.parametrize("width", [80, 100, 200])
def test_every_stage_has_its_bar_and_nothing_is_cut_off(width: int) -> None:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(draw(SNAPSHOT, DEFAULT))
    lines = console.export_text().splitlines()
    assert all(stage.label in line for stage, line in zip(DEFAULT.stages, lines, strict=False))
    assert "100.00 %" in lines[0]
    assert "33.33 %" in lines[3]
    assert "20 of 60" in lines[3]
    assert "80.00 %" in lines[5]
    assert "59 min 59 s left" in lines[5]
    assert lines[6].startswith("best so far: cost 17, 2 hard rules broken")


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"cost": 61, "violations": 0}, "best so far: cost 61"),
        (
            {"cost": 61, "violations": 0, "bound": 53},
            "best so far: cost 61, at least 53 (gap 13 %)",
        ),
        ({"cost": 61, "violations": 0, "bound": 61}, "best so far: cost 61, proven optimal"),
        ({"cost": 61, "violations": 2, "bound": 61}, "best so far: cost 61, 2 hard rules broken"),
    ],
)
def test_what_is_proven_is_said_of_feasible_timetables_alone(
    figures: dict[str, int], expected: str
) -> None:
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(draw({**SNAPSHOT, "metadata": figures}, DEFAULT))
    assert console.export_text().splitlines()[-1].rstrip() == expected


def test_a_pipe_gets_a_line_for_each_stage_and_each_ten_percent() -> None:
    text = io.StringIO()
    snapshots = [{**SNAPSHOT, "overall_progress": 80.0 + i} for i in range(12)]
    with Display(Console(file=text, width=80), DEFAULT, lambda: snapshots[0]):
        while "80.00" not in text.getvalue():
            time.sleep(0.01)
        del snapshots[:11]
    lines = text.getvalue().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(" 80.00 %  Improving the schedule  59 min 59 s left")
    assert lines[1].startswith(" 91.00 %")
