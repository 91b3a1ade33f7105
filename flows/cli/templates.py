"""Commands on files of instances: one to fill in, and one format in place of another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.arguments import Instance, note, refuse
from timetabling.formats import read_problem, write_problem
from timetabling.formats.example import EXAMPLE
from timetabling.problem import Problem

__all__ = ["convert", "template"]


def template(
    path: Annotated[
        Path,
        typer.Argument(help="A new `.xlsx` file, or the name of a new folder for `.csv` files."),
    ],
) -> None:
    """Write the tables of an instance to fill in: with a small example, and notes on each column.

    A workbook has the notes in its headers and on a sheet of its own, a folder in README.txt.
    """
    if path.suffix.lower() not in ("", ".xlsx"):
        refuse(
            f"{path}: expected a name that ends in .xlsx, or a folder's, without an ending, "
            f"got {path.suffix!r}"
        )
    _write(EXAMPLE, path)


def convert(
    instance: Instance,
    target: Annotated[
        Path,
        typer.Argument(help="A new `.xlsx` or `.ectt` file, or a new folder for `.csv` files."),
    ],
) -> None:
    """Write an instance in another format: it is read back as the same, or not written at all."""
    try:
        problem = read_problem(instance, tell=note)
    except (ValueError, OSError) as error:
        refuse(error)
    _write(problem, target)


def _write(problem: Problem, path: Path) -> None:
    try:
        if path.exists() or path.is_symlink():
            refuse(f"{path}: expected a new name, got one that exists; nothing is overwritten")
        write_problem(problem, path)
    except OSError as error:
        refuse(f"{path}: {error.strerror}")
    except ValueError as error:
        refuse(error)
    typer.echo(f"written: {path}")
