"""Everything started by one command, used as people use it, and ended."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.flows.everything import Everything, Start, processes, wait
from tracking.snapshot import ENDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def no_process_is_left_of(groups: set[int]) -> bool:
    return not any(g in groups and not state.startswith("Z") for _, _, g, state in processes())


@pytest.fixture
def everything(start: Start, tmp_path: Path) -> Iterator[Everything]:
    with ExitStack() as closing:
        yield Everything(start, tmp_path, closing)


def test_a_run_from_start_to_timetable_and_others_that_are_ended_early(
    everything: Everything, horarium: Start
) -> None:
    everything.wait_until_ready()
    page = everything.page
    names = [each["name"] for each in page.get("/api/instances/").json()["instances"]]
    assert sorted(names) == ["small-university.ectt", "tiny.ectt"]
    nightly = everything.prefect.get("/deployments/name/timetable/nightly").json()
    assert [schedule["active"] for schedule in nightly["schedules"]] == [False]

    # Started by the page's own call, watched in Redis, and its timetable read.
    form = {"instance_name": (None, "tiny.ectt"), "time_limit_seconds": (None, "5")}
    begun = page.post("/api/generation-jobs/generate/", files=form)
    assert begun.status_code == 202, begun.text
    job_id = begun.json()["job_id"]
    last = everything.wait_for(job_id, lambda snapshot: snapshot["status"] == "completed")
    assert last["overall_progress"] == 100
    document = everything.document(job_id)
    assert document["violations"] == 0
    assert document["cost"] == last["metadata"]["cost"]
    assert document["cost"] == sum(x["cost"] for x in document["lectures"]) + sum(
        reason["cost"] for course in document["courses"] for reason in course["reasons"]
    )
    assert page.get(f"/api/generation-jobs/{job_id}/timetable/").json() == document
    folder = everything.data / "jobs" / job_id
    assert {file.name for file in folder.iterdir()} == {
        "timetable.sol", "timetable.json", "timetable.csv", "timetable.html", "certificate.json",
        "curve.csv",
    }  # fmt: skip
    *_, cost, bound = (folder / "curve.csv").read_text().splitlines()[-1].split(",")
    assert (int(cost), int(bound)) == (document["cost"], document["bound"])
    assert everything.wait_for_end(job_id) == "COMPLETED"

    # Started by Prefect with an instance alone, and ended from another terminal.
    for request, end in (("finish", "COMPLETED"), ("cancel", "CANCELLED")):
        job_id = everything.start_by_prefect(instance="small-university.ectt", formulation="UD5")
        everything.wait_for(job_id, lambda snapshot: snapshot["stage"] == "ga_optimization")
        grown = page.get(f"/api/generation-jobs/{job_id}/files/curve.csv")
        assert grown.text.startswith("seconds,stage,violations,cost,bound\n")
        asked = horarium(request, job_id, "--redis-url", everything.redis_url)
        assert asked.status == 0, asked.err
        everything.wait_for(job_id, lambda snapshot: snapshot["status"] in ENDS)
        assert everything.wait_for_end(job_id) == end
        assert everything.store.snapshot(job_id)["status"] == end.lower()  # type: ignore[index]
        assert everything.document(job_id)["formulation"] == "UD5"
        log = everything.logged(job_id)
        assert "Beginning flow run" in " ".join(line for _, line in log)
        assert [line for level, line in log if level >= logging.ERROR] == []

    # Cancelled as Prefect's page does it.
    job_id = everything.start_by_prefect(instance="small-university.ectt", formulation="UD5")
    everything.wait_for(job_id, lambda snapshot: snapshot["stage"] == "ga_optimization")
    path, wish = f"/flow_runs/{job_id}/set_state", {"state": {"type": "CANCELLING"}}
    wait(lambda: everything.prefect.post(path, json=wish).is_success, lambda: path)
    everything.wait_for(job_id, lambda snapshot: snapshot["status"] == "cancelled")
    assert everything.wait_for_end(job_id) == "CANCELLED"
    assert everything.document(job_id)["violations"] == 0
    log = everything.logged(job_id)
    assert [line for level, line in log if level >= logging.ERROR] == []

    # Ended while a job runs: that one publishes its best first, and nothing is left.
    job_id = everything.start_by_prefect(instance="small-university.ectt", formulation="UD5")
    everything.wait_for(job_id, lambda snapshot: snapshot["stage"] == "ga_optimization")
    groups = everything.groups()
    assert len(groups) >= 4
    everything.run.process.send_signal(signal.SIGTERM)
    assert everything.run.process.wait(timeout=120) == 0, everything.run.err
    assert everything.document(job_id)["violations"] == 0
    wait(lambda: no_process_is_left_of(groups), lambda: f"{processes()}", seconds=30)


def parts_of(everything: Everything) -> list[int]:
    """The processes of Redis and of Prefect's server, once they have started."""

    def look() -> list[int]:
        ours = everything.run.process.pid
        found = sorted(pid for pid, parent, *_ in processes() if parent == ours)
        return found if len(found) == 2 else []

    found: list[int] = wait(look, lambda: everything.run.err)
    return found


@pytest.mark.parametrize(
    ("how", "status"),
    [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_nothing_is_left_when_it_is_ended_while_it_starts(
    everything: Everything, how: signal.Signals, status: int
) -> None:
    parts_of(everything)
    groups = everything.groups()
    everything.run.process.send_signal(how)
    assert everything.run.process.wait(timeout=120) == status, everything.run.err
    assert everything.run.err == ""
    wait(lambda: no_process_is_left_of(groups), lambda: f"{processes()}", seconds=30)


def test_a_part_that_dies_is_named_and_ends_the_rest(everything: Everything) -> None:
    redis, _ = parts_of(everything)
    groups = everything.groups()
    os.kill(redis, signal.SIGKILL)
    assert everything.run.process.wait(timeout=120) == 1
    assert everything.run.err.startswith("horarium: Redis has ended"), everything.run.err
    assert "Traceback" not in everything.run.err
    wait(lambda: no_process_is_left_of(groups), lambda: f"{processes()}", seconds=30)
