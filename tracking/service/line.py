"""The straight way to a viewer's connection, once its stream has begun.

A stream needs nothing any more of what has let it in. Left to the server and the middleware, each
viewer would keep two tasks waiting in a dozen frames, and each event would pass through all of
them: 20 kB a viewer, and 25 µs an event beside the 20 µs that the system takes to send it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["UNSENT_BYTES", "Line", "WithLines"]

UNSENT_BYTES = 16_384
"""Of what a viewer has not received yet, no more is held beside what is on its way: else a slow
one would read for minutes what was true minutes ago."""

_SEND = "horarium.send"  # in the scope: the server's own, before any middleware wraps it


class Teller(Protocol):
    """Who has something to say on a line."""

    def tell(self) -> None:
        """Say what there is to say: there is room again."""

    def hung_up(self) -> None:
        """The connection is gone."""


class WithLines:
    """The application, with a line to offer to each stream in it. uvicorn must serve it.

    Parameters
    ----------
    app
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Pass a call on."""
        scope[_SEND] = send
        return self._app(scope, receive, send)


class Line(asyncio.Protocol):
    """A connection on which the head of an answer was sent, and that is nobody else's any more."""

    __slots__ = ("_connections", "_is_chunked", "_transport", "is_ready", "teller")

    def __init__(
        self, transport: asyncio.Transport, connections: set[Any], *, is_chunked: bool
    ) -> None:
        self._transport = transport
        self._connections = connections
        self._is_chunked = is_chunked
        self.is_ready = True
        """Whether it takes more now."""
        self.teller: Teller

    @classmethod
    def taken_from(cls, scope: Scope) -> Line | None:
        """Take a call's connection from the server, which then must end the call.

        Returns
        -------
        The line, whose `teller` must be set at once; None, if the viewer is gone.
        """
        cycle: Any = scope[_SEND].__self__  # uvicorn's: a call, and the answer to it
        if cycle.disconnected:
            return None
        transport: asyncio.Transport = cycle.transport
        server: Any = transport.get_protocol()
        # nginx speaks HTTP/1.0, if not told otherwise.
        line = cls(transport, server.connections, is_chunked=scope["http_version"] == "1.1")
        line.is_ready = not cycle.flow.write_paused
        transport.set_protocol(line)
        transport.set_write_buffer_limits(UNSENT_BYTES)
        transport.resume_reading()  # else nobody would see the viewer go
        server.connections.remove(server)
        server.connections.add(line)
        cycle.disconnected = True  # so that nobody misses the rest of the answer
        return line

    def write(self, body: bytes) -> None:
        """Send a part of the answer."""
        # RFC 9112, section 7.1.
        self._transport.write(b"%x\r\n%b\r\n" % (len(body), body) if self._is_chunked else body)

    def end(self, body: bytes = b"") -> None:
        """Send the last part, and hang up."""
        if body:
            self.write(body)
        if self._is_chunked:
            self._transport.write(b"0\r\n\r\n")
        self.is_ready = False
        self._transport.close()

    # What asyncio says

    def pause_writing(self) -> None:
        """Take no more for now."""
        self.is_ready = False

    def resume_writing(self) -> None:
        """Take more."""
        if not self._transport.is_closing():
            self.is_ready = True
            self.teller.tell()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The connection is gone."""
        self.is_ready = False
        self._connections.discard(self)
        self.teller.hung_up()

    # What uvicorn says

    def shutdown(self) -> None:
        """The server stops: whoever tells on the line knows, and has ended it."""
