"""The server that the service runs in: it tells viewers before it stops."""

from __future__ import annotations

import contextlib
import socket

import uvicorn
from fastapi import FastAPI

__all__ = ["Server", "listener"]

# Of what a viewer has not received yet, the system holds no more than this beside what is on its
# way: else a slow one would read for minutes what was true minutes ago.
_UNSENT_BYTES = 16_384

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
                app,
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
    # Connections take this over from the one they were accepted on; Linux and macOS know it.
    with contextlib.suppress(AttributeError, OSError):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    return listening
