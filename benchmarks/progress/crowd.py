"""Many live jobs of one process on one core, and someone on another who hears all they publish."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple, cast

from redis import Redis

from benchmarks.progress.timing import cores, on_core
from tracking import keys
from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT
from tracking.reporter import Reporter

__all__ = ["Crowd", "live_jobs"]

_STAGE = "cpsat_solving"
_UNITS = 100_000  # of a job's stage: none is done before its time
_STEP_SECONDS = 0.01
_EACH_SECONDS = 0.5  # how often work in a job advances
_PATIENCE_SECONDS = 120.0


class Crowd(NamedTuple):
    """How many jobs fared, over the time in which all were live.

    Parameters
    ----------
    jobs
        How many published at all in that time.
    seconds
        How long it was.
    publishes
        Snapshots heard.
    writer_share, redis_share
        Of a core, used by the jobs' process and by Redis.
    median_gap, late_gap, worst_gap
        Seconds between two snapshots of one job: the median, the 99th percentile, and the longest.
    """

    jobs: int
    seconds: float
    publishes: int
    writer_share: float
    redis_share: float
    median_gap: float
    late_gap: float
    worst_gap: float


def live_jobs(num_jobs: int, seconds: float, *, warm_up_seconds: float = 3.0) -> Crowd:
    """Have so many jobs live for a while: their process on one core, Redis and us on another."""
    writer_core, redis_core = cores()
    with on_core(redis_core):
        redis = EmbeddedRedis()
        try:
            with _Listener(redis.url) as listener, Redis.from_url(redis.url) as client:
                context = multiprocessing.get_context("spawn")
                ours, theirs = context.Pipe()
                writer = context.Process(
                    target=_write, args=(theirs, redis.url, num_jobs, writer_core), daemon=True
                )
                writer.start()
                _expect(ours, "live")
                time.sleep(warm_up_seconds)
                used, begun = _processor_seconds(client), time.monotonic()
                ours.send("measure")
                time.sleep(seconds)
                ours.send("end")
                writer_share = cast("float", _receive(ours))
                ended = time.monotonic()
                redis_share = (_processor_seconds(client) - used) / (ended - begun)
                heard = listener.heard(begun, ended)
                writer.join(_PATIENCE_SECONDS)
        finally:
            redis.close()
    gaps = sorted(gap for times in heard.values() for gap in _gaps(times, begun, ended))
    return Crowd(
        jobs=len(heard),
        seconds=ended - begun,
        publishes=sum(map(len, heard.values())),
        writer_share=writer_share,
        redis_share=redis_share,
        median_gap=gaps[len(gaps) // 2],
        late_gap=gaps[len(gaps) * 99 // 100],
        worst_gap=gaps[-1],
    )


def _gaps(times: Sequence[float], begun: float, ended: float) -> list[float]:
    """Between one and the next; the silence at either end is a gap as well."""
    ends = (*times, ended)
    return [after - before for before, after in zip((begun, *times), ends, strict=True)]


def _processor_seconds(client: Redis) -> float:
    """What Redis has used so far."""
    used = cast("dict[str, float]", client.info("cpu"))
    return used["used_cpu_sys"] + used["used_cpu_user"]


def _receive(pipe: Connection) -> object:
    if not pipe.poll(_PATIENCE_SECONDS):
        raise RuntimeError(f"the jobs' process said nothing for {_PATIENCE_SECONDS:.0f} s")
    return pipe.recv()


def _expect(pipe: Connection, word: str) -> None:
    said = _receive(pipe)
    if said != word:
        raise RuntimeError(f"expected the jobs' process to say {word!r}, it said {said!r}")


class _Listener:
    """Notes when a snapshot of each job was published, for as long as its block lasts."""

    def __init__(self, redis_url: str) -> None:
        self._client = Redis.from_url(redis_url, socket_timeout=None)
        self._channel = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        self._channel.psubscribe(keys.progress("crowd-") + "*")
        self._heard: list[tuple[float, bytes]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> _Listener:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopped.set()
        self._thread.join()
        self._channel.close()
        self._client.close()

    def heard(self, begun: float, ended: float) -> dict[bytes, list[float]]:
        """When each job was heard of, between two times."""
        times: dict[bytes, list[float]] = {}
        for at, job in list(self._heard):
            if begun <= at < ended:
                times.setdefault(job, []).append(at)
        return times

    def _listen(self) -> None:
        message: dict[str, Any] | None
        while not self._stopped.is_set():
            message = self._channel.get_message(timeout=0.1)
            if message is not None:
                self._heard.append((time.monotonic(), message["channel"]))


def _write(pipe: Connection, redis_url: str, num_jobs: int, core: int) -> None:
    """Be the process of the jobs: each is told of a unit now and then."""
    os.sched_setaffinity(0, {core})
    reporters = [Reporter(f"crowd-{number}", DEFAULT, redis_url) for number in range(num_jobs)]
    for reporter in reporters:
        reporter.start()
        reporter.start_stage(_STAGE)
        reporter.update_stage_progress(0, _UNITS)
    pipe.send("live")
    used = begun = 0.0
    chance = random.Random(1)
    each_step = max(1, round(num_jobs * _STEP_SECONDS / _EACH_SECONDS))
    while True:
        for reporter in chance.sample(reporters, each_step):
            reporter.advance()
        time.sleep(_STEP_SECONDS)
        if pipe.poll():
            if pipe.recv() == "end":
                break
            used, begun = time.process_time(), time.monotonic()
    pipe.send((time.process_time() - used) / (time.monotonic() - begun))
    pipe.close()
    os._exit(0)  # a thousand ends, one after the other, are nobody's matter here
