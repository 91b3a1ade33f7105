"""Tables in a folder and in a workbook: what is written reads back, and what people do is read."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.formats.small_tables import TABLES, tables, write_book, write_folder
from timetabling.formats import read_problem, write_problem
from timetabling.formats.digest import digest_of
from timetabling.formats.example import EXAMPLE
from timetabling.formats.tables import TABLES as SCHEMA
from timetabling.penalties import evaluate, formulation
from timetabling.problem import (
    COURSE_RULES,
    MAX_WEIGHT,
    Course,
    CourseWeight,
    Curriculum,
    Lecture,
    Pin,
    Problem,
    Room,
    Timetable,
)

NASTY = [
    "=1+1", "+1", "-1", "@x", "'=1", "''-2", "'quoted'", '"', '""', "a,b", "a;b", "007", "1.0",
    "TRUE", "1-2", "#1", "_x0041_", "x_x000D_y", "Ünïcødé 数学 😀", "END.", "two  spaces", "None",
    "&amp;<b>", "a;=1", 'a;"=1', "a; '-1;+1", "می\u200cشود", "क्\u200dष",
]  # fmt: skip
NAMES = st.one_of(
    st.sampled_from(NASTY),
    st.text(
        st.characters(categories=["L", "N", "P", "S", "Zs"], include_characters="\u200c\u200d"),
        min_size=1,
        max_size=8,
    )
    .map(str.strip)
    .filter(lambda name: name and all(c.isprintable() or c in "\u200c\u200d" for c in name)),
)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    num_days, periods_per_day = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    courses = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    rooms = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    a_course = st.integers(0, len(courses) - 1)
    a_room = st.integers(0, len(rooms) - 1)
    a_period = st.integers(0, num_days * periods_per_day - 1)
    times = draw(st.frozensets(st.tuples(a_course, a_period), max_size=4))
    in_rooms = draw(st.dictionaries(a_course, a_room, max_size=2))
    fewest = draw(st.none() | st.integers(0, 4))
    return Problem(
        name=draw(NAMES),
        num_days=num_days,
        periods_per_day=periods_per_day,
        courses=tuple(
            Course(
                id=name,
                teacher=draw(NAMES),
                num_lectures=draw(st.integers(4, 9)),
                min_working_days=draw(st.integers(0, 9)),
                num_students=draw(st.integers(0, 10**6)),
                wants_double_lectures=draw(st.booleans()),
            )
            for name in courses
        ),
        rooms=tuple(
            Room(id=name, capacity=draw(st.integers(0, 999)), building=draw(NAMES | st.just("")))
            for name in rooms
        ),
        curricula=tuple(
            Curriculum(id=name, courses=tuple(draw(st.lists(a_course, unique=True))))
            for name in draw(st.lists(NAMES, max_size=3, unique=True))
        ),
        unavailable=draw(st.frozensets(st.tuples(a_course, a_period), max_size=4)),
        unsuitable=draw(st.frozensets(st.tuples(a_course, a_room), max_size=4)),
        undesired=draw(st.frozensets(st.tuples(a_course, a_period), max_size=4)),
        course_weights=frozenset(
            CourseWeight(c, rule, weight)
            for (c, rule), weight in draw(
                st.dictionaries(
                    st.tuples(a_course, st.sampled_from(COURSE_RULES)),
                    st.integers(0, MAX_WEIGHT),
                    max_size=4,
                )
            ).items()
        ),
        daily_lectures=None if fewest is None else (fewest, fewest + draw(st.integers(0, 4))),
        pins=frozenset(
            [Pin(c, period, draw(st.none() | a_room)) for c, period in sorted(times)]
            + [Pin(c, None, room) for c, room in in_rooms.items()]
        ),
    )


@given(problem=problems())
@settings(max_examples=40, deadline=None, derandomize=True)
@pytest.mark.parametrize("suffix", ["", ".xlsx"])
def test_a_written_problem_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, problem: Problem
) -> None:
    path = tmp_path_factory.mktemp("tables") / f"again{suffix}"
    write_problem(problem, path)
    assert read_problem(path) == problem


@pytest.mark.parametrize("suffix", ["", ".xlsx"])
@pytest.mark.parametrize("name", NASTY)
def test_a_name_that_looks_like_something_else_stays_a_name(
    tmp_path: Path, name: str, suffix: str
) -> None:
    course = replace(EXAMPLE.courses[0], id=name, teacher=name)
    problem = replace(EXAMPLE, name=name, courses=(course, *EXAMPLE.courses[1:]))
    write_problem(problem, tmp_path / f"again{suffix}")
    assert read_problem(tmp_path / f"again{suffix}") == problem


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_of_a_csv_file_would_be_computed_wherever_a_spreadsheet_splits(
    tmp_path: Path, delimiter: str
) -> None:
    courses = tuple(
        replace(EXAMPLE.courses[0], id=name, teacher=name)
        for name in ("=1", "+1", "-1", "@1", "a;=1", 'a,b;"=1;c', "a; -1")
    )
    problem = replace(EXAMPLE, courses=courses, curricula=(), pins=frozenset(),
                      unavailable=frozenset(), unsuitable=frozenset(),
                      undesired=frozenset(), course_weights=frozenset())  # fmt: skip
    write_problem(problem, tmp_path / "again")
    lines = (tmp_path / "again" / "courses.csv").read_text("utf-8-sig").splitlines()
    cells = [cell.strip() for row in csv.reader(lines, delimiter=delimiter) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("suffix", ["", ".xlsx"])
@pytest.mark.parametrize("name", [" x", "x ", "a\nb", "a\x1bb", "a\u00a0b", "a\u202eb"])
def test_a_name_that_would_not_read_back_is_refused(tmp_path: Path, name: str, suffix: str) -> None:
    for broken in (
        replace(EXAMPLE, courses=(replace(EXAMPLE.courses[0], teacher=name), *EXAMPLE.courses[1:])),
        replace(EXAMPLE, rooms=(replace(EXAMPLE.rooms[0], id=name), *EXAMPLE.rooms[1:])),
        replace(EXAMPLE, name=name),
    ):
        with pytest.raises(ValueError, match="expected a name on one line"):
            write_problem(broken, tmp_path / f"out{suffix}")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_exists_is_not_written_into(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected the name of a new folder"):
        write_problem(EXAMPLE, tmp_path)
    with pytest.raises(OSError, match="No such file"):
        write_problem(EXAMPLE, tmp_path / "no" / "folder")
    with pytest.raises(ValueError, match=r"ends in \.ectt or \.xlsx"):
        write_problem(EXAMPLE, tmp_path / "out.pdf")
    assert not list(tmp_path.iterdir())


def test_the_same_problem_is_written_as_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        write_problem(EXAMPLE, tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()


def test_the_notes_of_a_folder_name_every_column(tmp_path: Path) -> None:
    write_problem(EXAMPLE, tmp_path / "out")
    notes = (tmp_path / "out" / "README.txt").read_text()
    for table in SCHEMA:
        assert f"\n{table.name}.csv: " in notes
        assert all(f"\n  {column.name}" in notes for column in table.columns)


def test_the_documentation_has_every_column_of_the_schema() -> None:
    text = (Path(__file__).parents[3] / "docs" / "input.md").read_text()
    for table in SCHEMA:
        title = f"**{table.name}**" if table.is_required else table.name
        assert f"\n{title}: {table.note}\n" in text
        for column in table.columns:
            name = f"**{column.name}**" if column.is_required else column.name
            assert re.search(
                rf"^\| {re.escape(name)} \| .* \| {re.escape(column.note)} \|$", text, re.MULTILINE
            ), column


def _csv(folder: Path, name: str, edit: Callable[[str], str | bytes]) -> Path:
    content = edit(TABLES[name])
    data = content if isinstance(content, bytes) else content.encode()
    (folder / f"{name}.csv").write_bytes(data)
    return folder


def _columns_reversed(text: str) -> str:
    return "\n".join(",".join(reversed(line.split(","))) for line in text.splitlines())


HABITS: dict[str, Callable[[str], str | bytes]] = {
    "columns in another order": _columns_reversed,
    "capital letters, blanks and underscores in a header": lambda text: text.replace(
        "minimum working days", " Minimum_Working  DAYS "
    ).replace("teacher", "TEACHER"),
    "semicolons": lambda text: text.replace(",", ";"),
    "tabs": lambda text: text.replace(",", "\t"),
    "a byte order mark and line ends of Windows": lambda text: (
        b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    ),
    "empty rows and empty cells at the end": lambda text: (
        "\n,,,\n" + text.replace("\n", ",,\n\n,,,,,\n") + ",,,,\n\n"
    ),
    "blanks around cells": lambda text: text.replace(",", " , "),
    "quotes": lambda text: "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()
    ),
    "columns for people": lambda text: "\n".join(
        f"{line},{'Notes' if not i else 'ask first'},{'#mail' if not i else 'a@b.c'}"
        for i, line in enumerate(text.splitlines())
    ),
    "yes in other words": lambda text: text.replace("yes", "TRUE").replace(",no", ","),
}


@pytest.mark.parametrize("habit", HABITS.values(), ids=HABITS)
def test_what_people_do_to_a_table_changes_nothing(
    tmp_path: Path, habit: Callable[[str], str | bytes]
) -> None:
    folder = write_folder(tables(), tmp_path / "small")
    expected = read_problem(folder)
    assert read_problem(_csv(folder, "courses", habit)) == expected


def test_what_may_be_left_out_may(tmp_path: Path) -> None:
    cells = {
        name: rows for name, rows in tables().items() if name in ("general", "courses", "rooms")
    }
    for name, keep in (("general", (1, 2)), ("courses", (0, 1, 2, 4)), ("rooms", (0, 1))):
        cells[name] = [[row[i] for i in keep] for row in cells[name]]
    problem = read_problem(write_folder(cells, tmp_path / "Autumn"))
    assert problem == replace(read_problem(write_book(cells, tmp_path / "Autumn.xlsx")))
    assert (problem.name, problem.daily_lectures, problem.curricula) == ("Autumn", None, ())
    assert {(c.min_working_days, c.wants_double_lectures) for c in problem.courses} == {(1, False)}


def test_other_files_of_a_folder_are_not_looked_at(tmp_path: Path) -> None:
    folder = write_folder(tables(), tmp_path / "small")
    expected = read_problem(folder)
    for name in ("README.txt", ".hidden.csv", "~$rooms.csv", "timetable.sol", "#old.csv"):
        (folder / name).write_bytes(b"\xff")
    (folder / "#old.csv").write_text("anything\n")
    assert read_problem(folder) == expected


def test_the_digest_of_a_folder_is_that_of_the_files_that_are_read(tmp_path: Path) -> None:
    folder = write_folder(tables(), tmp_path / "small")
    before = digest_of(folder)
    (folder / "~old.csv").write_text("a copy that is not read")
    assert digest_of(folder) == before
    for file in folder.iterdir():
        file.rename(file.with_name(file.name.upper()))
    capitals = digest_of(folder)
    expected = read_problem(folder)
    (folder / "ROOMS.CSV").write_text(TABLES["rooms"].replace("50", "51"))
    assert read_problem(folder) != expected
    assert digest_of(folder) != capitals


def test_what_only_workbooks_do_is_read_as_it_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "small.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in tables().items():
            sheet = book.add_worksheet(name.upper() if name == "rooms" else name)
            for r, row in enumerate(rows):
                sheet.write_row(r + 2, 1, row)  # not at A1, and numbers as texts
            if name == "unavailable":
                sheet.hide()
            if name == "courses":
                sheet.write_formula("D4", "=1+1", None, 2)
                sheet.write_number("D5", 3.0, book.add_format({"num_format": "0.00"}))
                sheet.write_boolean("G4", True)
                sheet.write_rich_string("B4", book.add_format({"bold": True}), "Al", "gebra")
                sheet.write_string("Z500", " ")
            if name == "curricula":
                sheet.merge_range("B4:B5", "First")
        book.add_worksheet("Notes").write("A1", "for people")
        book.add_worksheet("Lists").hide()
    assert read_problem(path) == read_problem(write_folder(tables(), tmp_path / "small"))


@pytest.mark.parametrize("suffix", ["", ".xlsx"])
@pytest.mark.parametrize("name", ["test/toy.ectt", "itc2007/comp01.ectt", "dds/DDS3.ectt"])
def test_a_real_instance_survives_the_tables(
    instance_path: Callable[[str], Path], tmp_path: Path, name: str, suffix: str
) -> None:
    problem = read_problem(instance_path(name))
    write_problem(problem, tmp_path / f"again{suffix}")
    again = read_problem(tmp_path / f"again{suffix}")
    assert again == problem
    lectures = tuple(
        Lecture(c, i % problem.num_periods, i % len(problem.rooms))
        for i, c in enumerate(problem.lecture_courses)
    )
    scores = [evaluate(Timetable(x, lectures), formulation("UD4")) for x in (problem, again)]
    assert scores[0] == scores[1]
    write_problem(again, tmp_path / "again.ectt")
    assert read_problem(tmp_path / "again.ectt") == problem
