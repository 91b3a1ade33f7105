"""The servers that are compared, each as a process of its own on one core."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from redis import Redis

from benchmarks.progress.timing import on_core
from tracking.child import Child, free_port

__all__ = ["SERVERS", "Kind", "Served"]

_NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_TOKEN = "of-the-administrator"
_STARTUP_SECONDS = 60.0
_ROOT = Path(__file__).resolve().parents[3]

# To be shown the newest message first, as with ours, makes this version's worker abort.
_NGINX = """
load_module {module};
daemon off;
user root;
pid {folder}/pid;
error_log stderr warn;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location ~ /publish/(.+)$ {{ nchan_publisher; nchan_channel_id $1;
            nchan_message_buffer_length 64; keepalive_requests 1000000000; }}
        location ~ /stream/(.+)$ {{ nchan_subscriber eventsource; nchan_channel_id $1; }}
    }}
}}
"""


class Served(NamedTuple):
    """A server that runs.

    Parameters
    ----------
    port
        Of 127.0.0.1.
    request
        What opens the stream of a job.
    children
        Its processes; each may have processes of its own.
    """

    port: int
    request: Callable[[str], bytes]
    children: list[Child]

    @property
    def processor_seconds(self) -> float:
        """What its processes have used so far."""
        ticks = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self) -> int:
        """Bytes that its processes hold, each shared one counted once."""
        lines = [
            line
            for pid in self._pids()
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        ]
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))

    def _pids(self) -> Iterator[int]:
        for child in self.children:
            if not child.is_running:
                raise ConnectionError(f"the server has ended: {child.last_words()}")
            yield child.pid
            for pid in Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split():
                yield int(pid)


class Kind(NamedTuple):
    """A kind of server: how it is run, given a Redis and a core, and what it lacks here."""

    serve: Callable[[str, int], AbstractContextManager[Served]]
    lacks: Callable[[], str]


@contextmanager
def _horarium(redis_url: str, core: int) -> Iterator[Served]:
    """The service as it is started from the command line."""
    port = free_port()
    environment = {
        "HORARIUM_ADMIN_TOKEN": _TOKEN,
        "HORARIUM_MAX_STREAMS_A_USER": "1000000",
        "HORARIUM_REQUEST_RATE": "1000000000/minute",
        "PREFECT_API_URL": "http://127.0.0.1:1/api",  # nobody: Redis knows all that is asked
    }
    start = [sys.executable, "-c", "from flows.cli import main; main()", "serve"]
    with _running([*start, "--port", str(port), "--redis-url", redis_url], core, environment) as it:
        _wait_for(port, it)

        def request(job_id: str) -> bytes:
            return _get(f"/api/generation/stream/{job_id}/", f"Authorization: Bearer {_TOKEN}\r\n")

        yield Served(port, request, [it])


@contextmanager
def _sse_starlette(redis_url: str, core: int) -> Iterator[Served]:
    """The plain pattern: each viewer subscribes."""
    port = free_port()
    module = "benchmarks.progress.viewers.plain"
    with _running([sys.executable, "-m", module, redis_url, str(port)], core) as app:
        _wait_for(port, app)
        yield Served(port, lambda job_id: _get(f"/stream/{job_id}"), [app])


@contextmanager
def _nchan(redis_url: str, core: int) -> Iterator[Served]:
    """nginx on its core; the bridge is beside Redis and the rest."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="horarium-nchan-"))
    config = folder / "nginx.conf"
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    config.write_text(_NGINX.format(module=_NCHAN, folder=folder, files=files - 100, port=port))
    bridge = [sys.executable, "-m", "benchmarks.progress.viewers.bridge", redis_url, str(port)]
    with _running(["nginx", "-c", config, "-e", "stderr"], core, folder=folder) as nginx:
        _wait_for(port, nginx)
        with _running(bridge, None) as passing_on, Redis.from_url(redis_url) as redis:
            while passing_on.is_running and not redis.pubsub_numpat():
                time.sleep(0.1)
            yield Served(port, lambda job_id: _get(f"/stream/{job_id}"), [nginx, passing_on])


@contextmanager
def _running(
    command: Sequence[str | Path],
    core: int | None,
    environment: dict[str, str] | None = None,
    *,
    folder: Path | None = None,
) -> Iterator[Child]:
    folder = folder or Path(tempfile.mkdtemp(prefix="horarium-viewers-"))
    given = {**os.environ, "PYTHONPATH": str(_ROOT), **(environment or {})}
    with nullcontext() if core is None else on_core(core):
        child = Child(command, folder, environment=given)
    try:
        yield child
    finally:
        child.close()


def _wait_for(port: int, child: Child) -> None:
    """Wait until somebody listens there."""
    deadline = time.monotonic() + _STARTUP_SECONDS
    while child.is_running and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise ConnectionError(f"the server does not start: {child.last_words()}")


def _get(path: str, headers: str = "") -> bytes:
    accept = "Accept: text/event-stream\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{accept}{headers}\r\n".encode()


def _lacks_sse_starlette() -> str:
    return "" if find_spec("sse_starlette") else "sse-starlette, of the extra 'bench'"


def _lacks_nchan() -> str:
    return "" if shutil.which("nginx") and _NCHAN.exists() else "Debian's libnginx-mod-nchan"


SERVERS = {
    "horarium": Kind(_horarium, lambda: ""),
    "sse-starlette": Kind(_sse_starlette, _lacks_sse_starlette),
    "nchan": Kind(_nchan, _lacks_nchan),
}
"""By name."""
