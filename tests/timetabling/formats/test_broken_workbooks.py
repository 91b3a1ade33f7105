"""Workbooks that hold what only workbooks can, or that are damaged, or bombs."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from tests.timetabling.formats.small_tables import complaint, tables, write_book
from timetabling.formats.text import MAX_BYTES


def odd_book(path: Path, fill: Callable[[Any, Any], object]) -> Path:
    """The tables, with something in the sheet of rooms that only a workbook can have."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in tables().items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                sheet.write_row(r, 0, [int(x) if x.isdecimal() else x for x in row])
            if name == "rooms":
                fill(book, sheet)
    return path


DAY = datetime(2026, 3, 1)  # noqa: DTZ001
ODD = {
    "a date": (
        lambda b, s: s.write_datetime("B2", DAY, b.add_format({"num_format": "d. mmm yy"})),
        "cell B2: capacity: expected a whole number, got the date 2026-03-01 (Excel takes",
    ),
    "a date for a name": (
        lambda b, s: s.write_datetime("A2", DAY, b.add_format({"num_format": 14})),
        "cell A2: room: expected a name, got the date 2026-03-01",
    ),
    "a time": (
        lambda b, s: s.write_number("B2", 0.5, b.add_format({"num_format": "[h]:mm"})),
        "cell B2: capacity: expected a whole number, got the time 12:00",
    ),
    "an error": (
        lambda b, s: s.write_formula("B2", "=1/0", None, "#DIV/0!"),
        "cell B2: capacity: expected a whole number, got the error #DIV/0!",
    ),
    "a formula of a wrong value": (
        lambda b, s: s.write_formula("B2", "=7/2", None, 3.5), "got '3.5'",
    ),
    "a line end in a name": (lambda b, s: s.write_string("A2", "Ha\nll"), "cell A2: room: "),
    "a title over merged cells": (
        lambda b, s: s.merge_range("A1:C1", "Rooms"), "cell B1: expected a column called room",
    ),
    "a number merged sideways": (
        lambda b, s: s.merge_range("A3:B3", "Lab"), "got a part of the merged cells A3:B3",
    ),
    "false": (lambda b, s: s.write_boolean("B2", False), "got 'FALSE'"),
}  # fmt: skip


@pytest.mark.parametrize(("fill", "found"), ODD.values(), ids=ODD)
def test_an_odd_cell_is_named(
    tmp_path: Path, fill: Callable[[Any, Any], object], found: str
) -> None:
    path = odd_book(tmp_path / "small.xlsx", fill)
    said = complaint(path)
    assert any(f"{path}, sheet rooms" in x and found in x for x in said.splitlines()), said


def repacked(path: Path, part: str, edit: Callable[[bytes], bytes | None]) -> Path:
    """The workbook with one part of its archive changed, or without it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = edit(parts.pop(part))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        if changed is not None:
            archive.writestr(part, changed)
    return path


SHEET, BOOK = "xl/worksheets/sheet3.xml", "xl/workbook.xml"
BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (i + 1, b"&%c;" % i * 10) for i in range(97, 110))
    + b"]><worksheet>&n;</worksheet>"
)
PARTS = {
    "a sheet that is not there": (SHEET, lambda _: None, "expected a part"),
    "a sheet cut off": (SHEET, lambda d: d[: len(d) // 2], f"{SHEET}, line 2: expected XML"),
    "a sheet of something else": (SHEET, lambda _: b"rubbish", "expected XML"),
    "a bomb of entities": (SHEET, lambda _: BOMB, "line 1: expected no document type"),
    "a bomb of depth": (SHEET, lambda _: b"<a>" * 1000, "less deeply nested"),
    "a bomb of the archive": (SHEET, lambda _: b" " * (MAX_BYTES + 9), f"{MAX_BYTES} bytes when"),
    "another encoding": (SHEET, lambda _: b'<?xml version="1.0" encoding="x"?><a/>', "XML"),
    "a cell in no place": (SHEET, lambda d: d.replace(b'r="A2"', b'r="?"'), "a cell such as B7"),
    "a text that is not there": (
        SHEET, lambda d: re.sub(rb"<v>\d+</v>", b"<v>999999</v>", d, count=4), "is not there",
    ),
    "no sheets": (BOOK, lambda d: re.sub(rb"<sheet [^>]*/>", b"", d), "got one without sheets"),
    "no document": ("_rels/.rels", lambda _: None, "got another document"),
    "no texts": ("xl/sharedStrings.xml", lambda _: None, "expected a part 'xl/sharedStrings.xml'"),
    "formulas that nobody computed": (
        SHEET, lambda d: d.replace(b"<v>50</v>", b"<f>1+1</f>"), "got a formula without a value",
    ),
    "a stray cell at the far end": (
        SHEET, lambda d: d.replace(b'r="A2"', b'r="XFD1048576"'),
        "cell XFD1048576: expected nothing beyond",
    ),
    "a million merged cells": (
        SHEET, lambda d: d.replace(
            b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="A2:A1048576"/></mergeCells>'
        ),
        "at most 100000 merged cells",
    ),
    "a number that is none": (SHEET, lambda d: d.replace(b"<v>50</v>", b"<v>5O</v>"), "unreadable"),
}  # fmt: skip


@pytest.mark.parametrize(("part", "edit", "found"), PARTS.values(), ids=PARTS)
def test_a_damaged_workbook_is_refused(
    tmp_path: Path, part: str, edit: Callable[[bytes], bytes | None], found: str
) -> None:
    path = repacked(write_book(tables(), tmp_path / "small.xlsx"), part, edit)
    assert found in complaint(path)


def test_a_header_that_lies_about_its_size_does_not_help_a_bomb(tmp_path: Path) -> None:
    path = repacked(write_book(tables(), tmp_path / "small.xlsx"), SHEET, lambda d: d * 50)
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    path.write_bytes(data.replace(size, (100).to_bytes(4, "little")))
    assert "is damaged" in complaint(path)


NOT_BOOKS = {
    "an old workbook or a password": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "without a password"),
    "a text": (b"room,capacity", "got another kind of file"),
    "nothing": (b"", "got another kind of file"),
}


@pytest.mark.parametrize(("content", "found"), NOT_BOOKS.values(), ids=NOT_BOOKS)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "small.xlsx"
    path.write_bytes(content)
    assert complaint(path).startswith(f"{path}: expected an ")
    assert found in complaint(path)


def test_every_cut_of_a_workbook_is_refused(tmp_path: Path) -> None:
    whole = write_book(tables(), tmp_path / "whole.xlsx").read_bytes()
    path = tmp_path / "cut.xlsx"
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        assert complaint(path).startswith(f"{path}: ")
