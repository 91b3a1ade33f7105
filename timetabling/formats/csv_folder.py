"""A folder of CSV files, one for each table, with a README.txt that says what the columns mean.

UTF-8; a comma, a semicolon (as Excel writes where the comma is the decimal sign) or a tab between
cells. What a spreadsheet would compute is written with an apostrophe (`cells.guarded`), which the
reader takes off again.
"""

from __future__ import annotations

import csv
import io
import secrets
import shutil
from pathlib import Path

from timetabling.formats.cells import guarded, unguarded
from timetabling.formats.from_tables import read_tables
from timetabling.formats.sheets import Cell, Sheet
from timetabling.formats.tables import FILE, TABLES, Table
from timetabling.formats.text import Complaints, InputError, read_lines
from timetabling.formats.to_tables import Row, rows_of
from timetabling.problem import Problem

__all__ = ["files_of", "read", "write"]

_DELIMITERS = ",;\t"
_MOST_FILES = 1_000


def files_of(path: Path) -> list[Path]:
    """The CSV files of a folder, by name; other files, and hidden ones, are not looked at.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    return sorted(
        file
        for file in path.iterdir()
        if file.suffix.lower() == FILE and not file.name.startswith((".", "~"))
    )


def read(path: Path) -> Problem:
    """Read the CSV files of a folder.

    Raises
    ------
    InputError
        If the tables are not what `tables` says; it names every problem.
    OSError
        If reading fails half-way.
    """
    files = files_of(path)
    if not files:
        wanted = ", ".join(f"{table.name}{FILE}" for table in TABLES if table.is_required)
        raise InputError(f"{path}: expected a folder with {wanted}, got no {FILE} file")
    if len(files) > _MOST_FILES:
        raise InputError(f"{path}: expected a file a table, got {len(files)} {FILE} files")
    sheets, unreadable = [], []
    for file in files:
        try:
            sheets.append(_sheet(file))
        except InputError as error:
            unreadable.append(str(error))
    if unreadable:
        raise InputError("\n".join(unreadable))
    return read_tables(sheets, source=str(path), kind="file", name=path.resolve().name)


def write(problem: Problem, path: Path) -> None:
    """Write a new folder, in one step, whose tables read back as the same problem.

    Raises
    ------
    ValueError
        If there is something at the path, or the tables cannot hold the problem.
    OSError
        If the folder cannot be written; then nothing of it is.
    """
    if path.exists() or path.is_symlink():
        raise ValueError(f"{path}: expected the name of a new folder, got one that exists")
    rows = rows_of(problem)
    partial = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        try:
            partial.mkdir()
            for table in TABLES:
                text = _csv(table, rows[table.name])
                (partial / f"{table.name}{FILE}").write_text(text, "utf-8-sig", newline="")
            (partial / "README.txt").write_text(_notes(), "utf-8")
            partial.rename(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _sheet(path: Path) -> Sheet:
    """Read a file; a cell ends on its line."""
    complaints = Complaints()
    lines = read_lines(path)
    header = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    rows: list[tuple[int, list[Cell]]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip(" \t\ufeff,;"):
            continue
        try:
            (cells,) = csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True)
        except csv.Error as error:
            complaints.add(
                f"{path}:{number}",
                'expected cells with a " before and after them, or none, and each " inside them '
                f"twice, got {_ERRORS.get(str(error), str(error))}",
            )
            continue
        if any(cell.strip() for cell in cells):
            rows.append((number, [unguarded(cell.strip()) for cell in cells]))
    complaints.check()
    return Sheet(path.stem, rows, lambda number, _: f"{path}:{number}")


_ERRORS = {"unexpected end of data": 'a " that nothing closes on its line'}


def _csv(table: Table, rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in table.columns])
    for row in rows:
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in row])
    return text.getvalue()


def _notes() -> str:
    lines = [
        "The data of a timetable: a file for each table, which any spreadsheet opens.",
        'Save them as "CSV UTF-8". Nobody reads this file but you.',
        "Columns may be in any order. Those called note, or beginning with #, are for you alone.",
    ]
    for table in TABLES:
        lines += ["", f"{table.name}{FILE}: {table.note}"]
        for column in table.columns:
            need = "" if column.is_required else " (may be left out)"
            lines.append(f"  {column.name}{need}: {column.note} For example {column.example}.")
    return "\n".join([*lines, ""])
