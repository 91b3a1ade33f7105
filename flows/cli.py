"""The command line: make timetables, follow and ask running jobs, serve the page.

Exit status: 0 feasible, 1 hard rules are broken, 2 bad input or arguments, 3 the run crashed,
130 stopped by Ctrl-C.
"""

from __future__ import annotations

import math
import os
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from flows.targets import check_output
from flows.terminal import gap
from timetabling.formats import InputError, read_problem, read_solution
from timetabling.penalties import FormulationName, Score, evaluate, formulation
from tracking.keys import check_job_id
from tracking.plan import PLANS, plan
from tracking.requests import Request
from tracking.store import Store, Unavailable

__all__ = ["app", "main"]

app = typer.Typer(
    help="Make a university's weekly timetable, with progress that can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

# Prefect reads these when it is imported. Its log lines would tear the bars apart.
PREFECT_DEFAULTS = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "CRITICAL",
}

Instance = Annotated[Path, typer.Argument(help="The instance: a `.ctt` or `.ectt` file.")]
Rules = Annotated[
    FormulationName, typer.Option("--formulation", help="Rules and weights that count.")
]
RedisUrl = Annotated[
    str | None,
    typer.Option(
        envvar="HORARIUM_REDIS_URL",
        help="Redis that is told the progress. [default: one of the run's own]",
    ),
]
JobRedisUrl = Annotated[
    str, typer.Option(envvar="HORARIUM_REDIS_URL", help="Redis that is told the job's progress.")
]
JobId = Annotated[str, typer.Argument(help="The job, of this or any other process.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="Where the page is.")]
PlanName = Annotated[str, typer.Option("--plan", help=f"One of: {', '.join(PLANS)}.")]


@app.command()
def generate(
    instance: Instance,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds from reading the file to the written timetable.")
    ] = 120.0,
    output: Annotated[
        Path | None,
        typer.Option(help="Where to write the timetable. [default: the instance's name + .sol]"),
    ] = None,
    rules: Rules = "UD2",
    plan_name: PlanName = "default",
    seed: Annotated[int, typer.Option(min=0, help="The same seed searches the same way.")] = 0,
    work_limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Units of work (some millions a second) in place of the time limit: "
            "the same seed then gives the same timetable.",
        ),
    ] = None,
    job_id: Annotated[
        str | None,
        typer.Option(
            help="Name of the job; a broken-off job of that name, all else the same, goes on. "
            "[default: the flow run's id]"
        ),
    ] = None,
    redis_url: RedisUrl = None,
    start: Annotated[
        Path | None,
        typer.Option(help="A timetable to go on from, `course room day period` a line."),
    ] = None,
    curve: Annotated[
        Path | None,
        typer.Option(help="Where to write what was found when: a CSV file, a line a change."),
    ] = None,
) -> None:
    """Make a timetable: run the whole flow here, show its progress, write the best found.

    Ctrl-C keeps the best timetable so far and writes it.
    """
    try:
        chosen_plan = plan(plan_name)
        if job_id is not None:
            check_job_id(job_id)
        if redis_url is not None:
            Store(redis_url).close()
        _check_time_limit(time_limit)
        target = check_output(output or Path(f"{instance.stem}.sol"), instance)
        if curve is not None:
            check_output(curve, instance, target, *filter(None, [start]))
        # Read here as well as in the flow: a typing error should cost no server's start.
        problem = read_problem(instance)
        if start is not None:
            read_solution(start, problem)
    except (ValueError, OSError) as error:
        _refuse(error)

    for name, value in PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        # Prefect and the engines take seconds to import; nothing above needs them.
        from flows.run import run

        parameters = {
            "instance": instance.resolve(),
            "output": target.resolve(),
            "formulation": rules,
            "time_limit_seconds": time_limit,
            "work_limit": work_limit,
            "plan": plan_name,
            "seed": seed,
            "start": None if start is None else start.resolve(),
            "job_id": job_id,
        }
        published = run(
            parameters,
            chosen_plan,
            redis_url=redis_url,
            console=Console(stderr=True),
            curve=curve,
        )
    except (ValueError, OSError) as error:
        _refuse(error)
    except RuntimeError as error:
        typer.echo(f"horarium: {error}", err=True)
        raise typer.Exit(3) from error
    _report(published.score, rules, published.bound)
    typer.echo(f"written: {target}")
    if published.cancelled:
        typer.echo("stopped early: this is the best timetable so far")
        raise typer.Exit(130)
    raise typer.Exit(0 if published.score.is_feasible else 1)


@app.command()
def validate(
    instance: Instance,
    solution: Annotated[
        Path, typer.Argument(help="The timetable: `course room day period` a line.")
    ],
    rules: Rules = "UD2",
) -> None:
    """Count what a timetable breaks and what it costs, rule by rule."""
    try:
        timetable = read_solution(solution, read_problem(instance))
    except (InputError, OSError) as error:
        _refuse(error)
    score = evaluate(timetable, formulation(rules))
    _report(score, rules)
    raise typer.Exit(0 if score.is_feasible else 1)


@app.command()
def stages(plan_name: PlanName = "default") -> None:
    """List the stages of a plan and the share of the bar that each is worth."""
    try:
        chosen = plan(plan_name)
    except ValueError as error:
        _refuse(error)
    table = Table("stage", "label", "from %", "to %", title=f"plan {chosen.name}")
    for stage in chosen.stages:
        table.add_row(stage.id, stage.label, f"{stage.start:g}", f"{stage.end:g}")
    Console().print(table)


@app.command()
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
        _refuse(error)
    if end is None:
        typer.echo("lost: its process has not been heard of for 15 s", err=True)
        raise typer.Exit(3)
    typer.echo(f"{end['status']}: {end['message']}" if end["message"] else end["status"])
    raise typer.Exit(0 if end["status"] == "completed" else 1)


@app.command()
def finish(job_id: JobId, redis_url: JobRedisUrl) -> None:
    """Have a running job stop searching and publish its best, as completed."""
    _ask(job_id, "finish", redis_url)


@app.command()
def cancel(job_id: JobId, redis_url: JobRedisUrl) -> None:
    """Cancel a running job; it publishes the best it has all the same."""
    _ask(job_id, "cancel", redis_url)


def _ask(job_id: str, request: Request, redis_url: str) -> None:
    try:
        with closing(Store(redis_url)) as store:
            seen = store.look(check_job_id(job_id))
            standing = "unknown" if seen is None else seen[1]
            if standing not in ("working", "stalled"):
                _refuse(f"job {job_id!r}: expected one that runs, got one that is {standing}")
            store.ask(job_id, request)
    except (ValueError, Unavailable) as error:
        _refuse(error)
    typer.echo(f"asked to {request}: {job_id}")


@app.command()
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
        _refuse(error)
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # nothing is cut off in a pipe
    console.print(table_of(records) if records else "no runs yet")


@app.command()
def warmup() -> None:
    """Compile the search kernels now, so that no run has to: once, about a minute."""
    from flows.warmup import compile_kernels

    began = time.monotonic()
    compiled = compile_kernels(typer.echo)
    seconds = time.monotonic() - began
    done = "compiled" if compiled else "compiled already, and loaded"
    typer.echo(f"The search kernels are {done} in {seconds:.1f} s")


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than loopback need configured tokens.")
    ] = "127.0.0.1",
    port: Port = 8765,
    redis_url: RedisUrl = None,
) -> None:
    """Serve the page and its API, for jobs that tell their progress to a Redis.

    What is configured, such as tokens, comes from variables that start with `HORARIUM_`; where
    Prefect is, from `PREFECT_API_URL`.
    """
    from flows.serve import address, serve
    from tracking.service.settings import ServiceSettings

    try:
        configured = (
            ServiceSettings() if redis_url is None else ServiceSettings(redis_url=redis_url)
        )
        Store(configured.redis_url).close()
        settings = configured.for_host(host)
        # A configured token is a secret, and known; a random one has to be told.
        made = settings.admin_token if not configured.is_protected else None
        link = address(host, port, made.get_secret_value() if made else None)
        with suppress(KeyboardInterrupt):  # Ctrl-C is how it ends
            serve(settings, host, port, ready=lambda: typer.echo(f"ready: {link}"))
    except (ValueError, OSError) as error:
        _refuse(error)


@app.command()
def up(
    port: Port = 8765,
    prefect_port: Annotated[
        int, typer.Option(min=1, max=65535, help="Where Prefect's server and its own page are.")
    ] = 4200,
) -> None:
    """Start everything here: a Redis, Prefect, a worker and the page; Ctrl-C ends all.

    Exit status: 0 ended by Ctrl-C or SIGTERM, 1 a part has ended by itself.
    """
    from flows.up import up

    try:
        up(port, prefect_port, typer.echo)
    except (ValueError, OSError) as error:
        _refuse(error)
    except RuntimeError as error:
        typer.echo(f"horarium: {error}", err=True)
        raise typer.Exit(1) from error


@app.command()
def deploy() -> None:
    """Make the deployments on the Prefect server that `PREFECT_API_URL` names, or make them anew.

    The same as `prefect --no-prompt deploy --all` in a clone, and automations by which the server
    ends runs that died with their machine. Their work pool must be there:
    `prefect work-pool create local --type process`.
    """
    from prefect.client.orchestration import get_client

    from flows.automations import bury_the_dead
    from flows.deployments import deploy_command, prefect_file

    # Elsewhere Prefect would take a folder `flows`, where one is, for ours.
    deployed = subprocess.run(deploy_command(), cwd=prefect_file().parent, check=False)  # noqa: S603
    if deployed.returncode:
        raise typer.Exit(deployed.returncode)
    with get_client(sync_client=True) as client:
        bury_the_dead(client)
    typer.echo("Runs that die with their machine will be ended as crashed")


def main() -> None:
    """Run the command line."""
    app()


def _report(score: Score, rules: str, bound: int | None = None) -> None:
    """Print violations and penalties by rule, and what is proven of a feasible timetable."""
    table = Table("rule", "kind", "count or cost", title=f"{rules}, rule by rule")
    for rule, count in score.violations.items():
        table.add_row(rule, "hard", str(count), style="red" if count else "")
    for rule, penalty in score.penalties.items():
        table.add_row(rule, "soft", str(penalty))
    Console().print(table)
    proven = f", {gap(score.cost, bound)}" if score.is_feasible and bound is not None else ""
    typer.echo(f"violations {score.num_violations}  cost {score.cost}{proven}")


def _check_time_limit(seconds: float) -> None:
    """Refuse what is no number; typer has checked the rest."""
    if not math.isfinite(seconds):
        raise ValueError(f"--time-limit: expected a number of seconds, got {seconds}")


def _refuse(error: Exception | str) -> NoReturn:
    """Say what is wrong in one message, and end with status 2."""
    from pydantic import ValidationError

    from tracking.settings import complaints

    said = complaints(error) if isinstance(error, ValidationError) else error
    typer.echo(f"horarium: {said}", err=True)
    raise typer.Exit(2)
