"""How many viewers one process of the live service holds, beside other servers.

    python -m benchmarks.progress.viewers [--viewers 10000] [--jobs 100] [--seconds 30]
        [--servers horarium sse-starlette nchan] [--steps 1000 2000 5000 10000 12500 15000 19000]

Each server has one core, everything else the other one: Redis, the jobs, the viewers, and nchan's
bridge. First each with so many viewers; then with more at each step, until one percent of the
snapshots take longer than half a second, or one is lost.
"""

from __future__ import annotations

import argparse
import resource

from benchmarks.progress.timing import print_busyness
from benchmarks.progress.viewers.measure import Load, measure
from benchmarks.progress.viewers.servers import SERVERS

_STEPS = [1000, 2000, 5000, 10_000, 12_500, 15_000, 19_000]
_STEP_SECONDS = 10.0

_HEAD = """
| | viewers | events/s | median | 99 % | worst | lost | out of order | kB a viewer | server | µs an event | viewers' process | Redis | commands/s, a viewer a job | commands/s | connections to Redis | s to let in |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""  # noqa: E501


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.progress.viewers")
    parser.add_argument("--viewers", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--servers", nargs="+", choices=list(SERVERS), default=list(SERVERS))
    parser.add_argument("--steps", nargs="*", type=int, default=_STEPS)
    given = parser.parse_args()
    # A viewer is a file; most systems give a process few of them, and more if it asks.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print_busyness("before")
    print(f"{most:,} files a process")
    servers = [name for name in given.servers if not SERVERS[name].lacks()]
    for name in given.servers:
        if name not in servers:
            print(f"{name}: left out, for lack of {SERVERS[name].lacks()}")
    print(_HEAD.strip())
    for name in servers:
        try_one(name, given.viewers, given.jobs, given.seconds)
    for name in servers:
        for viewers in given.steps:
            if not try_one(name, viewers, given.jobs, min(given.seconds, _STEP_SECONDS)):
                break
    print_busyness("after")


def try_one(name: str, viewers: int, jobs: int, seconds: float) -> bool:
    """Measure and print a row; gives whether the server holds so many."""
    try:
        load = measure(name, viewers, jobs, seconds)
    except OSError as trouble:
        print(f"| {name} | {viewers:,} | {trouble} |", flush=True)
        return False
    print(row(load), flush=True)
    return load.holds


def row(load: Load) -> str:
    """A row of the table."""
    seen = load.seen
    cells = [
        load.server,
        f"{load.viewers:,}",
        f"{seen.rate:,.0f}",
        *(f"{1000 * delay:,.0f} ms" for delay in (seen.median, seen.late, seen.worst)),
        f"{load.lost:,}" + (f" ({seen.gone:,} viewers gone)" if seen.gone else ""),
        f"{seen.disordered:,}",
        f"{load.memory / 1000:.1f}",
        f"{load.server_share:.0%}",
        f"{1e6 * load.server_seconds:.1f}",
        *(f"{share:.0%}" for share in (seen.share, load.redis_share)),
        *(f"{rate:,.0f}" for rate in (load.few_commands, load.commands)),
        f"{load.redis_connections:,}",
        f"{load.opening_seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
