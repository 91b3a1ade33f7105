"""Write what a timetable costs and why, for people to look at."""

from __future__ import annotations

import json
from pathlib import Path

from prefect import task

from tasks.retrying import RETRYING
from timetabling.formats.text import write_text
from timetabling.penalties import Formulation
from timetabling.problem import Timetable
from timetabling.view import document

__all__ = ["explain"]


@task(task_run_name="explain the timetable", **RETRYING)
def explain(timetable: Timetable, *, formulation: Formulation, output: Path, bound: int) -> None:
    """Write the timetable with all its reasons as JSON, whole or not at all."""
    found = document(timetable, formulation, bound)
    write_text(output, json.dumps(found, separators=(",", ":"), allow_nan=False))
