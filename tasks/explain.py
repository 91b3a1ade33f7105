"""Write what a timetable costs and why, for people and programs to look at."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from tasks.retrying import RETRYING
from timetabling.exports.certificate import Certificate
from timetabling.exports.grids import week_of
from timetabling.exports.json_text import json_text
from timetabling.exports.page import page
from timetabling.exports.table import csv_text, rows_of
from timetabling.formats.text import write_text
from timetabling.problem import Timetable
from timetabling.view import document

__all__ = ["explain"]


@task(task_run_name="explain the timetable", **RETRYING)
def explain(
    timetable: Timetable,
    *,
    certificate: Certificate,
    cost_picture: str | None,
    json: Path,
    table: Path,
    html: Path,
) -> None:
    """Write the timetable with all its reasons, each file whole or not at all."""
    found = document(timetable, certificate.rules, certificate.bound)
    write_text(json, json_text(found, certificate))
    write_text(table, csv_text(rows_of(found)))
    write_text(html, page(found, certificate, week_of(found), cost_picture=cost_picture))
