"""Commands that start or prepare what runs for long."""

from __future__ import annotations

import subprocess
import time
from contextlib import suppress
from typing import Annotated

import typer

from flows.cli.arguments import Port, RedisUrl, refuse
from tracking.store import Store

__all__ = ["deploy", "serve", "up", "warmup"]


def warmup() -> None:
    """Compile the search kernels now, so that no run has to: once, about a minute."""
    from flows.warmup import compile_kernels

    began = time.monotonic()
    compiled = compile_kernels(typer.echo)
    seconds = time.monotonic() - began
    done = "compiled" if compiled else "compiled already, and loaded"
    typer.echo(f"The search kernels are {done} in {seconds:.1f} s")


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
        refuse(error)


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
        refuse(error)
    except RuntimeError as error:
        typer.echo(f"horarium: {error}", err=True)
        raise typer.Exit(1) from error


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
