"""A Dask cluster in a process of its own, for as long as that lives."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster

__all__ = ["executed", "main"]


def executed(address: str) -> dict[int, int]:
    """How many tasks each worker's process of a cluster has executed."""

    def ask(dask_worker: Any) -> tuple[int, int]:
        return os.getpid(), dask_worker.state.executed_count

    with Client(address) as client:  # type: ignore[no-untyped-call]
        return dict(client.run(ask).values())


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
