"""Everything at once, for one machine: a Redis, Prefect's server and a worker, the service.

All but this process are children that end with it, however it ends.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.deployments import (
    bury_the_killed,
    deploy_command,
    has_started,
    hold_back,
    let_schedules_rest,
    make_pool,
    prefect_file,
    skip_missed_nights,
    worker_command,
)
from flows.history import remembering
from flows.serve import address
from flows.server import start_server
from flows.settings import Settings
from tracking.child import Child
from tracking.embedded import EmbeddedRedis
from tracking.service.settings import ServiceSettings
from tracking.store import Store, Unavailable

__all__ = ["up"]

HOST = "127.0.0.1"
_STARTUP_SECONDS = 180.0
_JOBS_SECONDS = 30.0  # for running jobs to publish their best, when all ends
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.2

_ENVIRONMENT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_WORKER_QUERY_SECONDS": "1",  # a run begins soon after it is asked for; 10 s otherwise
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    # Prefect's page shows what runs log. What our children say in a terminal, nobody reads but
    # when they end.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    "PYTHONSAFEPATH": "1",  # a folder called `flows`, where this was started, is none of ours
}


class _Ended(Exception):  # noqa: N818 - it names a state
    """Told to end before everything was started."""


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    is_running: Callable[[], bool]
    last_words: Callable[[], str]


def up(port: int, prefect_port: int, tell: Callable[[str], object]) -> None:
    """Start all parts, say where they are, and wait until Ctrl-C or SIGTERM; then end them.

    Running jobs publish the best they have, and end as cancelled. The nightly schedule sleeps until
    somebody switches it on; nights when this does not run are not made up for.

    Parameters
    ----------
    port, prefect_port
        Of the page and of Prefect's, on this machine's loopback address.
    tell
        Shows a line to whoever started this.

    Raises
    ------
    OSError
        If a port is in use, or the data folder cannot be written to.
    RuntimeError
        If a part does not start, or ends by itself; says which, and its last words.
    """
    for wanted in (port, prefect_port):
        _check_port(wanted)
    settings, service = Settings(), ServiceSettings()
    data = settings.data_folder.absolute()
    offer_examples(data / "instances")
    token = None if service.is_protected else secrets.token_urlsafe(32)
    with _told_to_end() as ending, ExitStack() as stack, suppress(_Ended):
        tell("Starting Redis, Prefect and the service ...")
        redis = EmbeddedRedis()
        stack.callback(redis.close)
        stack.enter_context(remembering(redis.url, settings.state_folder))
        api = f"http://{HOST}:{prefect_port}/api"
        page = address(HOST, port)
        environment = {
            **os.environ,
            **_ENVIRONMENT,
            "PREFECT_API_URL": api,
            "PREFECT_UI_URL": f"http://{HOST}:{prefect_port}",
            "HORARIUM_REDIS_URL": redis.url,
            "HORARIUM_DATA_FOLDER": str(data),
            "HORARIUM_DEPLOYMENT": "timetable/on-demand",
            "HORARIUM_PAGE_URL": page,
        }
        if token is not None:
            environment["HORARIUM_ADMIN_TOKEN"] = token
        parts = [_Part("Redis", lambda: redis.is_running, lambda: "it says nothing")]

        def begin(name: str, child: Child) -> None:
            stack.callback(child.close, patience_seconds=_PATIENCE_SECONDS)
            parts.append(_Part(name, lambda: child.is_running, child.last_words))

        def run(command: Sequence[str]) -> Child:
            folder = Path(tempfile.mkdtemp(prefix="horarium-up-"))
            return Child(command, folder, environment=environment, cwd=folder)

        begin("Prefect's server", start_server(prefect_port, environment))
        _wait(lambda: httpx.get(f"{api}/health").is_success, parts, ending)
        stack.enter_context(temporary_settings({PREFECT_API_URL: api}))
        client = stack.enter_context(get_client(sync_client=True))
        make_pool(client)
        bury_the_killed(client)
        nights_are_known, began = skip_missed_nights(client), datetime.now(UTC)
        begin("the worker", run(worker_command()))
        stack.callback(_end_jobs, client, redis.url)
        begin(
            "the service",
            run([
                sys.executable, "-c", "from flows.cli import main; main()",
                "serve", "--host", HOST, "--port", str(port),
            ]),
        )  # fmt: skip
        with closing(run(deploy_command())) as deploying:
            _wait(lambda: deploying.status is not None, parts, ending)
            if deploying.status:
                raise RuntimeError(f"{prefect_file()} is refused: {deploying.last_words()}")
        if not nights_are_known:
            let_schedules_rest(client)
        _wait(lambda: has_started(client, began), parts, ending)
        _wait(lambda: httpx.get(f"{page}api/generation/health/").is_success, parts, ending)
        tell(f"page     {address(HOST, port, token)}")
        tell(f"Prefect  http://{HOST}:{prefect_port}")
        tell(f"Redis    {redis.url}")
        tell("Ctrl-C ends all")
        while not ending.wait(_LOOK_SECONDS):
            _check_parts(parts)
        tell("Ending ...")


def offer_examples(folder: Path) -> None:
    """Make the folder of instances; put the shipped examples into it if it is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        for example in sorted((prefect_file().parent / "examples").glob("*.ectt")):
            shutil.copyfile(example, folder / example.name)


def _check_port(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise OSError(error.errno, f"port {port}: {error.strerror}") from error


def _wait(is_ready: Callable[[], bool], parts: list[_Part], ending: threading.Event) -> None:
    """Wait until it is ready, as long as all parts live and nobody wants them to end."""
    deadline = time.monotonic() + _STARTUP_SECONDS
    while time.monotonic() < deadline:
        _check_parts(parts)
        with suppress(httpx.TransportError):
            if is_ready():
                return
        if ending.wait(_LOOK_SECONDS):
            raise _Ended
    raise RuntimeError(f"{parts[-1].name} did not start: {parts[-1].last_words()}")


def _check_parts(parts: list[_Part]) -> None:
    for part in parts:
        if not part.is_running():
            raise RuntimeError(f"{part.name} has ended: {part.last_words()}")


def _end_jobs(client: SyncPrefectClient, redis_url: str) -> None:
    """Have running jobs publish their best, while there is still somebody to tell."""
    with suppress(httpx.HTTPError):  # it may be Prefect's server that has ended
        hold_back(client)
    deadline = time.monotonic() + _JOBS_SECONDS
    with closing(Store(redis_url)) as store, suppress(Unavailable):
        while (living := store.living()) and time.monotonic() < deadline:
            for job_id in living:
                store.ask(job_id, "cancel")
            time.sleep(_LOOK_SECONDS)


@contextmanager
def _told_to_end() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set; they do nothing else while the block lasts."""
    ending = threading.Event()

    def end(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        ending.set()

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ending
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
