"""The live service, with what only this side knows of instances."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from timetabling.alternatives import alternatives
from timetabling.check import check
from timetabling.formats import InputError, read_before, read_pins, read_problem
from timetabling.penalties import Formulation
from timetabling.penalties import formulation as find_formulation
from timetabling.problem import Timetable
from timetabling.recall import recall
from tracking.service.app import create_app
from tracking.service.server import Server
from tracking.service.settings import ServiceSettings

__all__ = ["address", "check_instance", "serve", "weigh_places"]

_GONE = "cannot be kept, for the instance has it no longer"


def serve(settings: ServiceSettings, host: str, port: int, *, ready: Callable[[], object]) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Parameters
    ----------
    ready
        Called once the service listens.

    Raises
    ------
    OSError
        If the port is in use, or not ours to use.
    """
    server = Server(
        create_app(settings, check=check_instance, weigh=weigh_places), host=host, port=port
    )
    ready()
    server.run()


def check_instance(
    path: Path,
    formulation: str | None = None,
    weights: Mapping[str, int] | None = None,
    *,
    pins: Path | None = None,
    before: Path | None = None,
) -> dict[str, Any]:
    """Read an instance, and pins and the timetable before if they are given.

    Returns
    -------
    Its ``name``; a ``summary`` of counts, None if it cannot be read; the ``errors``, a line each;
    ``notes`` on what a problem cannot hold of the files; and the ``findings`` of the data check by
    a formulation and weights of soft rules, if one is given.
    """
    notes: list[str] = []
    try:
        problem = read_problem(path, tell=notes.append)
        if pins is not None:
            problem = replace(problem, pins=problem.pins | read_pins(pins, problem))
        if before is not None:
            notes += [f"{_GONE}: {line}" for line in read_before(before, problem)[1]]
    except (InputError, OSError) as error:
        # Where the service keeps it is nobody's business.
        text = str(error)
        for file in filter(None, (path, pins, before)):
            text = text.replace(str(file), file.name)
        lines = text.splitlines()
        return {"name": path.name, "summary": None, "errors": lines, "notes": [], "findings": []}
    summary = {
        "courses": len(problem.courses),
        "lectures": problem.num_lectures,
        "rooms": len(problem.rooms),
        "curricula": len(problem.curricula),
        "periods": problem.num_periods,
    }
    findings = () if formulation is None else check(problem, find_formulation(formulation, weights))
    return {
        "name": problem.name,
        "summary": summary,
        "errors": [],
        "notes": notes,
        "findings": [finding.document() for finding in findings],
    }


def weigh_places(document: Path, course: str, day: int, period: int) -> dict[str, Any]:
    """Say what each other place would cost a lecture of a published timetable.

    Raises
    ------
    LookupError
        If the course has no lecture then.
    ValueError
        If the document was written by a version that kept too little.
    """
    timetable, rules = _published(document, document.stat().st_mtime_ns)
    problem = timetable.problem
    when = day * problem.periods_per_day + period
    for lecture in timetable.lectures:
        is_then = lecture.period == when and period < problem.periods_per_day
        if is_then and problem.courses[lecture.course].id == course:
            return alternatives(timetable, lecture, rules)
    raise LookupError(f"course {course!r} has no lecture on day {day + 1}, period {period + 1}")


@functools.lru_cache(maxsize=4)
def _published(document: Path, _changed: int) -> tuple[Timetable, Formulation]:
    """A published timetable; who looks at it asks about one lecture after the other."""
    return recall(json.loads(document.read_bytes()))


def address(host: str, port: int, token: str | None = None) -> str:
    """Where the page is; with a token, a link that signs in."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}/" + (f"#token={token}" if token else "")
