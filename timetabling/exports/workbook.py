"""The timetable as an Excel workbook: a table of lectures, weeks to look at, and its certificate.

Every text is written as a text: nothing is taken for a formula or an address.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from timetabling.exports.certificate import Certificate, facts
from timetabling.exports.grids import Entry, Grid, Week, grids_of
from timetabling.exports.table import Row, rows_of
from timetabling.formats.lectures import SHEET
from timetabling.view import Document

__all__ = ["workbook"]

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
WIDTHS = (16, 16, 6, 8, 16, 8, 10, 30, 8, 50, 12, 50)
A4, FIRST_HEIGHT = 9, 20
MAX_CHARACTERS = 32_767  # of a cell; Excel takes no more


def workbook(found: Document, certificate: Certificate, week: Week) -> bytes:
    """Write the workbook; its sheet `Timetable` can be read back as a timetable."""
    file = BytesIO()
    with Workbook(file, OPTIONS) as book:
        made_at = certificate.made_at.replace(tzinfo=None)
        book.set_properties({"title": f"{found['instance']}: timetable", "created": made_at})
        bold = book.add_format({"bold": True, "bottom": 1})
        _table(book, found, bold)
        for kind, grids in grids_of(found).items():
            if grids:
                _weeks(book, kind, grids, week)
        _costs(book, found, bold)
        sheet = book.add_worksheet("Certificate")
        sheet.set_column(0, 0, 26)
        sheet.set_column(1, 1, 100)
        for row, (name, value) in enumerate(facts(certificate)):
            sheet.write_string(row, 0, name)
            sheet.write_string(row, 1, value)
    return file.getvalue()


def _table(book: Any, found: Document, bold: Any) -> None:
    sheet = book.add_worksheet(SHEET)
    rows = rows_of(found)
    for column, (name, width) in enumerate(zip(Row._fields, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, column, _cut(cell))
            else:
                sheet.write_number(number, column, cell)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(1, len(rows)), len(Row._fields) - 1)
    _for_paper(sheet)
    sheet.repeat_rows(0)


def _weeks(book: Any, kind: str, grids: list[Grid], week: Week) -> None:
    """All weeks of a kind, one below the other, each on a page of its own."""
    sheet = book.add_worksheet(kind)
    title = book.add_format({"bold": True, "font_size": 13})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#EEF1FB"})
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, len(week.days), 20)
    row, breaks = 0, []
    for grid in grids:
        if row:
            breaks.append(row)
        sheet.write_string(row, 0, f"{grid.name} ({grid.note})" if grid.note else grid.name, title)
        row += 1
        sheet.write_blank(row, 0, None, head)
        for day, name in enumerate(week.days):
            sheet.write_string(row, day + 1, name, head)
        for period, name in enumerate(week.periods):
            row += 1
            most = max(len(grid.at.get((day, period), ())) for day in range(len(week.days)))
            sheet.set_row(row, FIRST_HEIGHT + 30 * max(0, most - 1) + 12 * (most > 0))
            sheet.write_string(row, 0, name, head)
            for day in range(len(week.days)):
                here = grid.at.get((day, period), ())
                sheet.write_string(row, day + 1, _cut("\n".join(map(_words, here))), cell)
        row += 2
    if len(breaks) < 1000:  # more, Excel does not take
        sheet.set_h_pagebreaks(breaks)
    _for_paper(sheet)


def _words(entry: Entry) -> str:
    told = " (breaks a hard rule)" if entry.is_broken else f" ({entry.cost})" if entry.cost else ""
    return f"{entry.course}{told}\n{entry.beside}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 1]}…"


def _costs(book: Any, found: Document, bold: Any) -> None:
    sheet = book.add_worksheet("Costs")
    sheet.set_column(0, 0, 22)
    for column, name in enumerate(("rule", "kind", "weight", "amount", "cost")):
        sheet.write_string(0, column, name, bold)
        for row, each in enumerate(found["penalties"], 1):
            write = sheet.write_string if isinstance(each[name], str) else sheet.write_number
            write(row, column, each[name])
    row = len(found["penalties"]) + 1
    sheet.write_string(row, 0, "all", bold)
    sheet.write_number(row, 4, found["cost"], bold)


def _for_paper(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.fit_to_pages(1, 0)
