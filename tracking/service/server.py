"""The server that the service runs in: it tells viewers before it stops."""

from __future__ import annotations

import contextlib
import socket

import uvicorn
from fastapi import FastAPI

from tracking.service.line import UNSENT_BYTES, WithLines

__all__ = ["Server", "listener"]

_GRACE_SECONDS = 5  # for a viewer that reads nothing, not even that we stop


class Server(uvicorn.Server):
    """uvicorn, with one difference: at its end, streams are ended first and not waited for.

    Parameters
    ----------
    app
        What `tracking.service.app.create_app` made.
    host, port
        Where to listen; port 0 is one that is free.

    Raises
    ------
    OSError
        If nobody may listen there.
    """

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                WithLines(app),
                interface="asgi3",
                http="h11",  # which `Line` goes on as: httptools chunks for HTTP/1.0 as well
                host=host,
                port=port,
                log_level="warning",
                access_log=False,  # it would hold tickets
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                ws="websockets-sansio",
                ws_max_size=4096,  # viewers have nothing to say
                ws_per_message_deflate=False,  # 60 kB a viewer
            )
        )
        self._app = app
        self._listener = listener(host, port)

    @property
    def port(self) -> int:
        """Where it listens, from the beginning: who connects before it serves waits."""
        port: int = self._listener.getsockname()[1]
        return port

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal comes, or `should_exit` is set."""
        _allow_many_files()
        await super().serve(sockets or [self._listener])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more viewers, tell those who are there to come back, and wait for them."""
        for server in self.servers:
            server.close()
        self._app.state.service.hub.stop()
        await super().shutdown(sockets)


def listener(host: str, port: int) -> socket.socket:
    """Listen somewhere; port 0 is one that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    # Connections take these over from the one they were accepted on. A short event is not kept back
    # until the one before is acknowledged, which takes 40 ms: asyncio sees to it only for sockets
    # that it has made itself.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Linux and macOS know this one.
    with contextlib.suppress(AttributeError, OSError):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    return listening


def _allow_many_files() -> None:
    """A viewer is an open file: many systems give a process 1024, and more to one that asks."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
