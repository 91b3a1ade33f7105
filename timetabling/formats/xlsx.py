"""Excel workbooks (.xlsx, ECMA-376): the cells of their sheets, as people see them.

A whole number is a text without a point; a formula is its last value. Dates, errors, formulas that
were never computed and the lesser parts of merged cells come as `Odd`, so that who expects a name
or a number can say what is there. Why no library does this: docs/decisions/0018-tables.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from timetabling.formats.package import Package
from timetabling.formats.sheets import Cell, Odd, Sheet
from timetabling.formats.text import InputError, quote

__all__ = ["read_sheets"]

_MAX_SHEETS = 500
_MAX_CELLS = 2_000_000
_MAX_MERGED = 100_000
_MAX_COLUMNS = 256  # no table of ours is wider, and a stray cell far out is no table
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_NOT_OF_DATES = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]|general', re.IGNORECASE)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_NEVER_COMPUTED = Odd("a formula without a value (open the workbook in Excel and save it)")
_FIRST_DAY = datetime(1899, 12, 30)  # noqa: DTZ001 (Excel's days have no zone)


def read_sheets(path: Path) -> tuple[list[Sheet], list[Sheet]]:
    """Read the sheets of a workbook: those that are seen, and those that are hidden.

    Raises
    ------
    InputError
        If it is no workbook, or too large a one.
    OSError
        If reading fails half-way.
    """
    package = Package(path)
    documents = [part for _, kind, part in package.relations("") if kind == "officeDocument"]
    if not documents:
        raise InputError(f"{path}: expected an Excel workbook (.xlsx), got another document")
    workbook = documents[0]
    relations = package.relations(workbook)
    parts = {key: part for key, kind, part in relations if kind == "worksheet"}
    of_kind = {kind: part for _, kind, part in relations}
    titles: list[tuple[str, str, bool]] = []

    def start(tag: str, values: Mapping[str, str]) -> None:
        if tag == "sheet":
            key = next((v for k, v in values.items() if k.endswith(" id")), "")
            if key in parts:  # a chart is a sheet as well
                hidden = values.get("state", "visible") != "visible"
                titles.append((values.get("name", ""), parts[key], hidden))

    package.parse(workbook, start)
    if not titles:
        raise InputError(f"{path}: expected an Excel workbook (.xlsx), got one without sheets")
    if len(titles) > _MAX_SHEETS:
        raise InputError(f"{path}: expected at most {_MAX_SHEETS} sheets, got {len(titles)}")
    strings = _strings(package, of_kind["sharedStrings"]) if "sharedStrings" in of_kind else []
    dates = _date_styles(package, of_kind["styles"]) if "styles" in of_kind else set()
    seen: list[Sheet] = []
    hidden: list[Sheet] = []
    for title, part, is_hidden in titles:
        cells = _Cells(f"{path}, sheet {title}", strings, dates)
        package.parse(part, cells.start, cells.end)
        sheet = Sheet(title, cells.rows(), cells.place)
        (hidden if is_hidden else seen).append(sheet)
    return seen, hidden


class _Cells:
    """The cells of a sheet, taken from its elements as they come; only those with something in."""

    def __init__(self, where: str, strings: list[str], dates: set[int]) -> None:
        self._where = where
        self._strings, self._dates = strings, dates
        self._rows: dict[int, dict[int, Cell]] = {}
        self._merged: list[tuple[int, int, int, int, str]] = []
        self._num_cells = 0
        self._row, self._column = 0, -1
        self._type, self._style = "", 0
        self._value: str | None = None
        self._inline: list[str] = []
        self._has_formula = self._in_phonetic = False

    def place(self, row: int, column: int | None) -> str:
        if column is None:
            return f"{self._where}, row {row}"
        return f"{self._where}, cell {_letters(column)}{row}"

    def start(self, tag: str, values: Mapping[str, str]) -> None:
        if tag == "c":
            self._type = values.get("t", "n")
            style = values.get("s", "0")
            self._style = int(style) if style.isdecimal() else 0
            self._column += 1
            if "r" in values:
                self._column, self._row = self._index(values["r"])
            self._value, self._has_formula = None, False
            self._inline.clear()
        elif tag == "row":
            row = values.get("r", "")
            self._row = int(row) if row.isdecimal() and len(row) < 8 else self._row + 1
            self._column = -1
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._in_phonetic = True
        elif tag == "mergeCell":
            reference = values.get("ref", "")
            first, _, last = reference.partition(":")
            (left, top), (right, bottom) = self._index(first), self._index(last or first)
            self._merged.append((left, top, right, bottom, reference))

    def end(self, tag: str, text: str) -> None:
        if tag == "v":
            self._value = text
        elif tag == "t" and not self._in_phonetic:
            self._inline.append(text)
        elif tag == "rPh":
            self._in_phonetic = False
        elif tag == "c":
            cell = self._cell()
            if cell:
                self._num_cells += 1
                if self._num_cells > _MAX_CELLS:
                    raise InputError(f"{self._where}: expected at most {_MAX_CELLS} cells")
                if self._column >= _MAX_COLUMNS:
                    raise InputError(
                        f"{self.place(self._row, self._column)}: expected nothing beyond "
                        f"{_MAX_COLUMNS} columns, got {quote(str(cell))}"
                    )
                self._rows.setdefault(self._row, {})[self._column] = cell

    def rows(self) -> list[tuple[int, list[Cell]]]:
        """Each row with something in it, in order."""
        self._spread_merged()
        return [
            (row, [cells.get(column, "") for column in range(max(cells) + 1)])
            for row, cells in sorted(self._rows.items())
        ]

    def _cell(self) -> Cell:
        value = self._value
        if self._type == "inlineStr":
            return _unescaped("".join(self._inline)).strip()
        if value is None:
            return _NEVER_COMPUTED if self._has_formula else ""
        if self._type == "s":
            place = int(value) if value.strip().isdecimal() else len(self._strings)
            is_there = place < len(self._strings)
            return self._strings[place].strip() if is_there else Odd("a text that is not there")
        if self._type == "str":
            return _unescaped(value).strip()
        if self._type == "e":
            return Odd(f"the error {value[:20]}")
        if self._type == "b":
            return "TRUE" if value == "1" else "FALSE"
        if self._type == "d":
            return Odd(f"the date {value[:20]}{_RETYPE}")
        return self._number(value)

    def _number(self, value: str) -> Cell:
        try:
            number = float(value)
        except ValueError:
            return Odd(f"an unreadable number ({quote(value)})")
        if self._style in self._dates:
            return Odd(f"{_date(number)}{_RETYPE}")
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)

    def _spread_merged(self) -> None:
        """What is merged downwards holds in each row; what lies beside it is only a part of it."""
        num_left = _MAX_MERGED
        for left, top, right, bottom, reference in self._merged:
            value = self._rows.get(top, {}).get(left)
            if value is None:
                continue
            right = min(right, _MAX_COLUMNS - 1)
            num_left -= (right - left + 1) * (bottom - top + 1)
            if num_left < 0:
                raise InputError(f"{self._where}: expected at most {_MAX_MERGED} merged cells")
            for row in range(top, bottom + 1):
                cells = self._rows.setdefault(row, {})
                cells[left] = value
                for column in range(left + 1, right + 1):
                    cells[column] = Odd(f"a part of the merged cells {reference}")

    def _index(self, reference: str) -> tuple[int, int]:
        match = _REFERENCE.fullmatch(reference)
        if match is None:
            raise InputError(f"{self._where}: expected a cell such as B7, got {quote(reference)}")
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        return column - 1, int(match[2])


_RETYPE = (
    " (Excel takes some numbers and names for dates: format the column as text, and type it again)"
)


def _strings(package: Package, part: str) -> list[str]:
    """The texts that the cells of type "s" have a number of."""
    strings: list[str] = []
    pieces: list[str] = []
    depth_phonetic = 0

    def start(tag: str, _: Mapping[str, str]) -> None:
        nonlocal depth_phonetic
        if tag == "si":
            pieces.clear()
        elif tag == "rPh":
            depth_phonetic += 1

    def end(tag: str, text: str) -> None:
        nonlocal depth_phonetic
        if tag == "t" and not depth_phonetic:
            pieces.append(text)
        elif tag == "rPh":
            depth_phonetic -= 1
        elif tag == "si":
            strings.append(_unescaped("".join(pieces)))

    package.parse(part, start, end)
    return strings


def _date_styles(package: Package, part: str) -> set[int]:
    """The styles in which a number is a date or a time."""
    codes: dict[str, str] = {}
    styles: list[str] = []
    in_styles = False

    def start(tag: str, values: Mapping[str, str]) -> None:
        nonlocal in_styles
        if tag == "numFmt":
            codes[values.get("numFmtId", "")] = values.get("formatCode", "")
        elif tag == "cellXfs":
            in_styles = True
        elif tag == "xf" and in_styles:
            styles.append(values.get("numFmtId", "0"))

    def end(tag: str, _: str) -> None:
        nonlocal in_styles
        in_styles = in_styles and tag != "cellXfs"

    package.parse(part, start, end)

    def is_of_dates(style: str) -> bool:
        if style in codes:
            return bool(set("dmyhs") & set(_NOT_OF_DATES.sub("", codes[style]).lower()))
        return style.isdecimal() and int(style) in _DATE_FORMATS

    return {i for i, style in enumerate(styles) if is_of_dates(style)}


def _date(number: float) -> str:
    try:
        day = _FIRST_DAY + timedelta(days=number)
    except (OverflowError, ValueError):
        return "a date"
    return f"the date {day:%Y-%m-%d}" if number >= 1 else f"the time {day:%H:%M}"


def _unescaped(text: str) -> str:
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)


def _letters(column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
