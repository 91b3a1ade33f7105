"""Templates and conversions on the command line, and tables as the instance of other commands."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.files import find_instance
from timetabling.formats import read_problem, write_problem, write_solution
from timetabling.formats.example import EXAMPLE
from timetabling.problem import Lecture, Timetable

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", ["mine", "mine.xlsx", "Mine.XLSX"])
def test_a_template_reads_back_as_the_example(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert invoke("template", path) == (0, f"written: {path}\n", "")
    assert read_problem(path) == EXAMPLE
    before = path.stat().st_mtime_ns
    status, out, err = invoke("template", path)
    assert (status, out) == (2, "")
    assert err == (
        f"horarium: {path}: expected a new name, got one that exists; nothing is overwritten\n"
    )
    assert path.stat().st_mtime_ns == before
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["mine.csv", "mine.ectt", "mine.xls", "no/such/folder"])
def test_a_template_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    status, out, err = invoke("template", tmp_path / name)
    assert (status, out) == (2, "")
    assert str(tmp_path / name) in err
    assert not list(tmp_path.iterdir())


def test_an_instance_goes_through_all_formats_and_back(tmp_path: Path) -> None:
    expected = read_problem(TINY)
    source = TINY
    for name in ("tiny.xlsx", "tiny", "again.ectt"):
        status, out, _ = invoke("convert", source, tmp_path / name)
        assert (status, out) == (0, f"written: {tmp_path / name}\n")
        source = tmp_path / name
        assert read_problem(source) == expected
    assert invoke("convert", TINY, source)[0] == 2
    assert (tmp_path / "again.ectt").read_text() == TINY.read_text()


def test_what_a_format_cannot_hold_is_refused(tmp_path: Path) -> None:
    write_problem(EXAMPLE, tmp_path / "mine")
    status, _, err = invoke("convert", tmp_path / "mine", tmp_path / "mine.ectt")
    assert status == 2
    assert "pins: expected none, which .ectt cannot hold, got 3" in err
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_broken_tables_are_one_message_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_problem(EXAMPLE, tmp_path / "mine")
    rooms = tmp_path / "mine" / "rooms.csv"
    rooms.write_text(rooms.read_text("utf-8-sig").replace(",50,", ",fifty,"), "utf-8")
    for command in (
        ["generate", "mine"], ["validate", "mine", str(TINY)], ["convert", "mine", "new.xlsx"],
    ):  # fmt: skip
        status, out, err = invoke(*command)
        assert (status, out) == (2, "")
        assert err == (
            "horarium: mine/rooms.csv:3: capacity: expected a whole number, in digits only, "
            "got 'fifty'\n"
        )
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_a_folder_is_validated_like_a_file(tmp_path: Path) -> None:
    problem = read_problem(TINY)
    write_problem(problem, tmp_path / "tiny")
    write_solution(Timetable(problem, (Lecture(0, 0, 0),)), tmp_path / "one.sol")
    told = [invoke("validate", path, tmp_path / "one.sol") for path in (TINY, tmp_path / "tiny")]
    assert told[0] == told[1]
    assert told[0][0] == 1


def test_a_folder_is_found_by_name_among_the_instances(tmp_path: Path) -> None:
    write_problem(EXAMPLE, tmp_path / "mine")
    (tmp_path / "instances").mkdir()
    (tmp_path / "mine").rename(tmp_path / "instances" / "mine")
    assert find_instance(Path("mine"), tmp_path) == tmp_path / "instances" / "mine"


def test_what_is_left_out_of_a_file_is_said(tmp_path: Path) -> None:
    tags = "<Activity_Tags_List><Activity_Tag><Name>x</Name></Activity_Tag></Activity_Tags_List>"
    (tmp_path / "mine.fet").write_text(
        "<fet><Days_List><Day><Name>Mon</Name></Day></Days_List>"
        f"<Hours_List><Hour><Name>8</Name></Hour></Hours_List>{tags}<Activities_List><Activity>"
        "<Subject>Art</Subject><Id>1</Id><Duration>1</Duration></Activity></Activities_List></fet>"
    )
    status, _, err = invoke("convert", tmp_path / "mine.fet", tmp_path / "mine.xlsx")
    assert status == 0
    assert "horarium: left out: 1 x an activity tag\n" in err
