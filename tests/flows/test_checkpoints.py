"""What is kept of a job is known again by what it was made from, and removed in time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows import checkpoints
from flows.checkpoints import checkpoints_of, clean
from tasks.checkpoints import folder_of
from tasks.resuming import KEPT_FOR
from tests.chaos.servers import ROOT, clean_environment
from timetabling.formats import read_problem
from timetabling.penalties import FORMULATIONS, formulation
from timetabling.problem import Lecture, Timetable

TINY = ROOT / "examples" / "tiny.ectt"
PROBLEM = read_problem(TINY)
WHAT: dict[str, Any] = {
    "formulation": FORMULATIONS["UD2"], "limits": (60.0, None), "seed": 1, "max_courses": 50,
}  # fmt: skip


def content(begun: Timetable = Timetable(PROBLEM), **other: Any) -> str:  # noqa: B008
    return checkpoints_of("job", begun, **WHAT | other).content


def test_the_same_work_is_known_again_in_another_process() -> None:
    program = "from tests.flows.test_checkpoints import content; print(content())"
    told = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(PYTHONHASHSEED="1"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == content()


@pytest.mark.parametrize(
    "other",
    [
        {"begun": Timetable(PROBLEM, (Lecture(0, 0, 0),))},
        {"begun": Timetable(replace(PROBLEM, unavailable=frozenset()))},
        {"begun": Timetable(replace(PROBLEM, rooms=PROBLEM.rooms[::-1]))},
        {"formulation": FORMULATIONS["UD3"]},
        {"formulation": formulation("UD2", {"windows": 3})},
        {"formulation": formulation("UD2", {"room_stability": 2})},
        {"limits": (61.0, None)},
        {"limits": (60.0, 1_000_000)},
        {"seed": 2},
        {"max_courses": 20},
    ],
)
def test_other_work_is_not_taken_for_it(other: dict[str, Any]) -> None:
    assert content(**other) != content()


def test_solvers_of_another_version_begin_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = content()
    monkeypatch.setattr(checkpoints, "RESULTS_VERSION", checkpoints.RESULTS_VERSION + 1)
    assert content() != before


def test_a_completed_job_takes_with_it_what_others_have_left_for_too_long(tmp_path: Path) -> None:
    for job, age in (("done", 0.0), ("young", 0.9), ("old", 1.1)):
        pieces = tmp_path / folder_of(job) / "content"
        pieces.mkdir(parents=True)
        (pieces / "merge-1").touch()
        then = time.time() - age * KEPT_FOR.total_seconds()
        for part in (pieces, pieces.parent):
            os.utime(part, (then, then))
    (tmp_path / "of-others").touch()
    clean(tmp_path, "done")
    assert {path.name for path in tmp_path.iterdir()} == {folder_of("young"), "of-others"}
