"""What many watched jobs cost: round trips, a core's share for a thousand, and Redis' memory.

    python -m benchmarks.progress.fanout [EFFORT]

EFFORT is how much is measured; 1 by default: a thousand jobs for 20 s.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any, NamedTuple, cast
from uuid import UUID

from redis import Redis

from benchmarks.progress.crowd import live_jobs
from benchmarks.progress.timing import print_busyness
from tracking import keys
from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT
from tracking.reporter import Reporter
from tracking.scripts.report import Count
from tracking.store import Store

_INTERVAL_SECONDS = 0.01
_PATIENCE_SECONDS = 60.0


class Trips(NamedTuple):
    """What a job asked of Redis while it published so many snapshots.

    Parameters
    ----------
    publishes
        How many.
    commands
        How often each command came from outside, that is, not from a script.
    """

    publishes: int
    commands: dict[str, int]

    @property
    def each(self) -> float:
        """Round trips a publish."""
        return sum(self.commands.values()) / self.publishes


class Memory(NamedTuple):
    """What a job's keys take in Redis.

    Parameters
    ----------
    events_kept
        Entries of its stream: Redis drops old ones by whole blocks.
    sizes
        Bytes, by key.
    """

    events_kept: int
    sizes: dict[str, int]


def main(effort: float = 1.0) -> None:
    """Measure and print everything."""
    print_busyness("before")
    redis = EmbeddedRedis()
    try:
        print_trips(redis.url, max(5, round(200 * effort)))
        print_memory(redis.url, max(20, round(1200 * effort)), max(2, round(216 * effort)))
    finally:
        redis.close()
    print_crowd(max(5, round(1000 * effort)), max(2.0, 20 * effort))
    print_busyness("after")


def print_trips(redis_url: str, publishes: int) -> None:
    """Print how often Redis is asked for a publish."""
    trips = round_trips(redis_url, publishes)
    asked = ", ".join(f"{count} {name}" for name, count in trips.commands.items())
    print(f"round trips a publish: {trips.each:.3f} ({asked}; {trips.publishes} publishes)")


def print_memory(redis_url: str, events: int, units: int) -> None:
    """Print what a job's keys take."""
    kept, sizes = memory(redis_url, events, units)
    print(f"memory of a job's keys, {kept:,} of {events:,} events kept, {units} units told of:")
    for name, size in sizes.items():
        print(f"  {size:>9,} bytes  {name}")
    print(f"  {sum(sizes.values()):>9,} bytes  in total")


def print_crowd(num_jobs: int, seconds: float) -> None:
    """Print how many jobs fare on one core."""
    crowd = live_jobs(num_jobs, seconds)
    print(f"{num_jobs:,} live jobs in one process on one core, {crowd.seconds:.1f} s:")
    print(f"  {crowd.publishes / crowd.seconds:>9,.0f}  publishes a second, of all")
    print(f"  {crowd.publishes / crowd.seconds / num_jobs:>9.2f}  a second and job")
    print(f"  {crowd.jobs:>9,}  jobs heard of")
    print(f"  {crowd.writer_share:>9.1%}  of a core used by their process")
    print(f"  {crowd.redis_share:>9.1%}  of a core used by Redis")
    for name, gap in (
        ("median", crowd.median_gap),
        ("99th percentile of the", crowd.late_gap),
        ("longest", crowd.worst_gap),
    ):
        print(f"  {gap:>9.2f}  s, {name} time between two snapshots of a job")


def round_trips(redis_url: str, publishes: int) -> Trips:
    """Count what a job that publishes asks of Redis, as Redis' MONITOR tells it."""
    reporter = Reporter("trips", DEFAULT, redis_url, interval_seconds=_INTERVAL_SECONDS)
    reporter.start()
    reporter.start_stage("cpsat_solving")
    _wait_for_seq(reporter, 3)  # connected, and the bar has caught up
    commands: Counter[str] = Counter()
    published = 0
    with Redis.from_url(redis_url) as client, client.monitor() as monitor:
        while published < publishes:
            told: dict[str, Any] = monitor.next_command()
            name = told["command"].split()[0].upper()
            if told["client_type"] != "lua":
                commands[name] += 1
            elif name == "PUBLISH":
                published += 1
            if published < publishes:
                reporter.advance()
    reporter.mark_cancelled()
    return Trips(published, dict(commands))


def _wait_for_seq(reporter: Reporter, seq: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (last := reporter.last_snapshot) is None or last["seq"] < seq:
        if time.monotonic() > deadline:
            raise RuntimeError(f"expected snapshot {seq}, the last one is {last}")
        time.sleep(0.001)


def memory(redis_url: str, events: int, units: int) -> Memory:
    """Measure a job's keys after so many events and reported units."""
    reporter = Reporter(
        str(UUID(int=1)), DEFAULT, redis_url, interval_seconds=0.001, run_id=str(UUID(int=1))
    )
    reporter.start()
    reporter.start_stage("cpsat_solving")
    reporter.update_stage_progress(0, events)
    store = Store(redis_url)
    _wait_for_seq(reporter, 2)
    for number in range(units):
        count = Count(str(UUID(int=number)), 1, "", "cpsat_solving", 1, 1)
        store.report(reporter.job_id, [count])
    while (last := reporter.last_snapshot) is None or last["seq"] < events:
        reporter.advance()
        reporter.update(f"Cluster {reporter.completed}/{events}: cost 61", cost=61, violations=0)
        _wait_for_seq(reporter, 1 if last is None else last["seq"] + 1)
    spellers = {
        "snapshot": keys.progress,
        "events": keys.events,
        "ledger": keys.ledger,
        "lease": keys.lease,
    }
    with Redis.from_url(redis_url) as client:
        sizes = {
            name: cast("int", client.memory_usage(spell(reporter.job_id), samples=0))
            for name, spell in spellers.items()
        }
        events_kept = cast("int", client.xlen(keys.events(reporter.job_id)))
    reporter.mark_cancelled()
    store.close()
    return Memory(events_kept, sizes)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
