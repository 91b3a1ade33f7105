"""The benchmark of viewers still runs. How many a server holds, it says itself."""

from __future__ import annotations

import pytest

from benchmarks.progress.viewers.__main__ import row
from benchmarks.progress.viewers.audience import snapshots_in
from benchmarks.progress.viewers.measure import measure


def test_snapshots_are_found_without_reading_their_json() -> None:
    one = b'24\r\nid: 7\ndata: {"job_id":"a","seq":7,"published_at":1740000000.25,"m":{}}\n\n\r\n'
    other = one.replace(b"7", b"8")
    both = bytearray(one + b"2\r\n:\n\n\r\n" + other)

    found = [(7, 1740000000.25), (8, 1840000000.25)]
    assert snapshots_in(both, len(both)) == found
    assert snapshots_in(both, len(one)) == found[:1]
    assert snapshots_in(b'event: connected\ndata: {"job_id":"a"}\n', 37) == []


@pytest.mark.slow
def test_viewers_of_the_service_are_told_all_in_order() -> None:
    load = measure("horarium", num_viewers=7, num_jobs=2, seconds=1.0, warm_up_seconds=0.0)

    assert load.expected >= 7
    assert (load.lost, load.seen.disordered, load.seen.gone) == (0, 0, 0)
    assert row(load).startswith("| horarium | 7 | ")
