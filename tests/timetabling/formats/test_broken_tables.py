"""Tables that are not what they should be: each mistake is named with its file or sheet and cell.

The same mistakes are made in a folder of CSV files and in a workbook.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.timetabling.formats.small_tables import (
    TABLES,
    Cells,
    complaint,
    tables,
    write_book,
    write_folder,
)
from timetabling.formats import read_problem


def both(cells: Cells, tmp_path: Path) -> tuple[str, str]:
    """What is said of the tables in a folder, and in a workbook."""
    return (
        complaint(write_folder(cells, tmp_path / "small")),
        complaint(write_book(cells, tmp_path / "small.xlsx")),
    )


def line_with(found: str, said: str) -> str:
    lines = [line for line in said.splitlines() if found in line]
    assert len(lines) == 1, said
    return lines[0]


def test_the_tables_are_right_as_they_stand(tmp_path: Path) -> None:
    problem = read_problem(write_folder(tables(), tmp_path / "small"))
    assert problem == read_problem(write_book(tables(), tmp_path / "small.xlsx"))
    assert (problem.num_lectures, len(problem.pins), problem.daily_lectures) == (5, 3, (1, 2))


# A cell, what is put there, and the words by which the mistake is told.
CELLS = {
    "days in words": ("general!B2", "five", "days: expected a whole number"),
    "no days": ("general!B2", "0", "days: expected 1 to 60, got 0"),
    "too many days": ("general!B2", "61", "days: expected 1 to 60, got 61"),
    "a week without periods": ("general!C2", "", "periods a day: expected a whole number, got an"),
    "half a period": ("general!C2", "3.5", "got '3.5'"),
    "one of two limits": ("general!D2", "", "expected both the fewest and the most lectures a day"),
    "fewest above most": ("general!D2", "3", "expected at most the most, 2, got 3"),
    "a nameless course": ("courses!A3", " ", "course: expected a name, got an empty cell"),
    "a course again": ("courses!A3", "Algebra", "each name once, got 'Algebra' again, as in row 2"),
    "a course without a teacher": ("courses!B2", "", "teacher: expected a name, got an empty"),
    "lectures in words": ("courses!C3", "three", "lectures: expected a whole number"),
    "negative lectures": ("courses!C3", "-1", "got '-1'"),
    "lectures with an exponent": ("courses!C3", "1e2", "got '1e2'"),
    "other digits": ("courses!C3", "٣x", "got '٣x'"),
    "far too many lectures": ("courses!C3", "1001", "lectures: expected 0 to 1000, got 1001"),
    "a number that never ends": ("courses!E3", "9" * 15, "expected 0 to 1000000"),
    "students as a decimal": ("courses!E3", "40,5", "students: expected a whole number"),
    "a sentence for yes": ("courses!F2", "perhaps", "expected yes or no, got 'perhaps'"),
    "a name of two lines": ("courses!B2", "No\u2028ether", "U+2028|one line of plain characters"),
    "a header near the right one": ("courses!B1", "techer", "'techer'; did you mean 'teacher'?"),
    "a header of the plural": ("rooms!B1", "Capacities", "did you mean 'capacity'?"),
    "a header like no other": ("courses!D1", "E-mail", "got 'E-mail'"),
    "a header again": ("courses!D1", " COURSE ", "expected each column once, got 'COURSE' again"),
    "a room without seats": ("rooms!B2", "many", "capacity: expected a whole number"),
    "a room again": ("rooms!A3", "Hall", "got 'Hall' again"),
    "a stray cell": ("rooms!E3", "?", "expected nothing here, got '?'"),
    "an unknown course": ("curricula!B2", "Algebr", "got 'Algebr'; did you mean 'Algebra'?"),
    "a course in small letters": ("curricula!B3", "physics", "did you mean 'Physics'?"),
    "a stranger": ("curricula!B3", "Zoology", "one of the table courses, got 'Zoology'"),
    "a course twice in a curriculum": ("curricula!B3", "Algebra", "expected each course once"),
    "a curriculum with and without": ("curricula!B3", "", "or one row without, got both"),
    "a nameless curriculum": ("curricula!A4", "", "curriculum: expected a name, got an empty"),
    "a day counted from 0": ("unavailable!B2", "0", "day: expected 1 to 2, got 0"),
    "a day after the week": ("unavailable!B3", "3", "day: expected 1 to 2, got 3"),
    "a period after the day": ("unavailable!C3", "4", "period: expected 1 to 3, got 4"),
    "a day by name": ("unavailable!B2", "Monday", "day: expected a whole number"),
    "no period": ("unavailable!C2", "", "period: expected a whole number, got an empty cell"),
    "an unknown room": ("unsuitable!B2", "Hal", "got 'Hal'; did you mean 'Hall'?"),
    "a wish of nobody": ("undesired!A2", "", "expected a course or a teacher, got neither"),
    "a wish of two": ("undesired!B2", "Curie", "expected a course or a teacher, got both"),
    "a teacher nearly known": ("undesired!B3", "Currie", "got 'Currie'; did you mean 'Curie'?"),
    "a stranger's wish": ("weights!B3", "Nobody", "one of the teachers of the table courses"),
    "a rule nearly known": ("weights!C2", "room stabilty", "did you mean 'room_stability'?"),
    "a rule of curricula": ("weights!C2", "windows", "or undesired_times, got 'windows'"),
    "a weight too large": ("weights!D2", "101", "weight: expected 0 to 100, got 101"),
    "a pin without a period": ("pinned!C2", "", "both a day and a period, or neither, got one"),
    "a pin of nothing": ("pinned!D4", "", "a room, or all three, got neither"),
    "a pin in no room": ("pinned!D2", "Attic", "one of the table rooms, got 'Attic'"),
    "a pin after the week": ("pinned!B2", "9", "day: expected 1 to 2, got 9"),
}  # fmt: skip


@pytest.mark.parametrize(("address", "value", "found"), CELLS.values(), ids=CELLS)
def test_a_cell_that_is_wrong_is_named(
    tmp_path: Path, address: str, value: str, found: str
) -> None:
    table, cell = address.split("!")
    row, column = int(cell[1:]), ord(cell[0]) - 65
    cells = tables()
    line = cells[table][row - 1]
    line.extend([""] * (column + 1 - len(line)))
    line[column] = value
    in_folder, in_book = both(cells, tmp_path)
    for said, place in (
        (in_folder, rf"small/{table}\.csv:{row}: "),
        (in_book, rf"small\.xlsx, sheet {table}, (cell {cell}|row {row}): "),
    ):
        lines = [x for x in said.splitlines() if re.search(f"{place}", x)]
        assert any(part in x for x in lines for part in found.split("|")), said


def change(edit: Callable[[Cells], object]) -> Cells:
    cells = tables()
    edit(cells)
    return cells


WHOLE = {
    "a column without a header": (
        lambda t: t["rooms"][0].__setitem__(2, ""), "expected nothing here, got 'North'",
    ),
    "no table of the week": (lambda t: t.pop("general"), "expected a {kind} general, got none"),
    "no rooms": (lambda t: t.pop("rooms"), "expected a {kind} rooms, got none"),
    "a table near a known one": (
        lambda t: t.update(pined=t.pop("pinned")), "got 'pined'; did you mean 'pinned'?",
    ),
    "a table like no other": (lambda t: t.update(Budget=[["sum"]]), "got 'Budget'"),
    "a table again": (lambda t: t.update({"Rooms ": t["rooms"]}), "got 'Rooms' again"),
    "a table without a header": (lambda t: t["rooms"].clear(), "expected columns room, capacity"),
    "a table of a header alone": (lambda t: t["rooms"].__delitem__(slice(1, 9)), "got no row"),
    "no courses": (lambda t: t["courses"].__delitem__(slice(1, 9)), "expected courses, got no row"),
    "two weeks": (lambda t: t["general"].append(["x", "1", "1", "", ""]), "header, got 2"),
    "no week": (lambda t: t["general"].pop(), "expected one row below the header, got 0"),
    "a missing column": (
        lambda t: [row.pop(1) for row in t["courses"]], "expected a column teacher, got none",
    ),
    "no column of names": (
        lambda t: [row.pop(0) for row in t["rooms"]], "expected a column room, got none",
    ),
    "a title above the header": (
        lambda t: t["rooms"].insert(0, ["Our rooms"]), "got 'Our rooms'",
    ),
    "no lectures": (
        lambda t: [t["courses"][i].__setitem__(2, "0") for i in (1, 2)],
        "lectures: expected at least one, got 0 in every row",
    ),
    "two rooms at one time": (
        lambda t: t["pinned"].append(["Algebra", "2", "1", "Lab"]), "another than in",
    ),
    "two weights of a course": (
        lambda t: t["weights"].append(["Algebra", "", "Room stability", "4"]),
        "one weight for a course and rule, got another than in",
    ),
    "more pins than lectures": (
        lambda t: t["pinned"].append(["Algebra", "1", "2", ""]), "has lectures, 2, got 3",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "found"), WHOLE.values(), ids=WHOLE)
def test_a_table_that_is_wrong_is_named(
    tmp_path: Path, edit: Callable[[Cells], object], found: str
) -> None:
    if "again" in found:
        in_folder = complaint(write_folder(change(edit), tmp_path / "small"))
        assert in_folder.startswith(f"{tmp_path / 'small'}: ")
        assert "again" in in_folder
        return  # Excel itself allows no title twice
    for said, kind in zip(both(change(edit), tmp_path), ("file", "sheet"), strict=True):
        assert line_with(found.format(kind=kind), said).startswith(str(tmp_path / "small"))


def test_all_mistakes_of_all_tables_are_told_at_once_and_once(tmp_path: Path) -> None:
    cells = tables()
    cells["courses"][1][2] = "two"
    cells["rooms"][1][1] = "big"
    cells["pinned"][1][0] = "Alegbra"
    in_folder, in_book = both(cells, tmp_path)
    folder = tmp_path / "small"
    assert [line.split(": ")[0] for line in in_folder.splitlines()] == [
        f"{folder}/courses.csv:2", f"{folder}/rooms.csv:2", f"{folder}/pinned.csv:2",
    ]  # fmt: skip
    assert [line.split(": ")[0].split(", ", 1)[1] for line in in_book.splitlines()] == [
        "sheet courses, cell C2", "sheet rooms, cell B2", "sheet pinned, cell A2",
    ]  # fmt: skip


def test_a_missing_table_is_not_complained_about_name_by_name(tmp_path: Path) -> None:
    cells = tables()
    del cells["courses"]
    for said in both(cells, tmp_path):
        assert len(said.splitlines()) == 1, said


def test_beyond_twenty_mistakes_are_only_counted(tmp_path: Path) -> None:
    cells = tables()
    cells["unavailable"] += [["Algebr", "1", "1"]] * 10_100
    for said in both(cells, tmp_path):
        assert len(said.splitlines()) == 21
        assert said.endswith("and at least 10000 more")


FILES = {
    "UTF-16": (TABLES["rooms"].encode("utf-16"), "1: expected UTF-8 text, got UTF-16; save it"),
    "Windows-1252": (
        TABLES["rooms"].replace("Lab", "Café").encode("cp1252"),
        "3: expected UTF-8 text, got the byte 0xe9, which is|'é' in Windows-1252; save it as UTF-8",
    ),
    "a workbook under another name": (b"PK\3\4\0\0", "1: expected text, got binary data"),
    "a quote that nothing closes": (b'room,capacity\n"Hall,50\nLab,20', "2: expected cells with"),
    "a quote in the middle": (b'room,capacity\n"Ha"ll,50\nLab,20', "2: expected cells with"),
    "a comma in a name": (b"room,capacity\nHall, 1,50", "2: expected nothing here, got '50'"),
    "spaces for commas": (b"room capacity\nHall 50", "1: expected a column called room, capa"),
    "an escape sequence": (b"room,capacity\nH\x1b[2Jall,50", "2: expected UTF-8 text, got the unp"),
    "nothing": (b"", "1: expected columns room, capacity, building|got nothing"),
    "a cell of a million letters": (b"room,capacity\n" + b"x" * 900_000, "2: expected cells with"),
}


@pytest.mark.parametrize(("content", "found"), FILES.values(), ids=FILES)
def test_a_csv_file_that_is_wrong_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    folder = write_folder(tables(), tmp_path / "small")
    (folder / "rooms.csv").write_bytes(content)
    said = complaint(folder)
    assert any(part in said.replace(f"{folder}/rooms.csv:", "") for part in found.split("|")), said
    assert f"{folder}/rooms.csv:" in said
    assert len(said) < 2_000


def test_a_folder_without_tables_says_what_it_should_have(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    assert complaint(tmp_path) == (
        f"{tmp_path}: expected a folder with general.csv, courses.csv, rooms.csv, got no .csv file"
    )


def test_pins_without_any_course_are_told_with_the_rest(tmp_path: Path) -> None:
    cells = tables()
    cells["courses"] = [["Name", *cells["courses"][0][1:]]]
    for said in both(cells, tmp_path):
        assert "expected courses, got no row" in said
        assert "expected a column course, got none" in said
