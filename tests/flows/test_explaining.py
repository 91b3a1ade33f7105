"""`horarium explain`, as an office calls it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from timetabling.formats import read_problem
from timetabling.formats.ectt import write

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["explain", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def impossible(tmp_path: Path) -> Path:
    """The small instance, with a course that is left no period on the last three days."""
    problem = read_problem(TINY)
    closed = {(3, p) for p in range(2, problem.num_periods)}
    path = tmp_path / "impossible.ectt"
    write(replace(problem, unavailable=problem.unavailable | closed), path)
    return path


def test_an_instance_that_can_be_solved_is_said_to_be() -> None:
    status, out, _ = invoke(TINY)
    assert status == 0
    assert out == "tiny: a timetable that keeps all hard rules was found\n"


def test_a_clash_is_told_with_its_rows_what_would_end_it_and_the_cheapest_changes(
    impossible: Path,
) -> None:
    status, out, _ = invoke(impossible)
    assert status == 1
    assert "  - course PHY104 has 4 lectures\n" in out
    assert "Without any one of them there is a timetable for the others: each was tried." in out
    assert "  * hold 1 lecture fewer of course PHY104\n" in out
    assert "with each of these a timetable was found, the cheapest first:\n  1. allow " in out


def test_programs_are_told_the_same(impossible: Path) -> None:
    status, out, _ = invoke(impossible, "--json")
    told = json.loads(out)
    assert status == 1
    assert told["is_solvable"] is False
    assert told["is_complete"]
    (clash,) = told["clashes"]
    assert clash["is_minimal"]
    assert clash["rules"][0] == {"kind": "lectures", "course": "PHY104"}
    rows = clash["rules"][1:]
    assert {row["kind"] for row in rows} == {"unavailable"}
    assert {row["course"] for row in rows} == {"PHY104"}
    assert max(row["day"] for row in rows) <= 5, "counted from 1"
    assert min(row["period"] for row in rows) == 1
    assert told["plans"][0]["is_cheapest"]


def test_programs_are_told_the_rooms_that_do_not_suit_a_course_in_one_entry(
    tmp_path: Path,
) -> None:
    problem = read_problem(TINY)
    every = range(len(problem.rooms))
    path = tmp_path / "roomless.ectt"
    write(replace(problem, unsuitable=problem.unsuitable | {(3, r) for r in every}), path)
    status, out, _ = invoke(path, "--formulation", "UD4", "--json")
    assert status == 1
    (clash,) = json.loads(out)["clashes"]
    names = [room.id for room in problem.rooms]
    assert clash["rules"] == [
        {"kind": "lectures", "course": "PHY104"},
        {"kind": "suitability", "course": "PHY104", "rooms": names},
    ]


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    status, _, err = invoke(tmp_path / "none.ectt")
    assert status == 2
    assert "No such file" in err
