"""Servers of one's own: children that end with this process, however it ends."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["Child", "free_port"]

# The shell becomes the server, after leaving a watcher behind: it reads from a pipe whose other
# end only this process holds, so that even `kill -9` of this process ends the server. PDEATHSIG
# would do on Linux alone, and fires when the starting *thread* ends. The two share a process
# group of their own: the terminal's Ctrl-C does not reach them, and `kill 0` no one else.
_RUN_UNTIL_STDIN_CLOSES = """
exec 3<&0
(read -r _ <&3; rm -rf -- "$1"; kill -KILL 0) &
shift
exec "$@" 3<&- </dev/null
"""


class Child:
    """A running server.

    Parameters
    ----------
    command
        The program and its arguments.
    folder
        The child's own; it is removed when the child ends, and holds its output, `log`.
    environment
        The child's; None inherits this process's.
    cwd
        Where it runs; None is where this process does.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        self._folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603
                ["/bin/sh", "-c", _RUN_UNTIL_STDIN_CLOSES, "sh", folder, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    @property
    def status(self) -> int | None:
        """How it has ended, as a shell says it; None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """The end of what it has said."""
        return self.log.read_text(errors="replace")[-500:].strip() or "it says nothing"

    def close(self, *, patience_seconds: float = 0.0) -> None:
        """End it, by force once the patience is over, and remove its folder."""
        if patience_seconds:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(patience_seconds)
        if self._process.stdin:
            self._process.stdin.close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def free_port() -> int:
    """Find a port of 127.0.0.1 that nobody uses now; somebody else may take it first."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
