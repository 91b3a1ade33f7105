"""Commands on jobs: the stages they go through, those that run, and those that ended."""

from __future__ import annotations

from contextlib import closing

import typer
from rich.console import Console
from rich.table import Table

from flows.cli.arguments import JobId, JobRedisUrl, PlanName, RedisUrl, refuse
from tracking.keys import check_job_id
from tracking.plan import plan
from tracking.requests import Request
from tracking.store import Store, Unavailable

__all__ = ["cancel", "finish", "history", "stages", "watch"]


def stages(plan_name: PlanName = "default") -> None:
    """List the stages of a plan and the share of the bar that each is worth."""
    try:
        chosen = plan(plan_name)
    except ValueError as error:
        refuse(error)
    table = Table("stage", "label", "from %", "to %", title=f"plan {chosen.name}")
    for stage in chosen.stages:
        table.add_row(stage.id, stage.label, f"{stage.start:g}", f"{stage.end:g}")
    Console().print(table)


def watch(
    job_id: JobId,
    redis_url: JobRedisUrl,
) -> None:
    """Show a job's progress until its end, from anywhere.

    Exit status: 0 completed, 1 it ended otherwise, 3 its process is lost.
    """
    from flows.watch import watch_job

    try:
        end = watch_job(check_job_id(job_id), redis_url, Console())
    except (ValueError, Unavailable) as error:
        refuse(error)
    if end is None:
        typer.echo("lost: its process has not been heard of for 15 s", err=True)
        raise typer.Exit(3)
    typer.echo(f"{end['status']}: {end['message']}" if end["message"] else end["status"])
    raise typer.Exit(0 if end["status"] == "completed" else 1)


def finish(job_id: JobId, redis_url: JobRedisUrl) -> None:
    """Have a running job stop searching and publish its best, as completed."""
    _ask(job_id, "finish", redis_url)


def cancel(job_id: JobId, redis_url: JobRedisUrl) -> None:
    """Cancel a running job; it publishes the best it has all the same."""
    _ask(job_id, "cancel", redis_url)


def history(redis_url: RedisUrl = None) -> None:
    """List earlier runs, how long they took, and how right their progress was."""
    from flows.history import read_history, table_of
    from flows.settings import Settings

    try:
        if redis_url is None:
            records = read_history(Settings().state_folder)
        else:
            records = Store(redis_url).histories()
    except (ValueError, OSError, Unavailable) as error:
        refuse(error)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # nothing is cut off in a pipe
    console.print(table_of(records) if records else "no runs yet")


def _ask(job_id: str, request: Request, redis_url: str) -> None:
    try:
        with closing(Store(redis_url)) as store:
            seen = store.look(check_job_id(job_id))
            standing = "unknown" if seen is None else seen[1]
            if standing not in ("working", "stalled"):
                refuse(f"job {job_id!r}: expected one that runs, got one that is {standing}")
            store.ask(job_id, request)
    except (ValueError, Unavailable) as error:
        refuse(error)
    typer.echo(f"asked to {request}: {job_id}")
