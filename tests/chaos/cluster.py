"""A Dask cluster in a process of its own, for as long as that lives."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from distributed import LocalCluster

__all__ = ["main"]


def main() -> None:
    """Start two workers, a process each, and write the scheduler's address down."""
    folder = Path(json.loads(sys.argv[1])["folder"])
    cluster = LocalCluster(  # type: ignore[no-untyped-call]
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    with cluster:
        unfinished = folder / "address.new"
        unfinished.write_text(cluster.scheduler_address)
        unfinished.rename(folder / "address")
        sys.stdin.read()
