"""The timetable as a table: read back as it was, and nothing in it is taken for a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook

from tests.timetabling.exports.export_parts import (
    PROBLEM,
    certificate_of,
    document_of,
    names,
    timetables,
)
from timetabling.exports.grids import week_of
from timetabling.exports.table import csv_text, rows_of
from timetabling.exports.workbook import workbook
from timetabling.formats import InputError, read_before, read_solution, write_solution
from timetabling.formats.cells import guarded, unguarded
from timetabling.problem import Lecture, Problem, Timetable

SOME = Timetable(PROBLEM, (Lecture(0, 0, 0), Lecture(0, 5, 1), Lecture(1, 7, 2), Lecture(3, 7, 2)))
QUICK = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def any_timetables(draw: st.DrawFn) -> Timetable:
    """Of a problem whose names are any at all."""
    called = draw(st.lists(names, min_size=7, max_size=7, unique=True))
    problem = replace(
        PROBLEM,
        courses=tuple(
            replace(course, id=name)
            for course, name in zip(PROBLEM.courses, called[:4], strict=True)
        ),
        rooms=tuple(
            replace(room, id=name) for room, name in zip(PROBLEM.rooms, called[4:], strict=True)
        ),
    )
    return draw(timetables(problem))


def written(folder: Path, timetable: Timetable, kind: str) -> Path:
    path = folder / f"timetable{kind}"
    found = document_of(timetable)
    if kind == ".xlsx":
        path.write_bytes(workbook(found, certificate_of(timetable), week_of(found)))
    else:
        path.write_text(csv_text(rows_of(found)), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
@given(timetable=any_timetables())
@QUICK
def test_a_timetable_is_read_back_from_its_table(
    tmp_path: Path, kind: str, timetable: Timetable
) -> None:
    found = read_solution(written(tmp_path, timetable, kind), timetable.problem)
    assert sorted(found.lectures) == sorted(timetable.lectures)


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
def test_of_a_table_of_a_timetable_before_what_is_gone_is_told_and_the_rest_is_read(
    tmp_path: Path, kind: str
) -> None:
    path = written(tmp_path, SOME, kind)
    assert read_before(path, PROBLEM) == (SOME.lectures, ())
    fewer = replace(PROBLEM, rooms=PROBLEM.rooms[:2])
    gone = PROBLEM.rooms[2].id
    assert read_before(path, fewer) == (
        SOME.lectures[:2],
        tuple(
            f"timetable{kind}:{row}: room: expected one of the instance, got {gone!r}"
            for row in (4, 5)
        ),
    )


def test_a_table_of_a_timetable_before_may_hold_days_that_are_gone_and_nothing_that_is_no_day(
    tmp_path: Path,
) -> None:
    path, course, room = tmp_path / "old.csv", PROBLEM.courses[1].id, PROBLEM.rooms[0].id
    header = "course,day,period,room\n"
    path.write_text(f"{header}{course},99,1,{room}\n{course},1,1,{room}\n{course},1,1,{room}\n")
    assert read_before(path, PROBLEM) == (
        (Lecture(1, 0, 0),),
        (
            f"old.csv:2: day: expected 1 to {PROBLEM.num_days}, got 99",
            "old.csv:4: the course is held then already",
        ),
    )
    path.write_text(f"{header}{course},Monday,1,{room}\n{course},1,0,{room}\n{course},1\n")
    with pytest.raises(InputError) as error:
        read_before(path, PROBLEM)
    first, second, third = str(error.value).splitlines()
    assert first.startswith(f"{path}:2: day: expected a whole number")
    assert second == f"{path}:3: period: expected 1 to {PROBLEM.periods_per_day}, got 0"
    assert third == f"{path}:4: expected 4 cells as in the first row, got 2"


@given(timetable=any_timetables())
@QUICK
def test_a_timetable_written_as_csv_is_read_back_in_its_order(
    tmp_path: Path, timetable: Timetable
) -> None:
    write_solution(timetable, tmp_path / "plain.csv")
    assert read_solution(tmp_path / "plain.csv", timetable.problem) == timetable


@given(st.text(max_size=5) | st.text("'=+-@\t\r; \"", max_size=6))
def test_a_guarded_name_is_no_formula_and_comes_back(name: str) -> None:
    assert not guarded(name).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(name)) == name


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(timetable=any_timetables())
@QUICK
def test_no_cell_is_taken_for_a_formula_wherever_a_spreadsheet_splits(
    tmp_path: Path, delimiter: str, timetable: Timetable
) -> None:
    write_solution(timetable, tmp_path / "plain.csv")
    for path in (written(tmp_path, timetable, ".csv"), tmp_path / "plain.csv"):
        for row in csv.reader(path.read_text().splitlines(), delimiter=delimiter):
            assert not [cell for cell in row if cell.strip().startswith(("=", "+", "-", "@"))]


def test_no_cell_is_taken_for_a_formula(tmp_path: Path) -> None:
    rows = csv.reader(io.StringIO(written(tmp_path, SOME, ".csv").read_text()))
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    path = written(tmp_path, SOME, ".xlsx")
    with zipfile.ZipFile(path) as packed:
        sheets = [packed.read(name) for name in packed.namelist() if "worksheets/" in name]
    assert len(sheets) == 6
    assert not [sheet for sheet in sheets if b"<f" in sheet or b"<hyperlink" in sheet]
    book = CalamineWorkbook.from_path(path)
    courses = {row[0] for row in book.get_sheet_by_name("Timetable").to_python()[1:]}
    assert courses == {"=1+1", "<b>&amp;", "+x"}


def test_the_costs_of_all_rows_add_up_and_each_says_why() -> None:
    found = document_of(SOME)
    rows = rows_of(found)
    assert sum(row.cost + row.course_cost for row in rows) == found["cost"] - 5, (
        "a course without any lecture has no row"
    )
    first = rows[0]
    assert (first.course, first.day, first.period, first.room) == ("=1+1", 1, 1, "A 1/2")
    assert (first.seats, first.students, first.curricula) == (30, 40, "</script>")
    assert first.reasons.startswith("room_capacity 10: 40 students, 30 seats; isolated_lectures 2:")
    assert "min_working_days 5: held on 2 days, at least 3 wanted" in first.course_reasons


def test_a_workbook_has_the_weeks_the_costs_and_the_certificate(tmp_path: Path) -> None:
    book = CalamineWorkbook.from_path(written(tmp_path, SOME, ".xlsx"))
    assert book.sheet_names == [
        "Timetable", "Rooms", "Teachers", "Curricula", "Costs", "Certificate",
    ]  # fmt: skip
    rooms = book.get_sheet_by_name("Rooms").to_python()
    assert rooms[0][0] == "A 1/2 (30 seats, building north, wing)"
    assert rooms[1][:2] == ["", "Monday"]
    assert rooms[2][:2] == ["1", "=1+1 (12)\nO'Hara"]
    rows = book.get_sheet_by_name("Certificate").to_python()
    told = {row[0]: row[1] for row in rows}
    assert told["SHA-256 of the instance"] == "a" * 64
    assert told["Cost"] == str(document_of(SOME)["cost"])


def refusal(path: Path, problem: Problem = PROBLEM) -> list[str]:
    with pytest.raises(InputError) as refused:
        read_solution(path, problem)
    return [line.removeprefix(str(path)) for line in str(refused.value).splitlines()]


def test_every_wrong_row_of_a_table_is_named_with_what_was_meant(tmp_path: Path) -> None:
    path = tmp_path / "wrong.csv"
    path.write_text(
        "Room;Period;Day;Course;note\n"
        "A 1/2;1;1;'=1+1;fine\n"
        "A 1;1;1;+x;\n"
        "A 1/2;0;6;+x;\n"
        "A 1/2;1.5;1;nobody;\n"
        "\n"
        "A 1/2;1\n"
    )
    assert refusal(path) == [
        ":3: room: expected one of the instance, got 'A 1'; did you mean 'A 1/2'?",
        ":4: day: expected 1 to 5, got 6; period: expected 1 to 4, got 0",
        ":5: course: expected one of the instance, got 'nobody'; "
        "period: expected a whole number, in digits only, got '1.5'",
        ":7: expected 5 cells as in the first row, got 2",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "corse,day,period\n",
            [
                ":1: expected a column 'course' in the first row, got none; did you mean 'corse'?",
                ":1: expected a column 'room' in the first row, got none",
            ],
        ),
        ("", [f":1: expected a column {name!r} in the first row, got none"
              for name in ("course", "day", "period", "room")]),
        (
            "course,day,day,period,room\n",
            [":1: expected a column 'day' in the first row, got 2 of them"],
        ),
        (
            'course,day,period,room\n"+x,1,1,..\n',
            [":2: expected cells as in a CSV file, got one that does not end well: "
             "unexpected end of data"],
        ),
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str, said: list[str]) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    assert refusal(path) == said


def test_a_workbook_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(b"PK\3\4 no")
    assert refusal(path)[0].startswith(": expected an Excel workbook (.xlsx), got another kind")
    with Workbook(path) as book:
        book.add_worksheet("Sheet1")
    assert refusal(path) == [": expected a sheet 'Timetable', got 'Sheet1'"]


def test_numbers_that_a_person_typed_into_a_workbook_are_read(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    problem = replace(PROBLEM, courses=(replace(PROBLEM.courses[0], id="101"),), curricula=())
    with Workbook(path) as book:
        sheet = book.add_worksheet("Timetable")
        sheet.write_row(0, 0, ["course", "day", "period", "room"])
        sheet.write_row(1, 0, [101, 2, 3, ".."])
    assert read_solution(path, problem).lectures == (Lecture(0, 6, 2),)
