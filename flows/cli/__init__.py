"""The command line: make timetables, follow and ask running jobs, serve the page.

Exit status: 0 feasible, 1 hard rules are broken, 2 bad input or arguments, 3 the run crashed,
130 stopped by Ctrl-C.
"""

from __future__ import annotations

import typer

from flows.cli.checking import check
from flows.cli.differing import diff
from flows.cli.explaining import explain
from flows.cli.exporting import export
from flows.cli.generating import generate
from flows.cli.jobs import cancel, finish, history, stages, watch
from flows.cli.places import why
from flows.cli.servers import deploy, serve, up, warmup
from flows.cli.templates import convert, template
from flows.cli.timetables import validate

__all__ = ["app", "main"]

app = typer.Typer(
    help="Make a university's weekly timetable, with progress that can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

for command in (
    generate,
    check,
    validate,
    export,
    template,
    convert,
    diff,
    why,
    explain,
    stages,
    watch,
    finish,
    cancel,
    history,
    warmup,
    serve,
    up,
    deploy,
):
    app.command()(command)


def main() -> None:
    """Run the command line."""
    app()
