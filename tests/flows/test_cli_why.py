"""`horarium why`: what each other place would cost a lecture, in the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from timetabling.formats import read_problem, write_solution
from timetabling.problem import Lecture, Timetable

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"
PROBLEM = read_problem(TINY)
COURSE = PROBLEM.courses[0].id


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    """Two lectures of the first course, and one of the second."""
    lectures = (Lecture(0, 0, 0), Lecture(0, PROBLEM.periods_per_day + 1, 1), Lecture(1, 2, 0))
    write_solution(Timetable(PROBLEM, lectures), tmp_path / "tiny.sol")
    return tmp_path / "tiny.sol"


def why(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["why", str(TINY), *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_each_lecture_of_a_course_is_shown_with_its_week(solution: Path) -> None:
    status, out, _ = why(solution, COURSE)
    assert status == 0
    assert f"{COURSE} on day 1, period 1" in out
    assert f"{COURSE} on day 2, period 2" in out
    assert "here" in out
    assert "place" in out


def test_one_lecture_is_chosen_by_its_day_and_period_from_1(solution: Path) -> None:
    status, out, _ = why(solution, COURSE, "--at", "2", "2")
    assert status == 0
    assert f"{COURSE} on day 2, period 2" in out
    assert "on day 1, period 1 in" not in out


def test_the_same_as_json_counts_from_0(solution: Path) -> None:
    status, out, _ = why(solution, COURSE, "--json", "--formulation", "UD5")
    told = json.loads(out)["lectures"]
    assert status == 0
    assert [(each["day"], each["period"]) for each in told] == [(0, 0), (1, 1)]
    assert {each["formulation"] for each in told} == {"UD5"}
    assert len(told[0]["periods"]) == PROBLEM.num_periods


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([f"{COURSE}x"], f"did you mean '{COURSE}'?"),
        (["nothing like it"], "expected one of the instance, got 'nothing like it'"),
        ([COURSE, "--at", "99", "1"], f"day: expected 1 to {PROBLEM.num_days}, got 99"),
        ([COURSE, "--at", "1", "0"], "period: expected 1 to"),
        ([COURSE, "--at", "1", "3"], "it is held: day 1, period 1; day 2, period 2"),
        ([PROBLEM.courses[2].id], "the timetable has no lecture of it"),
    ],
)
def test_a_mistake_is_told_in_one_message(solution: Path, arguments: list[str], said: str) -> None:
    status, out, err = why(solution, *arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_a_timetable_that_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    assert why(tmp_path / "none.sol", COURSE)[0] == 2
