"""Cells of tables into values, whatever file they are in; all that is wrong is noted by place.

People's files are messy: columns in any order, capital letters and blanks anywhere in a header,
empty rows. What could be a mistake is never passed over: a column or a table of an unknown name is
refused, unless it is called ``note`` or ``notes``, or begins with ``#``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from timetabling.formats.spelling import Spelling
from timetabling.formats.tables import TABLES, Column, Kind, Table
from timetabling.formats.text import Complaints, is_plain, quote, whole_number

__all__ = ["Cell", "Odd", "Record", "Sheet", "find_tables", "names_in", "read_records"]


class Odd(NamedTuple):
    """A cell of what is neither a text nor a number; how it is called in a complaint."""

    what: str


Cell = str | Odd


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was found.

    Parameters
    ----------
    title
        What it is called.
    rows
        The number of each row that is not empty, and its cells from the first column on.
    place
        Where a cell is, for people, by the number of its row and of its column, from 0; without a
        column, where the row is.
    """

    title: str
    rows: list[tuple[int, list[Cell]]]
    place: Callable[[int, int | None], str]


class Record(NamedTuple):
    """A row that is right: where it is, and its values by the names of their columns."""

    place: str
    values: dict[str, Any]


Names = Mapping[str, int]


def find_tables(
    sheets: Iterable[Sheet], source: str, kind: str, complaints: Complaints
) -> dict[str, Sheet]:
    """Which table each sheet is, by its title; a missing or unknown one is noted.

    Parameters
    ----------
    source
        Where the sheets are, for complaints.
    kind
        What a sheet is called there.
    """
    known = {table.name: table for table in TABLES}
    spelling = Spelling(known)
    found: dict[str, Sheet] = {}
    for sheet in sheets:
        name = _folded(sheet.title)
        if name in found:
            complaints.add(source, f"expected each {kind} once, got {quote(sheet.title)} again")
        elif name in known:
            found[name] = sheet
        elif not _is_note(name):
            complaints.add(
                source,
                f"expected a {kind} called {_listed(known)} (or #... to have it ignored), "
                f"got {quote(sheet.title)}{spelling.hint(name)}",
            )
    for name, table in known.items():
        if table.is_required and name not in found:
            complaints.add(source, f"expected a {kind} {name}, got none")
    return found


def read_records(
    table: Table,
    sheet: Sheet,
    names: Mapping[str, Names],
    highs: Mapping[str, int],
    complaints: Complaints,
) -> list[Record]:
    """Read the rows of a table; those that are wrong are noted, and left out.

    Parameters
    ----------
    names
        Of other tables, what their rows are called, and the place of each; a value that refers to
        a table is its place. A table that is not here may hold any name.
    highs
        The highest number by column, where that is known.
    """
    if not sheet.rows:
        expected = _listed(column.name for column in table.columns)
        complaints.add(sheet.place(1, None), f"expected columns {expected}, got nothing")
        return []
    (header_row, header), *rows = sheet.rows
    positions = _positions(table, header, lambda i: sheet.place(header_row, i), complaints)
    parsers = [
        (column.name, positions[column.name], _parser(column, names, highs))
        for column in table.columns
        if column.name in positions
    ]
    unnamed = [i for i, cell in enumerate(header) if _is_empty(cell)]
    absent = {c.name: c.default for c in table.columns if c.name not in positions}
    records = []
    for number, cells in rows:
        values: dict[str, Any] = dict(absent)
        for name, position, parse in parsers:
            try:
                values[name] = parse(cells[position] if position < len(cells) else "")
            except ValueError as error:
                complaints.add(sheet.place(number, position), f"{name}: {error}")
        is_right = len(values) == len(table.columns)
        for i in (*unnamed, *range(len(header), len(cells))):
            if i < len(cells) and not _is_empty(cells[i]):
                complaints.add(
                    sheet.place(number, i), f"expected nothing here, got {_shown(cells[i])}"
                )
        if is_right:
            records.append(Record(sheet.place(number, None), values))
    return records


def names_in(table: Table, sheet: Sheet, complaints: Complaints) -> Names | None:
    """What the rows of a table are called, and their places; a name that comes again is noted.

    It is None if the column with the names is missing.
    """
    (_, header), *rows = sheet.rows or [(1, [])]
    column = table.columns[0].name
    position = next((i for i, cell in enumerate(header) if _folded_cell(cell) == column), None)
    if position is None:
        return None
    places: dict[str, int] = {}
    first: dict[str, int] = {}
    for number, cells in rows:
        cell = cells[position] if position < len(cells) else ""
        if isinstance(cell, Odd) or not cell.strip():
            continue
        name = cell.strip()
        if name in first:
            complaints.add(
                sheet.place(number, position),
                f"{column}: expected each name once, got {quote(name)} again, "
                f"as in row {first[name]}",
            )
        first.setdefault(name, number)
        places.setdefault(name, len(places))
    return places


def _positions(
    table: Table, header: list[Cell], place: Callable[[int], str], complaints: Complaints
) -> dict[str, int]:
    """In which column of the sheet each column of the table is."""
    known = [column.name for column in table.columns]
    spelling = Spelling(known)
    positions: dict[str, int] = {}
    for i, cell in enumerate(header):
        name = _folded_cell(cell)
        if name in positions:
            complaints.add(place(i), f"expected each column once, got {_shown(cell)} again")
        elif name in known:
            positions[name] = i
        elif isinstance(cell, Odd) or not (_is_empty(cell) or _is_note(name)):
            complaints.add(
                place(i),
                f"expected a column called {_listed(known)} (or #... to have it ignored), "
                f"got {_shown(cell)}{spelling.hint(name)}",
            )
    for column in table.columns:
        if column.is_required and column.name not in positions:
            complaints.add(place(0), f"expected a column {column.name}, got none")
    return positions


def _parser(
    column: Column, names: Mapping[str, Names], highs: Mapping[str, int]
) -> Callable[[Cell], Any]:
    known = names.get(column.refers_to)
    spelling = Spelling(known or column.choices)
    high = highs.get(column.name, column.high)

    def parse(cell: Cell) -> Any:
        if isinstance(cell, Odd):
            raise ValueError(f"expected {column.kind.value}, got {cell.what}")  # noqa: TRY004
        text = cell.strip()
        if not text:
            if column.is_required and not column.may_be_empty:
                raise ValueError(f"expected {column.kind.value}, got an empty cell")
            return column.default
        if column.kind is Kind.NUMBER:
            number = whole_number(text)
            if not column.low <= number <= high:
                raise ValueError(f"expected {column.low} to {high}, got {number}")
            return number
        if column.kind is Kind.YES_NO:
            if text.casefold() not in _YES_NO:
                raise ValueError(f"expected yes or no, got {quote(text)}")
            return _YES_NO[text.casefold()]
        if not is_plain(text):
            raise ValueError(f"expected one line of plain characters, got {quote(text)}")
        if column.choices:
            name = _folded(text).replace(" ", "_")
            if name not in column.choices:
                raise ValueError(
                    f"expected {_listed(column.choices)}, got {quote(text)}{spelling.hint(name)}"
                )
            return name
        if not column.refers_to:
            return text
        if known is None:
            return 0
        if text not in known:
            raise ValueError(
                f"expected one of the {_called(column.refers_to)}, "
                f"got {quote(text)}{spelling.hint(text)}"
            )
        return known[text]

    return parse


_YES_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}


def _called(refers_to: str) -> str:
    return "teachers of the table courses" if refers_to == "teachers" else f"table {refers_to}"


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _folded_cell(cell: Cell) -> str:
    return "" if isinstance(cell, Odd) else _folded(cell)


def _is_note(folded: str) -> bool:
    return folded in ("note", "notes") or folded.startswith("#")


def _is_empty(cell: Cell) -> bool:
    return not isinstance(cell, Odd) and not cell.strip()


def _shown(cell: Cell) -> str:
    return cell.what if isinstance(cell, Odd) else quote(cell.strip())


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
