"""A small problem as tables, written as who fills them in would, to be right or broken."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from timetabling.formats import InputError, read_problem

__all__ = ["TABLES", "Cells", "complaint", "tables", "write_book", "write_folder"]

Cells = dict[str, list[list[Any]]]

TABLES = {
    "general": "name,days,periods a day,fewest lectures a day,most lectures a day\nSmall,2,3,1,2",
    "courses": "course,teacher,lectures,minimum working days,students,double lectures\n"
    "Algebra,Noether,2,2,30,yes\n"
    "Physics,Curie,3,1,40,no",
    "rooms": "room,capacity,building\nHall,50,North\nLab,20,South",
    "curricula": "curriculum,course\nFirst,Algebra\nFirst,Physics\nSecond,Physics",
    "unavailable": "course,day,period\nAlgebra,1,1\nPhysics,2,3",
    "undesired": "course,teacher,day,period\nAlgebra,,1,2\n,Curie,2,1",
    "weights": "course,teacher,rule,weight\nAlgebra,,room_stability,5\n,Curie,undesired_times,9",
    "unsuitable": "course,room\nAlgebra,Lab",
    "pinned": "course,day,period,room\nAlgebra,2,1,Hall\nAlgebra,2,2,\nPhysics,,,Hall",
}


def tables() -> Cells:
    return {name: list(csv.reader(text.splitlines())) for name, text in TABLES.items()}


def write_folder(cells: Cells, folder: Path) -> Path:
    folder.mkdir()
    for name, rows in cells.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return folder


def write_book(cells: Cells, path: Path) -> Path:
    """Whole numbers as numbers, all else as text, as who fills in a workbook gets it."""
    with xlsxwriter.Workbook(path) as book:
        for name, rows in cells.items():
            sheet = book.add_worksheet(name)
            for r, row in enumerate(rows):
                for c, value in enumerate(row):
                    if str(value).isdecimal():
                        sheet.write_number(r, c, int(value))
                    elif value != "":
                        sheet.write_string(r, c, str(value))
    return path


def complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_problem(path)
    return str(caught.value)
