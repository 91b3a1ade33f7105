"""One server, and how it does by so many viewers."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, cast

from redis import Redis

from benchmarks.progress.timing import cores, on_core
from benchmarks.progress.viewers.audience import Seen, watch
from benchmarks.progress.viewers.jobs import write
from benchmarks.progress.viewers.servers import SERVERS, Served
from tracking.embedded import EmbeddedRedis

__all__ = ["LATE_SECONDS", "Load", "measure"]

LATE_SECONDS = 0.5
"""What 99 % of the snapshots must not take longer than."""

_PACE_SECONDS = 0.5
_IDLE_PACE_SECONDS = 5.0  # while viewers come: a job that says nothing for long is lost
_PATIENCE_SECONDS = 600.0
_REDIS_CLIENTS = 19_000


class Load(NamedTuple):
    """How a server did.

    Parameters
    ----------
    server
        Its name.
    viewers
        How many.
    opening_seconds
        How long it took until all were there.
    expected
        Snapshots that all viewers together should have received.
    seen
        What they were told.
    memory
        Bytes a viewer, beyond those that the server takes with a viewer a job.
    server_share, redis_share
        Of a core, while the jobs published.
    server_seconds
        Of a core, used by the server for each snapshot of each viewer, until all were received:
        what other work on the machine makes late changes little in it.
    few_commands, commands
        To Redis, a second: with a viewer a job, and with all.
    redis_connections
        To Redis.
    """

    server: str
    viewers: int
    opening_seconds: float
    expected: int
    seen: Seen
    memory: float
    server_share: float
    redis_share: float
    server_seconds: float
    few_commands: float
    commands: float
    redis_connections: int

    @property
    def lost(self) -> int:
        """Snapshots that did not arrive."""
        return self.expected - self.seen.received

    @property
    def holds(self) -> bool:
        """Whether nothing was lost or came out of order, and nearly all came in time."""
        return not self.lost and not self.seen.disordered and self.seen.late <= LATE_SECONDS


def measure(
    name: str, num_viewers: int, num_jobs: int, seconds: float, *, warm_up_seconds: float = 3.0
) -> Load:
    """Have so many viewers watch for a while: the server on one core, all else on the other.

    Before, a viewer a job watches for as long: what the server then has and does is its own.

    Raises
    ------
    OSError
        If the server does not let them all in, or ends.
    """
    server_core, other_core = cores()
    names = [f"viewers-{number}" for number in range(num_jobs)]
    few = min(num_jobs, num_viewers)
    with on_core(other_core), _redis() as (url, redis), _process(write, url, names) as jobs:
        _receive(jobs)
        jobs.send(("pace", _IDLE_PACE_SECONDS))
        with (
            SERVERS[name].serve(url, server_core) as server,
            _process(watch, server.port, [server.request(job) for job in names]) as audience,
        ):
            stage = _Stage(redis, server, jobs, audience)
            stage.open(few)
            first = stage.play(seconds, few, num_jobs, warm_up_seconds)
            opening_seconds = stage.open(num_viewers - few)
            second = stage.play(seconds, num_viewers, num_jobs, warm_up_seconds)
            return Load(
                server=name,
                viewers=num_viewers,
                opening_seconds=opening_seconds,
                expected=second.expected,
                seen=second.seen,
                memory=(second.memory - first.memory) / max(1, num_viewers - few),
                server_share=second.server_share,
                redis_share=second.redis_share,
                server_seconds=second.server_seconds / max(1, second.seen.received),
                few_commands=first.commands,
                commands=second.commands,
                redis_connections=second.redis_connections,
            )


class _Played(NamedTuple):
    """What was measured while the jobs published for a while."""

    expected: int
    seen: Seen
    memory: int
    server_share: float
    redis_share: float
    server_seconds: float
    commands: float
    redis_connections: int


class _Stage(NamedTuple):
    """All who take part."""

    redis: Redis
    server: Served
    jobs: Connection
    audience: Connection

    def open(self, number: int) -> float:
        """Let so many viewers more come; gives how many seconds that took."""
        self.audience.send(("open", number))
        return cast("float", _receive(self.audience))

    def play(
        self, seconds: float, num_viewers: int, num_jobs: int, warm_up_seconds: float
    ) -> _Played:
        """Let the jobs publish at their pace, and watch everybody."""
        self.jobs.send(("pace", _PACE_SECONDS))
        time.sleep(warm_up_seconds)
        self.jobs.send(("begin", None))
        self.audience.send(("begin", _receive(self.jobs)))
        began, before = time.monotonic(), self._figures()
        time.sleep(seconds)
        took, after = time.monotonic() - began, self._figures()
        memory, connections = self.server.memory, len(self.redis.client_list())
        self.jobs.send(("end", None))
        counts = cast("list[int]", _receive(self.jobs))
        expected = sum(counts[number % num_jobs] for number in range(num_viewers))
        self.audience.send(("end", expected))
        seen = cast("Seen", _receive(self.audience))
        all_in = self.server.processor_seconds
        self.jobs.send(("pace", _IDLE_PACE_SECONDS))
        server, redis, commands = (b - a for a, b in zip(before, after, strict=True))
        return _Played(
            expected=expected,
            seen=seen,
            memory=memory,
            server_share=server / took,
            redis_share=redis / took,
            server_seconds=all_in - before[0],
            commands=commands / took,
            redis_connections=connections,
        )

    def _figures(self) -> tuple[float, float, float]:
        """Seconds used by the server and by Redis, and commands that Redis was given."""
        used = cast("dict[str, float]", self.redis.info("cpu"))
        calls = cast("dict[str, dict[str, int]]", self.redis.info("commandstats"))
        return (
            self.server.processor_seconds,
            used["used_cpu_sys"] + used["used_cpu_user"],
            sum(of["calls"] for name, of in calls.items() if name != "cmdstat_info"),
        )


@contextmanager
def _redis() -> Iterator[tuple[str, Redis]]:
    """A Redis that takes a connection a viewer."""
    server = EmbeddedRedis()
    try:
        with Redis.from_url(server.url) as client:
            client.config_set("maxclients", _REDIS_CLIENTS)
            yield server.url, client
    finally:
        server.close()


@contextmanager
def _process(part: Callable[..., None], *arguments: Any) -> Iterator[Connection]:
    """Another process, and a pipe to it; it ends when the pipe does."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=part, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours
    finally:
        ours.close()
        process.join(_PATIENCE_SECONDS)


def _receive(pipe: Connection) -> object:
    if not pipe.poll(_PATIENCE_SECONDS):
        raise TimeoutError(f"a process said nothing for {_PATIENCE_SECONDS:.0f} s")
    said = pipe.recv()
    if isinstance(said, Exception):
        raise said
    return said
