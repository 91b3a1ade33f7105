from __future__ import annotations

from tests.service.live_parts import Job
from tracking.service.sources import carried_on
from tracking.snapshot import Snapshot, ended


def test_prefect_knows_the_end_of_a_job_and_not_how_far_it_is(job: Job) -> None:
    seen = job.snapshot(overall_progress=40.0, metadata={"cost": 7})
    running = job.snapshot(seq=0, overall_progress=0.0)
    failed: Snapshot = {**running, "status": "failed", "metadata": {"error": "no room"}}
    assert carried_on(None, running) == running
    assert carried_on(seen, running) is None
    assert carried_on(ended(seen, "cancelled", 0), failed) is None
    end = carried_on(seen, failed)
    assert end is not None
    assert (end["status"], end["overall_progress"], end["seq"]) == ("failed", 40.0, 2)
    assert end["metadata"] == {"cost": 7, "error": "no room"}
