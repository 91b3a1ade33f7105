"""What a certificate says of the world: versions, the time, and how a timetable came about."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from timetabling.exports.certificate import Certificate, Search, certify, differences
from timetabling.formats.text import InputError, read_lines
from timetabling.penalties import Formulation
from timetabling.problem import Timetable

__all__ = ["CERTIFICATE", "Origin", "certificate_beside", "certified", "read_certificate"]

CERTIFICATE = "certificate.json"
"""Its file in a job's folder; elsewhere the timetable's name with this for a suffix."""

PROGRAMS = ("horarium", "ortools", "numba", "numpy", "torch", "prefect")


class Origin(NamedTuple):
    """What a timetable comes from; None is not known, but versions are those that are here."""

    instance_sha256: str
    search: Search | None = None
    bound: int | None = None
    versions: dict[str, str] | None = None


def versions() -> dict[str, str]:
    """Of all that a timetable depends on."""
    found = {name: version(name) for name in PROGRAMS}
    return found | {"python": platform.python_version(), "system": platform.platform()}


def certified(timetable: Timetable, rules: Formulation, origin: Origin) -> Certificate:
    """Certify a timetable, now."""
    return certify(
        timetable,
        rules,
        instance_sha256=origin.instance_sha256,
        made_at=datetime.now(UTC).replace(microsecond=0),
        versions=origin.versions or versions(),
        bound=origin.bound,
        search=origin.search,
    )


def read_certificate(path: Path) -> Certificate:
    """Read a certificate.

    Raises
    ------
    InputError
        If it is none; it names all that is wrong.
    """
    text = "\n".join(read_lines(path))
    try:
        return Certificate.model_validate_json(text)
    except ValidationError as error:
        raise InputError(complaints_about(path, error)) from None


def complaints_about(path: Path, error: ValidationError) -> str:
    """What is wrong with a file, a line each, by the names of its fields."""
    said = []
    for each in error.errors(include_url=False, include_context=False):
        where = ".".join(map(str, each["loc"]))
        what = each["msg"].removeprefix("Value error, ")
        given = each["input"]
        got = f", got {given!r}" if isinstance(given, str | int | float) else ""
        got = "" if ", got " in what or not where else got
        said.append(f"{path}: {where}: {what}{got}" if where else f"{path}: {what}")
    return "\n".join(said)


def certificate_beside(
    solution: Path, timetable: Timetable, instance_sha256: str
) -> tuple[Certificate | None, list[str]]:
    """Find what a run has certified of a timetable, in the file beside it.

    Returns
    -------
    The certificate, if there is one that fits; and what is wrong with those that do not.
    """
    wrong: list[str] = []
    for name in (f"{solution.stem}.{CERTIFICATE}", CERTIFICATE):
        path = solution.with_name(name)
        if not path.is_file():
            continue
        try:
            certificate = read_certificate(path)
        except (InputError, OSError) as error:
            wrong.append(str(error))
            continue
        unlike = next(differences(certificate, timetable, instance_sha256), None)
        if unlike is None:
            return certificate, wrong
        wrong.append(f"{path}: {unlike}")
    return None, wrong
