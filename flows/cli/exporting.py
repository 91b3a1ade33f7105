"""`horarium export`: a timetable for people, and for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.arguments import Instance, note, refuse
from flows.targets import check_output, check_place
from timetabling.formats import read_problem, read_solution
from timetabling.formats.digest import digest_of
from timetabling.penalties import FormulationName, formulation

__all__ = ["export"]


def export(
    instance: Instance,
    solution: Annotated[
        Path, typer.Argument(help="The timetable: a `.sol`, or a table in `.csv` or `.xlsx`.")
    ],
    targets: Annotated[
        list[Path],
        typer.Argument(
            help="Files to write: `.csv`, `.xlsx`, `.html`, `.json`, `.ics`, `.sol`, "
            "`certificate.json`, `cost.svg`, another `.svg` (room use); "
            "or a name without an ending, for a folder of calendars."
        ),
    ],
    rules: Annotated[
        FormulationName | None,
        typer.Option(
            "--formulation",
            help="Rules and weights that count. [default: as certified beside the timetable, "
            "else UD2]",
        ),
    ] = None,
    semester: Annotated[
        Path | None,
        typer.Option(help="When the timetable is held: a TOML file. Calendars need it."),
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option(help="What was found when. [default: `curve.csv`, in a job's folder]"),
    ] = None,
) -> None:
    """Write a timetable for people and other programs, with a certificate of what it is.

    Calendars that are there already are updated: the same lecture stays the same event.
    """
    from flows.certifying import CERTIFICATE, Origin, certificate_beside, certified
    from flows.curve import read_curve
    from flows.exporting import FOLDER, Export, kind_of, put, read_semester
    from flows.files import CURVE
    from timetabling.exports.certificate import not_counted

    try:
        for target in targets:
            if kind_of(target) == FOLDER:
                check_place(target)
            else:
                check_output(target, instance)
        problem, sha256 = read_problem(instance, tell=note), digest_of(instance)
        timetable = read_solution(solution, problem)
        known, wrong = certificate_beside(solution, timetable, sha256)
        for complaint in wrong:
            typer.echo(f"left out: {complaint}", err=True)
        chosen = known.rules if known and rules in (None, known.formulation) else None
        origin = Origin(sha256)
        if known is not None:
            bound = known.bound if chosen else None
            origin = Origin(sha256, known.search, bound, known.versions)
        certificate = certified(timetable, chosen or formulation(rules or "UD2"), origin)
        if known is not None and chosen and (unknown := not_counted(known, timetable)):
            # The run's other files are not at hand: what it has certified stays as it is.
            certificate = known.model_copy(update={"made_at": certificate.made_at})
            told = f"not counted again, for only the run had their files: {', '.join(unknown)}"
            typer.echo(told, err=True)
        # Beside a timetable that is not a job's, it may be another run's.
        is_jobs = known is not None and solution.with_name(CERTIFICATE).is_file()
        found = curve or solution.with_name(CURVE)
        made = Export(
            timetable,
            certificate,
            None if semester is None else read_semester(semester),
            read_curve(found) if curve or (is_jobs and found.is_file()) else (),
        )
        contents = [made.make(target) for target in targets]  # all, before one is written
        for target, content in zip(targets, contents, strict=True):
            put(target, content)
            typer.echo(f"written: {target}")
    except (ValueError, OSError) as error:
        refuse(error)
