"""Living with a timetable on the command line: what is pinned, what changed, few changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from tests.flows.conftest import Run
from timetabling.changes import compare
from timetabling.formats import read_problem, read_solution, write_solution
from timetabling.formats.ectt import write as write_ectt
from timetabling.generator import generate
from timetabling.problem import Timetable

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A timetable of the tiny instance: each course is held as early as its unavailability lets."""
    problem = read_problem(TINY)
    free = [
        [p for p in range(problem.num_periods) if (c, p) not in problem.unavailable]
        for c in range(len(problem.courses))
    ]
    places = [(c, free[c].pop(0), c % 3) for c in problem.lecture_courses]
    path = tmp_path / "old.sol"
    path.write_text(
        "".join(
            f"{problem.courses[c].id} {problem.rooms[r].id} {p // 4} {p % 4}\n"
            for c, p, r in places
        )
    )
    return path


def moved(old: Path, tmp_path: Path) -> Path:
    """The same timetable with its first lecture in another room."""
    course, room, *when = old.read_text().splitlines()[0].split()
    other = "Lab-A-01" if room != "Lab-A-01" else "Room-A-01"
    path = tmp_path / "new.sol"
    lines = old.read_text().splitlines()[1:]
    path.write_text("\n".join([" ".join([course, other, *when]), *lines]))
    return path


def test_diff_of_the_same_timetable_ends_with_0(old: Path) -> None:
    status, out, _ = invoke("diff", TINY, old, old)
    assert status == 0
    assert out.startswith("no lecture changed")


def test_diff_tells_what_changed_and_ends_with_1(old: Path, tmp_path: Path) -> None:
    status, out, _ = invoke("diff", TINY, old, moved(old, tmp_path))
    assert status == 1
    assert out.startswith("1 lecture changed")
    assert "PHY101" in out
    assert "T-PHY-01" in out
    assert "Lab-A-01" in out


def test_diff_as_json_has_all_of_it(old: Path, tmp_path: Path) -> None:
    status, out, _ = invoke("diff", TINY, old, moved(old, tmp_path), "--json")
    told = json.loads(out)
    assert status == told["changed"] == 1
    change = told["changes"][0]
    assert change["course"] == "PHY101"
    assert change["before"].keys() == {"day", "period", "room"}
    assert change["before"]["day"] == change["after"]["day"] >= 1
    assert told["teachers"] == [{"name": "T-PHY-01", "changed": 1, "lectures": 8}]
    assert told["rooms"] == {"freed": {"Room-B-01": 1}, "booked": {"Lab-A-01": 1}}
    assert told["penalties"]["before"]["penalties"]["room_capacity"] >= 0


def test_diff_refuses_what_it_cannot_read(old: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sol"
    broken.write_text("PHY101 Attic 0 0\n")
    status, out, err = invoke("diff", TINY, old, broken)
    assert (status, out) == (2, "")
    assert "broken.sol:1: room: expected one of the instance, got 'Attic'" in err


def test_diff_knows_the_rooms_of_the_old_instance(old: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed.ectt"
    closed.write_text(TINY.read_text().replace("Lab-A-01", "Lab-B-02"))
    new = tmp_path / "new.sol"
    new.write_text(old.read_text().replace("Lab-A-01", "Lab-B-02"))
    assert invoke("diff", closed, old, new)[0] == 2
    status, out, _ = invoke("diff", closed, old, new, "--old-instance", TINY)
    assert status == 1
    assert f"{old.read_text().count('Lab-A-01')} lectures changed" in out


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--max-changes", "3"], "--max-changes: expected --before as well"),
        (["--before", "nowhere.sol"], "nowhere.sol: No such file"),
        (["--pins", "nowhere.sol"], "nowhere.sol: No such file"),
    ],
)
def test_generate_refuses_changes_without_a_timetable_before(
    options: list[str], complaint: str
) -> None:
    status, _, err = invoke("generate", TINY, *options)
    assert status == 2
    assert complaint in err


def test_a_timetable_before_may_be_a_table(old: Path, tmp_path: Path) -> None:
    table = tmp_path / "old.csv"
    write_solution(read_solution(old, read_problem(TINY)), table)
    table.write_text(table.read_text() + "MAT101,Monday,1,Lab-A-01\n")
    status, _, err = invoke("generate", TINY, "--before", table)
    assert status == 2
    last = len(table.read_text().splitlines())
    assert err.startswith(f"horarium: {table}:{last}: "), err
    assert "day: expected a whole number" in err


@pytest.mark.slow
def test_a_run_keeps_pins_and_most_of_the_timetable_before(
    horarium: Callable[..., Run], tmp_path: Path
) -> None:
    made = generate(12, seed=5)
    problem, old = made.problem, tmp_path / "old.sol"
    write_solution(made.witness, old)
    course, room, day, period = old.read_text().splitlines()[-1].split()
    pins = tmp_path / "pins"
    pins.write_text(f"{course} {room} {day} {period}\n")
    instance = tmp_path / "made.ectt"
    write_ectt(problem, instance)
    old.write_text(old.read_text() + "nobody nowhere 0 0\n")
    done = horarium(
        "generate", instance, "--before", old, "--pins", pins, "--max-changes", "3",
        "--change-price", "1", "--work-limit", "3000000", "--output", tmp_path / "new.sol",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "the instance has it no longer: 1" in done.err
    assert "max_changes" in done.out
    new = read_solution(tmp_path / "new.sol", problem)
    changes = compare(Timetable(problem, made.witness.lectures), new).changes
    assert len(changes) <= 3
    assert f"{course} {room} {day} {period}" in (tmp_path / "new.sol").read_text()
