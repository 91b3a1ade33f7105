"""An Excel workbook with a sheet for each table, and notes on each column in its header."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from timetabling.formats.from_tables import read_tables
from timetabling.formats.tables import TABLES, Column, Kind, Table
from timetabling.formats.text import write_bytes
from timetabling.formats.to_tables import Row, rows_of
from timetabling.formats.xlsx import read_sheets
from timetabling.problem import Problem

__all__ = ["read", "write"]

_LAST_ROW = 1_048_575  # from 0
_MAX_CHARACTERS = 32_767
_NEVER = datetime(2000, 1, 1)  # noqa: DTZ001 (the same problem gives the same bytes)


def read(path: Path) -> Problem:
    """Read a workbook; a hidden sheet counts if it is called like a table.

    Raises
    ------
    InputError
        If it is no workbook, or its tables are not what `tables` says; it names every problem.
    OSError
        If reading fails half-way.
    """
    seen, hidden = read_sheets(path)
    names = {table.name for table in TABLES}
    sheets = seen + [sheet for sheet in hidden if sheet.title.strip().casefold() in names]
    return read_tables(sheets, source=str(path), kind="sheet", name=path.stem)


def write(problem: Problem, path: Path) -> None:
    """Write a workbook, in one step, whose tables read back as the same problem.

    Raises
    ------
    ValueError
        If a sheet cannot hold the problem: too many rows, or a name that would not read back.
    OSError
        If the file cannot be written; what was there stays.
    """
    rows = rows_of(problem)
    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        book.set_properties({"created": _NEVER})
        bold = book.add_format({"bold": True, "bottom": 1})
        text = book.add_format({"num_format": "@"})
        for table in TABLES:
            _write_table(book.add_worksheet(table.name), table, rows[table.name], bold, text)
        _write_notes(book.add_worksheet("notes"), bold)
    write_bytes(path, data.getvalue())


def _write_table(sheet: Any, table: Table, rows: list[Row], bold: Any, text: Any) -> None:
    if len(rows) > _LAST_ROW:
        raise ValueError(f"{table.name}: expected at most {_LAST_ROW} rows, got {len(rows)}")
    sheet.freeze_panes(1, 0)
    for i, column in enumerate(table.columns):
        values = [column.name, column.example, *(str(row[i] or "") for row in rows[:1000])]
        width = min(40, max(map(len, values)) + 3)
        # Names are texts, so that Excel leaves 007 and 1-2 as they are typed.
        sheet.set_column(i, i, width, text if column.kind is Kind.NAME else None)
        sheet.write_string(0, i, column.name, bold)
        sheet.write_comment(0, i, _note(column), {"x_scale": 2})
        _validate(sheet, i, column)
    for number, row in enumerate(rows, 1):
        for i, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, i, value)
            elif value is not None:
                if len(value) > _MAX_CHARACTERS:
                    raise ValueError(
                        f"{table.name}: expected names of at most {_MAX_CHARACTERS} characters, "
                        f"got {len(value)}"
                    )
                sheet.write_string(number, i, value, text)


def _validate(sheet: Any, i: int, column: Column) -> None:
    """Have Excel refuse at once what the reader would."""
    if column.kind is Kind.NUMBER:
        rule: dict[str, Any] = {
            "validate": "integer", "criteria": "between",
            "minimum": column.low, "maximum": column.high,
            "error_message": f"{column.name}: a whole number from {column.low} to {column.high}",
        }  # fmt: skip
    elif column.kind is Kind.YES_NO:
        rule = {"validate": "list", "source": ["yes", "no"]}
    elif column.refers_to:
        source = f"={column.refers_to}!$A$2:$A${_LAST_ROW + 1}"
        rule = {"validate": "list", "source": source, "error_type": "warning"}
    else:
        return
    sheet.data_validation(1, i, _LAST_ROW, i, rule)


def _write_notes(sheet: Any, bold: Any) -> None:
    sheet.freeze_panes(1, 0)
    for i, (title, width) in enumerate(
        (("sheet", 14), ("column", 24), ("must be there", 14), ("meaning", 100), ("example", 16))
    ):
        sheet.set_column(i, i, width)
        sheet.write_string(0, i, title, bold)
    number = 1
    for table in TABLES:
        lines = [(table.name, "", "yes" if table.is_required else "no", table.note, "")]
        lines += [
            (table.name, c.name, "yes" if c.is_required else "no", c.note, c.example)
            for c in table.columns
        ]
        for line in lines:
            for i, cell in enumerate(line):
                sheet.write_string(number, i, cell)
            number += 1


def _note(column: Column) -> str:
    need = "" if column.is_required else " This column may be left out."
    return f"{column.note}{need} For example: {column.example}"
