"""Viewers without browsers: a socket each, all in one loop that does no more than it must."""

from __future__ import annotations

import select
import socket
import time
from array import array
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import NamedTuple

__all__ = ["Seen", "Viewer", "snapshots_in", "watch"]

_OPENING = 100  # viewers at a time that have asked and have no answer yet
_PATIENCE_SECONDS = 30.0  # with a server that says nothing
_LINE_END = ord("\n")


class Seen(NamedTuple):
    """What the viewers were told of the snapshots that count.

    Parameters
    ----------
    received
        How many were new to their viewer.
    disordered
        How many came twice, or after a later one.
    gone
        Viewers whose stream has ended.
    rate
        Received a second, from the first published until the last was received.
    median, late, worst
        Seconds from publishing to receipt: the median, the 99th percentile, the longest.
    share
        Of a core, used by this process while they were published.
    """

    received: int
    disordered: int
    gone: int
    rate: float
    median: float
    late: float
    worst: float
    share: float


class Viewer:
    """Somebody who watches one job."""

    __slots__ = ("answered", "last", "rest", "socket")

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.answered = False
        self.last = 0
        """`seq` of the newest snapshot that was received."""
        self.rest = b""
        """What was received of a line that has not ended yet."""


def watch(pipe: Connection, port: int, requests: Sequence[bytes]) -> None:
    """Be the process of the viewers, until nobody holds the pipe's other end any more.

    It is told ``("open", number)`` of viewers, and answers how many seconds that took;
    ``("begin", time)`` from which on snapshots count; ``("end", expected)``, waits for so many,
    as long as any come, and answers what was `Seen`. It answers an exception that it cannot go
    on after.

    Parameters
    ----------
    port
        Of the server, on this machine.
    requests
        What to ask it for, in turn.
    """
    audience = _Audience(pipe, port, requests)
    while True:
        while not audience.turn():
            pass
        try:
            command, argument = pipe.recv()
        except EOFError:
            return
        try:
            if command == "open":
                pipe.send(audience.open(argument))
            elif command == "begin":
                audience.begin(argument)
            elif command == "end":
                pipe.send(audience.end(argument))
        except OSError as trouble:
            pipe.send(trouble)


def snapshots_in(data: bytes | bytearray, end: int) -> list[tuple[int, float]]:
    """Find `seq` and `published_at` of the snapshots in some whole lines, without reading JSON.

    Examples
    --------
    >>> lines = b'id: 7\\ndata: {"job_id":"a","seq":7,"published_at":1740000000.25,"x":1}\\n'
    >>> snapshots_in(lines, len(lines))
    [(7, 1740000000.25)]
    """
    found = []
    start = 0
    while (start := data.find(b'"seq":', start, end)) >= 0:
        comma = data.find(b",", start, end)
        at = data.find(b'"published_at":', comma, end)
        after = data.find(b",", at, end)
        found.append((int(data[start + 6 : comma]), float(data[at + 15 : after])))
        start = after
    return found


class _Audience:
    def __init__(self, pipe: Connection, port: int, requests: Sequence[bytes]) -> None:
        self._port = port
        self._requests = requests
        self._epoll = select.epoll()
        self._epoll.register(pipe.fileno(), select.EPOLLIN)
        self._viewers: dict[int, Viewer] = {}
        self._buffer = bytearray(1 << 18)
        self._opened = self._answers = 0
        self._gone = self._disordered = 0
        self._since = self._newest = float("inf")
        self._delays = array("d")
        self._used = self._began = 0.0

    def turn(self) -> bool:
        """Read what there is, or wait for it a little; gives whether a command has come."""
        commanded = False
        viewers = self._viewers
        for number, _ in self._epoll.poll(0.1):
            viewer = viewers.get(number)
            if viewer is None:
                commanded = True
            else:
                self._read(viewer)
        return commanded

    def open(self, number: int) -> float:
        """Open so many streams more, and wait until each has begun to answer."""
        began = quiet_since = time.monotonic()
        wanted, answers = self._opened + number, self._answers
        while self._answers < wanted:
            while self._opened < min(wanted, self._answers + _OPENING):
                opened = socket.create_connection(("127.0.0.1", self._port), _PATIENCE_SECONDS)
                opened.sendall(self._requests[self._opened % len(self._requests)])
                opened.setblocking(False)
                self._viewers[opened.fileno()] = Viewer(opened)
                self._epoll.register(opened.fileno(), select.EPOLLIN)
                self._opened += 1
            self.turn()
            if self._answers > answers:
                answers, quiet_since = self._answers, time.monotonic()
            elif time.monotonic() > quiet_since + _PATIENCE_SECONDS:
                raise TimeoutError(f"no answer to viewer {self._answers + 1:,}")
        return time.monotonic() - began

    def begin(self, since: float) -> None:
        """From that Unix time on, snapshots count."""
        self._since = self._newest = since
        self._gone = self._disordered = 0
        self._delays = array("d")
        self._used, self._began = time.process_time(), time.monotonic()

    def end(self, expected: int) -> Seen:
        """Wait for what is missing, and say how it went."""
        share = (time.process_time() - self._used) / (time.monotonic() - self._began)
        received, until = 0, 0.0
        while len(self._delays) < expected:
            if len(self._delays) > received or not until:
                received, until = len(self._delays), time.monotonic() + _PATIENCE_SECONDS
            if time.monotonic() > until:
                break
            self.turn()
        delays = sorted(self._delays) or [float("inf")]
        return Seen(
            received=len(self._delays),
            disordered=self._disordered,
            gone=self._gone,
            rate=len(self._delays) / max(self._newest - self._since, 0.001),
            median=delays[len(delays) // 2],
            late=delays[len(delays) * 99 // 100],
            worst=delays[-1],
            share=share,
        )

    def _read(self, viewer: Viewer) -> None:
        data: bytes | bytearray = self._buffer
        try:
            end = viewer.socket.recv_into(data)
        except ConnectionResetError:
            end = 0
        now = time.time()
        if not end:
            self._leave(viewer)
            return
        if not viewer.answered:
            self._greet(viewer, bytes(data[:end]))
        if viewer.rest or data[end - 1] != _LINE_END:
            data = viewer.rest + data[:end]
            end = data.rfind(b"\n") + 1
            viewer.rest = data[end:]
        last, since = viewer.last, self._since
        for seq, published_at in snapshots_in(data, end):
            if seq > last:
                last = seq
                if published_at >= since:
                    self._delays.append(now - published_at)
                    self._newest = now
            elif published_at >= since:
                self._disordered += 1
        viewer.last = last

    def _greet(self, viewer: Viewer, answer: bytes) -> None:
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise ConnectionError(f"expected a stream, got {answer[:200]!r}")
        viewer.answered = True
        self._answers += 1

    def _leave(self, viewer: Viewer) -> None:
        if not viewer.answered:
            raise ConnectionError(f"viewer {self._answers + 1:,} was hung up on")
        self._gone += 1
        del self._viewers[viewer.socket.fileno()]
        viewer.socket.close()  # and epoll forgets it
