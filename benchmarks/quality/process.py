"""Run a command to its end, and see how much memory it and its children take."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Finished", "run_process"]

SAMPLE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that ended: what it said, how long it took, and bytes of memory at its peak."""

    output: str
    errors: str
    status: int
    seconds: float
    peak_memory: int


def run_process(
    command: Sequence[str | Path], *, environment: Mapping[str, str], timeout_seconds: float
) -> Finished:
    """Run a command alone.

    Raises
    ------
    subprocess.TimeoutExpired
        If it takes longer; it is killed then.
    """
    begun = time.monotonic()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        ended, peak = threading.Event(), [0]

        def watch() -> None:
            while not ended.wait(SAMPLE_SECONDS):
                peak[0] = max(peak[0], memory(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            output, errors = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        finally:
            ended.set()
            watcher.join()
    return Finished(output, errors, process.returncode, time.monotonic() - begun, peak[0])


def memory(pid: int) -> int:
    """Bytes that a process and its descendants hold now, what they share counted once.

    0 where the system does not tell (it is not Linux).
    """
    return sum(map(_proportional_memory, _family(pid)))


def _family(pid: int) -> Iterator[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything; the parent is the second word after it.
            parent = int(stat.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue  # it has just ended
        children[parent].append(int(stat.parent.name))
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += children[one]


def _proportional_memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))
