"""Many viewers of one job: raw sockets, read by one thread."""

from __future__ import annotations

import re
import resource
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Self

__all__ = ["Crowd", "Viewer"]

_FIELD = re.compile(rb"(?:event: (\w+)|id: (\d+)|(:)|HTTP/1\.1 (\d+) .*)\r?")


class Viewer:
    """What one of them was told."""

    def __init__(self, stream: socket.socket) -> None:
        self.stream = stream
        self.status = 0
        """Of the answer."""
        self.names: dict[bytes, int] = {}
        """Events, how often each."""
        self.last_id = -1
        self.disorder: list[tuple[int, int]] = []
        """Ids that did not follow what came before, with that."""
        self.comments = 0
        self.is_cut = False
        """Whether the connection was closed before the job had ended."""
        self._rest = b""

    def read(self) -> bool:
        """Read what is there; gives whether there may be more."""
        try:
            data = self.stream.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            found = _FIELD.fullmatch(line)
            if found:
                self._take(*found.groups())
        self.is_cut = not data and b"done" not in self.names
        return bool(data)

    def _take(self, name: bytes, seq: bytes, comment: bytes, status: bytes) -> None:
        if name:
            self.names[name] = self.names.get(name, 0) + 1
        elif seq:
            if int(seq) <= self.last_id:
                self.disorder.append((self.last_id, int(seq)))
            self.last_id = int(seq)
        elif comment:
            self.comments += 1
        else:
            self.status = int(status)


class Crowd:
    """Viewers who come all at once, and stay until the block ends.

    Parameters
    ----------
    port
        Of the service, on 127.0.0.1.
    request
        What each of them sends: the whole of it.
    size
        How many they are.
    """

    def __init__(self, port: int, request: bytes, size: int) -> None:
        _allow_open_files(2 * size + 1000)  # the service is in this process as well
        self._selector = selectors.DefaultSelector()
        self._moved = threading.Condition()
        self._is_over = False
        self.viewers = [Viewer(socket.create_connection(("127.0.0.1", port))) for _ in range(size)]
        for viewer in self.viewers:
            viewer.stream.sendall(request)
            viewer.stream.setblocking(False)
            self._selector.register(viewer.stream, selectors.EVENT_READ, viewer)
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_over = True
        self._thread.join()
        self._selector.close()
        for viewer in self.viewers:
            viewer.stream.close()

    def wait(self, until: Callable[[Viewer], bool]) -> None:
        """Wait until it is true of each of them."""
        waiting = list(self.viewers)

        def is_true_of_all() -> bool:
            waiting[:] = [viewer for viewer in waiting if not until(viewer)]
            return not waiting

        with self._moved:
            assert self._moved.wait_for(is_true_of_all, 120), f"{len(waiting)} wait in vain"

    def _read(self) -> None:
        while not self._is_over:
            ready = self._selector.select(0.1)
            with self._moved:
                for key, _ in ready:
                    if not key.data.read():
                        self._selector.unregister(key.data.stream)
                self._moved.notify_all()


def _allow_open_files(number: int) -> None:
    most, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (number, limit))
