"""Everything at once, for one machine: a Redis, Prefect's server, what runs the flow, the service.

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import httpx

from flows.history import remembering
from flows.serve import address
from flows.server import start_server
from flows.settings import Settings
from tracking.child import Child
from tracking.embedded import EmbeddedRedis
from tracking.service.settings import ServiceSettings
from tracking.store import Store, Unavailable

__all__ = ["serve_deployment", "up"]

HOST = "127.0.0.1"
_STARTUP_SECONDS = 180.0
_JOBS_SECONDS = 30.0  # for running jobs to publish their best, when all ends
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.2

_EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

_ENVIRONMENT = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",  # a run begins soon after it is asked for; 10 s otherwise
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
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

    Running jobs publish the best they have, and end as cancelled.

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
    offer_examples(settings.data_folder / "instances")
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
            "HORARIUM_REDIS_URL": redis.url,
            "HORARIUM_DATA_FOLDER": str(settings.data_folder),
            "HORARIUM_DEPLOYMENT": "timetable/on-demand",
            "HORARIUM_PAGE_URL": page,
        }
        if token is not None:
            environment["HORARIUM_ADMIN_TOKEN"] = token
        parts = [_Part("Redis", lambda: redis.is_running, lambda: "it says nothing")]

        def start(name: str, child: Child, is_ready: Callable[[], bool]) -> None:
            stack.callback(child.close, patience_seconds=_PATIENCE_SECONDS)
            parts.append(_Part(name, lambda: child.is_running, child.last_words))
            _wait(is_ready, parts, ending)

        start(
            "Prefect's server",
            start_server(prefect_port, environment),
            lambda: httpx.get(f"{api}/health").is_success,
        )
        began = datetime.now(UTC)
        start(
            "the worker",
            _python("from flows.up import serve_deployment; serve_deployment()", environment),
            lambda: _has_polled(api, environment.get("PREFECT_API_AUTH_STRING"), began),
        )
        stack.callback(_end_jobs, redis.url)
        start(
            "the service",
            _python(
                "from flows.cli import main; main()",
                environment,
                "serve", "--host", HOST, "--port", str(port),
            ),
            lambda: httpx.get(f"{page}api/generation/health/").is_success,
        )  # fmt: skip
        tell(f"page     {address(HOST, port, token)}")
        tell(f"Prefect  http://{HOST}:{prefect_port}")
        tell(f"Redis    {redis.url}")
        tell("Ctrl-C ends all")
        while not ending.wait(_LOOK_SECONDS):
            _check_parts(parts)
        tell("Ending ...")


def serve_deployment() -> None:
    """In a process of its own: run the flow whenever Prefect's server is asked for a run."""
    from prefect import serve
    from prefect.deployments.runner import RunnerDeployment
    from prefect.types.entrypoint import EntrypointType

    from flows.timetable import timetable

    deployment = RunnerDeployment.from_flow(
        timetable,
        "on-demand",
        description="Make a timetable when asked to, from an instance's path or name.",
        tags=["timetable"],
        # Each run imports the flow: `timetable.serve` would send it, cut off from its module.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    # A run searches with all cores; a short one should not wait for a long one all the same.
    serve(deployment, limit=2, pause_on_shutdown=False, print_starting_message=False)


def offer_examples(folder: Path) -> None:
    """Make the folder of instances; put the shipped examples into it if it is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        for example in sorted(_EXAMPLES.glob("*.ectt")):
            shutil.copyfile(example, folder / example.name)


def _python(program: str, environment: Mapping[str, str], *arguments: str) -> Child:
    folder = Path(tempfile.mkdtemp(prefix="horarium-up-"))
    return Child([sys.executable, "-c", program, *arguments], folder, environment=environment)


def _check_port(port: int) -> None:
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise OSError(error.errno, f"port {port}: {error.strerror}") from error


def _has_polled(api: str, password: str | None, since: datetime) -> bool:
    """Whether somebody has asked for runs of the deployment, which earlier workers did as well."""
    auth = httpx.BasicAuth(*password.split(":", 1)) if password else None
    answer = httpx.get(f"{api}/deployments/name/timetable/on-demand", auth=auth)
    polled = answer.json()["last_polled"] if answer.is_success else None
    return polled is not None and datetime.fromisoformat(polled) > since


def _wait(is_ready: Callable[[], bool], parts: list[_Part], ending: threading.Event) -> None:
    """Wait until the last part is ready, as long as all live and nobody wants them to end."""
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


def _end_jobs(redis_url: str) -> None:
    """Have running jobs publish their best, while there is still somebody to tell."""
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
