"""`horarium export` and `horarium validate --certificate`: real files, without a run."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from icalendar import Calendar
from typer.testing import CliRunner

from flows.certifying import Origin, certified, read_certificate
from flows.cli import app
from flows.curve import read_curve
from timetabling.exports.certificate import Search
from timetabling.formats import read_problem, read_solution, write_solution
from timetabling.formats.digest import digest_of
from timetabling.formats.text import InputError
from timetabling.penalties import evaluate, formulation, price_changes
from timetabling.problem import Lecture, Pin, Timetable
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers import cpsat

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"
PROBLEM = read_problem(TINY)
MADE = Timetable(PROBLEM, tuple(Lecture(c, c, 0) for c in range(8)))
SEMESTER = """
name = "Winter"
start = 2026-10-05
weeks = 15
timezone = "Europe/Berlin"
periods = ["08:15-09:45", "10:00-11:30", "12:00-13:30", "13:45-15:15"]
holidays = [2026-11-02]
"""
CURVE = "seconds,stage,violations,cost,bound\n0.5,cpsat_solving,0,90,\n3,ga_optimization,0,40,2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a run has left."""
    write_solution(MADE, tmp_path / "timetable.sol")
    (tmp_path / "semester.toml").write_text(SEMESTER)
    (tmp_path / "curve.csv").write_text(CURVE)
    search = Search(
        job_id="weekly",
        seed=3,
        time_limit_seconds=60,
        work_limit=None,
        plan="default",
        start_sha256=None,
        stopped_early=False,
    )
    made = certified(MADE, formulation("UD3"), Origin(digest_of(TINY), search, bound=2))
    (tmp_path / "certificate.json").write_text(made.text)
    return tmp_path


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def export(folder: Path, *arguments: str | Path) -> tuple[int, str, str]:
    return invoke("export", TINY, folder / "timetable.sol", *arguments)


TARGETS = (
    "t.csv", "t.xlsx", "t.html", "t.json", "t.ics", "new.sol", "new.certificate.json", "cost.svg",
    "rooms.svg", "calendars",
)  # fmt: skip


def test_every_format_is_written_and_each_tells_the_same(folder: Path) -> None:
    paths = [folder / name for name in TARGETS]
    status, out, err = export(folder, *paths, "--semester", folder / "semester.toml")
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if line] == [f"written: {path}" for path in paths]
    for kind in ("csv", "xlsx"):
        assert sorted(read_solution(folder / f"t.{kind}", PROBLEM).lectures) == sorted(
            MADE.lectures
        )
    assert (folder / "new.sol").read_bytes() == (folder / "timetable.sol").read_bytes()
    told = read_certificate(folder / "new.certificate.json")
    assert (told.formulation, told.bound) == ("UD3", 2), "as the run was certified"
    assert told.search is not None
    assert told.search.seed == 3
    document = json.loads((folder / "t.json").read_text())
    assert document["certificate"] == json.loads(told.text)
    assert document["cost"] == told.cost
    html = (folder / "t.html").read_text()
    assert told.timetable_sha256 in html
    assert "Cost over time" in html
    calendar = Calendar.from_ical((folder / "t.ics").read_bytes())
    assert json.loads(str(calendar["X-HORARIUM-CERTIFICATE"])) == json.loads(told.text)
    assert len(calendar.events) == len(MADE.lectures)
    assert (folder / "cost.svg").read_text().startswith("<svg")
    assert (folder / "rooms.svg").read_text().startswith("<svg")
    assert (folder / "calendars" / "timetable.ics").read_bytes() == (folder / "t.ics").read_bytes()
    assert [*folder.glob(".*")] == []


def test_a_changed_timetable_updates_the_calendars_that_are_there(folder: Path) -> None:
    semester = ("--semester", folder / "semester.toml")
    export(folder, folder / "calendars", *semester)
    before = (folder / "calendars" / "timetable.ics").read_bytes()
    changed = Timetable(PROBLEM, (*MADE.lectures[:-1], Lecture(7, 9, 0)))
    write_solution(changed, folder / "timetable.sol")
    status, _, err = export(folder, folder / "calendars", *semester)
    assert status == 0
    assert "left out:" in err, "the certificate beside it is of another timetable"
    assert "timetable_sha256: certified" in err
    old, new = (
        {str(event["UID"]): event for event in Calendar.from_ical(calendar).events}
        for calendar in (before, (folder / "calendars" / "timetable.ics").read_bytes())
    )
    assert old.keys() == new.keys()
    assert [new[uid].sequence for uid in old if new[uid] != old[uid]] == [2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["t.pdf"], "expected a name that ends in one of .sol, .csv, .xlsx"),
        (["t.csv", "t.ics"], "expected a semester for calendars (--semester), got none"),
        (["calendars"], "expected a semester for calendars (--semester), got none"),
        (["nowhere/t.csv"], "expected an existing folder"),
        (["nowhere/calendars"], "expected an existing folder"),
        (["t.csv", "--semester", "timetable.sol"], "expected TOML"),
        (["t.csv", "--semester", "wrong.toml"], "wrong.toml: weeks: Input should be greater"),
        (["t.html", "--semester", "short.toml"], "times of the 4 periods of a day, got 1"),
        (["full", "--semester", "semester.toml"], "or one of calendars, got one with notes.txt"),
        (["file", "--semester", "semester.toml"], "or one of calendars, got a file"),
        (["t.csv", "--curve", "semester.toml"], "semester.toml:1: expected seconds,stage"),
        (["t.csv", "--curve", "wrong.csv"], "wrong.csv:2: expected seconds,stage"),
        (["t.ics", "--semester", "semester.toml"], "t.ics: expected a calendar that this program"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(folder)
    Path("wrong.toml").write_text(SEMESTER.replace("weeks = 15", "weeks = 0"))
    Path("short.toml").write_text(SEMESTER.replace(', "10:00-11:30"', "").split("periods")[0]
                                  + 'periods = ["08:00-09:00"]')  # fmt: skip
    Path("wrong.csv").write_text(CURVE.splitlines()[0] + "\nsoon,x,,,\n")
    Path("full").mkdir()
    Path("full/notes.txt").write_text("mine")
    Path("file").write_text("mine")
    if "this program" in said:
        Path("t.ics").write_text("nothing")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    status, out, err = export(folder, *arguments)
    assert (status, out) == (2, "")
    assert said in err.replace("\n", " ")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_certificate_that_fits_is_confirmed(folder: Path) -> None:
    export(folder, folder / "t.csv", folder / "new.certificate.json")
    for name in ("timetable.sol", "t.csv"):
        path = folder / "new.certificate.json"
        status, out, err = invoke("validate", TINY, folder / name, "--certificate", path)
        assert "fits this instance and this timetable" in out
        assert "UD3, rule by rule" in out
        assert (status, err) == (1, ""), "lectures are missing, which the certificate says"


def test_a_certificate_that_does_not_fit_is_told(folder: Path) -> None:
    changed = Timetable(PROBLEM, MADE.lectures[1:])
    write_solution(changed, folder / "timetable.sol")
    arguments = ("--certificate", folder / "certificate.json")
    status, out, err = invoke("validate", TINY, folder / "timetable.sol", *arguments)
    assert status == 1
    assert "fits" not in out
    assert "certificate.json: num_lectures: certified 8, found 7" in err
    (folder / "certificate.json").write_text("{}")
    status, out, err = invoke("validate", TINY, folder / "timetable.sol", *arguments)
    assert (status, out) == (2, "")
    assert "certificate.json: made_at: Field required" in err


def test_what_only_the_run_could_count_is_left_out_and_stays_certified(folder: Path) -> None:
    path, new = folder / "certificate.json", folder / "new.certificate.json"
    asked = replace(PROBLEM, pins=frozenset({Pin(0, 0, 0)}), before=(Lecture(1, 9, 0),))
    search = read_certificate(path).search
    run = certified(
        Timetable(asked, MADE.lectures),
        price_changes(formulation("UD3"), 7),
        Origin(digest_of(TINY), search, bound=7),
    )
    path.write_text(run.text)
    left_out = "for only the run had their files: pins, changes\n"
    _, out, err = invoke("validate", TINY, folder / "timetable.sol", "--certificate", path)
    assert "fits this instance and this timetable" in out
    assert out.endswith(f"{path}: not compared, {left_out}")
    assert err == ""
    status, _, err = export(folder, new, folder / "t.json")
    assert (status, err) == (0, f"not counted again, {left_out}")
    assert read_certificate(new).model_copy(update={"made_at": run.made_at}) == run
    found = json.loads((folder / "t.json").read_text())
    assert (found["cost"], found["bound"]) == (run.cost - 7, None)


def test_a_broken_rule_that_only_the_run_could_count_is_no_feasible_timetable(
    folder: Path,
) -> None:
    path = folder / "certificate.json"
    rules = formulation("UD2")
    made = cpsat.solve(
        PROBLEM, formulation=rules, start=None, stop=WorkLimit(3_000_000), seed=1,
        observer=SilentObserver(),
    ).timetable  # fmt: skip
    assert evaluate(made, rules).is_feasible
    write_solution(made, folder / "timetable.sol")
    moved = tuple(Lecture(each.course, (each.period + 1) % 20, each.room) for each in made.lectures)
    asked = replace(PROBLEM, before=moved, max_changes=2)
    origin = Origin(digest_of(TINY), read_certificate(path).search, bound=0)
    run = certified(Timetable(asked, made.lectures), rules, origin)
    broken = run.violations["max_changes"]
    assert broken > 0
    path.write_text(run.text)
    status, out, err = invoke("validate", TINY, folder / "timetable.sol", "--certificate", path)
    assert f"not compared, for only the run had their files: max_changes (broken {broken} " in out
    assert (status, err) == (1, "")
    export(folder, folder / "t.json")
    assert json.loads((folder / "t.json").read_text())["bound"] is None


def test_a_curve_is_read_back(folder: Path) -> None:
    points = read_curve(folder / "curve.csv")
    assert [point.cost for point in points] == [90, 40]
    assert points[0].bound is None
    (folder / "curve.csv").write_text("")
    with pytest.raises(InputError, match=r"curve.csv:1: expected seconds,stage"):
        read_curve(folder / "curve.csv")


def test_a_certificate_says_when_and_with_what_it_was_made() -> None:
    made = certified(MADE, formulation("UD2"), Origin("0" * 64))
    assert abs((datetime.now(UTC) - made.made_at).total_seconds()) < 3600
    assert {"horarium", "python", "ortools", "system"} <= made.versions.keys()
