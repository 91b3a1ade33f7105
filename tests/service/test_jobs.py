from __future__ import annotations

import time
import uuid
from pathlib import Path

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.states import Completed, Crashed, Pending, Running
from redis import Redis

from tests.service.access_parts import (
    ADMIN,
    ANN,
    BOB,
    INSTANCE,
    JOB_CALLS,
    NO_REDIS,
    known_prefect,
    no_prefect,
    serving,
    settings_in,
)
from tests.service.job_parts import (
    GENERATE,
    JOBS,
    form,
    problem_of,
    run_of,
    set_state,
    snapshot_of,
    start,
    uploads,
)
from tracking import keys
from tracking.snapshot import ended
from tracking.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def test_ones_own_jobs_are_listed_newest_first_and_all_to_an_administrator(
    service: httpx.Client,
) -> None:
    anns, bobs = start(service, ANN), start(service, BOB)
    own = service.get(JOBS, headers=ANN, params={"limit": 1}).json()
    assert [job["job_id"] for job in own["jobs"]] == [anns]
    assert own["total"] >= 1
    every = service.get(JOBS, headers=ADMIN, params={"limit": 2}).json()
    assert [job["job_id"] for job in every["jobs"]] == [bobs, anns]
    assert all(job["owner"] == "bob" for job in service.get(JOBS, headers=BOB).json()["jobs"])
    for wrong in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"limit": "x"}, {"offset": 10**30}):
        problem_of(service.get(JOBS, headers=ANN, params=wrong), 422, "invalid-request")


@pytest.mark.parametrize("call", JOB_CALLS, ids=str)
def test_anothers_job_and_one_that_is_not_there_look_the_same(
    service: httpx.Client, call: tuple[str, str]
) -> None:
    (method, path), bobs, none = call, start(service, BOB), str(uuid.uuid4())
    denied, unknown = (
        service.request(method, path.format(job_id), headers=ANN) for job_id in (bobs, none)
    )
    assert problem_of(denied, 403, "denied") == problem_of(unknown, 403, "denied")
    assert run_of(bobs).state_name == "Scheduled"
    problem_of(service.request(method, path.format(none), headers=ADMIN), 404, "no-such-job")


def test_a_ticket_opens_one_jobs_stream_for_who_has_it(service: httpx.Client) -> None:
    job_id, other = start(service), start(service)
    told = service.post(f"/api/generation/stream/{job_id}/ticket/", headers=ANN).json()
    assert 0 < told["expires_at"] - time.time() <= 60
    with service.stream("GET", told["url"]) as stream:
        assert stream.status_code == 200
        assert next(stream.iter_text()).splitlines()
    elsewhere = told["url"].replace(job_id, other)
    problem_of(service.get(elsewhere), 401, "unauthorized")


def test_a_jobs_status_is_what_its_process_says_while_it_runs(
    service: httpx.Client, store: Store
) -> None:
    job_id = start(service)
    set_state(job_id, Running())
    written = snapshot_of(job_id, status="running", metadata={"cost": 9, "violations": 0})
    store.write(written)
    job = service.get(f"{JOBS}{job_id}/", headers=ANN).json()
    assert job["status"] == "running"
    assert job["progress"] == written
    assert job["result"] is None
    listed = service.get(JOBS, headers=ANN, params={"limit": 1}).json()["jobs"][0]
    assert listed["progress"] == job["progress"]


def test_a_job_whose_process_was_killed_is_what_prefect_knows(
    service: httpx.Client, store: Store
) -> None:
    job_id = start(service)
    store.write(snapshot_of(job_id, status="running"))
    set_state(job_id, Crashed(message="killed"))
    assert service.get(f"{JOBS}{job_id}/", headers=ANN).json()["status"] == "failed"


def test_an_ended_job_has_a_result_from_redis_and_later_from_its_file(
    service: httpx.Client, store: Store, redis: Redis, data: Path
) -> None:
    job_id = start(service)
    set_state(job_id, Completed())
    running = snapshot_of(job_id, metadata={"cost": 12, "violations": 0, "bound": 3})
    store.write(ended(running, "completed", time.time()))
    job = service.get(f"{JOBS}{job_id}/", headers=ANN).json()
    assert job["result"] == {"cost": 12, "violations": 0, "bound": 3}
    assert job["ended_at"] is not None
    redis.flushall()
    folder = data / "jobs" / job_id
    folder.mkdir(parents=True)
    (folder / "timetable.json").write_text('{"cost": 12, "violations": 0, "bound": 4, "x": []}')
    job = service.get(f"{JOBS}{job_id}/", headers=ANN).json()
    assert (job["status"], job["progress"]["overall_progress"]) == ("completed", 100)
    assert job["result"] == {"cost": 12, "violations": 0, "bound": 4}


def test_a_job_that_has_not_begun_is_cancelled_at_once(service: httpx.Client) -> None:
    job_id = start(service)
    told = service.delete(f"{JOBS}{job_id}/cancel/", headers=ANN)
    assert (told.status_code, told.json()) == (202, {"job_id": job_id, "status": "cancelled"})
    for method, verb in (("DELETE", "cancel"), ("POST", "finish")):
        again = service.request(method, f"{JOBS}{job_id}/{verb}/", headers=ANN)
        assert "cancelled" in problem_of(again, 409, "ended")["detail"]


def test_a_running_job_is_asked_in_redis_and_through_prefect(
    service: httpx.Client, store: Store, redis: Redis
) -> None:
    job_id = start(service)
    set_state(job_id, Running())
    store.write(snapshot_of(job_id, status="running"))
    told = service.post(f"{JOBS}{job_id}/finish/", headers=ANN)
    assert (told.status_code, told.json()["status"]) == (202, "running")
    assert redis.get(keys.request(job_id)) == b"finish"
    assert run_of(job_id).state_name == "Running"
    told = service.delete(f"{JOBS}{job_id}/cancel/", headers=ADMIN)
    assert (told.status_code, told.json()["status"]) == (202, "running")
    assert redis.get(keys.request(job_id)) == b"cancel"
    assert run_of(job_id).state_name == "Cancelling"


def test_a_job_that_has_not_begun_has_nothing_to_finish(
    service: httpx.Client, redis: Redis
) -> None:
    job_id = start(service)
    problem_of(service.post(f"{JOBS}{job_id}/finish/", headers=ANN), 409, "not-started")
    set_state(job_id, Pending())
    assert redis.get(keys.request(job_id)) is None


def test_a_job_under_a_name_of_its_own_is_an_administrators(
    service: httpx.Client, store: Store, redis: Redis
) -> None:
    store.write(snapshot_of("weekly", status="running"))
    problem_of(service.get(f"{JOBS}weekly/", headers=ANN), 403, "denied")
    job = service.get(f"{JOBS}weekly/", headers=ADMIN).json()
    assert (job["job_id"], job["status"], job["owner"]) == ("weekly", "running", None)
    assert service.delete(f"{JOBS}weekly/cancel/", headers=ADMIN).status_code == 202
    assert redis.get(keys.request("weekly")) == b"cancel"


def test_a_run_that_was_given_a_job_id_is_listed_and_cancelled_as_that_job(
    service: httpx.Client, store: Store, redis: Redis
) -> None:
    first, run_id = start(service), start(service)
    given = run_of(run_id).parameters | {"job_id": "weekly"}
    with get_client(sync_client=True) as prefect:
        for each in (first, run_id):  # the one after the other, under the same id
            prefect.update_flow_run(uuid.UUID(each), parameters=given)
    set_state(run_id, Running())
    store.write(snapshot_of("weekly", status="running", run_id=run_id, overall_progress=12.34))
    newest = service.get(JOBS, headers=ADMIN, params={"limit": 2}).json()["jobs"]
    assert {job["job_id"] for job in newest} == {"weekly", first}
    (weekly,) = (job for job in newest if job["job_id"] == "weekly")
    assert weekly["progress"]["overall_progress"] == 12.34
    job = service.get(weekly["links"]["self"], headers=ADMIN).json()
    assert (job["owner"], job["instance"]) == ("ann", "tiny.ectt")
    assert service.delete(weekly["links"]["cancel"], headers=ADMIN).status_code == 202
    assert redis.get(keys.request("weekly")) == b"cancel"
    assert run_of(run_id).state_name == "Cancelling"
    assert run_of(first).state_name == "Scheduled"


def test_with_redis_away_jobs_are_told_from_prefect(tmp_path: Path) -> None:
    with known_prefect(), serving(settings_in(tmp_path, redis_url=NO_REDIS)) as service:
        (tmp_path / "instances").mkdir()
        (tmp_path / "instances" / "tiny.ectt").write_bytes(INSTANCE.read_bytes())
        job_id = start(service)
        assert service.get(f"{JOBS}{job_id}/", headers=ANN).json()["status"] == "queued"
        assert service.get(JOBS, headers=ANN, params={"limit": 1}).json()["jobs"]
        set_state(job_id, Running())
        finish = service.post(f"{JOBS}{job_id}/finish/", headers=ADMIN)
        assert finish.status_code in (409, 503)  # by what was known some seconds before
        for path in (f"{JOBS}weekly/", "/api/status/weekly"):  # Prefect does not know those
            problem_of(service.get(path, headers=ADMIN), 503, "redis-unavailable")
        assert service.delete(f"{JOBS}{job_id}/cancel/", headers=ANN).status_code == 202
        assert run_of(job_id).state_name == "Cancelling"


def test_with_prefect_away_nothing_hangs_and_what_redis_knows_is_told(
    redis_url: str, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "instances").mkdir()
    (tmp_path / "instances" / "tiny.ectt").write_bytes(INSTANCE.read_bytes())
    job_id = str(uuid.uuid4())
    store.write(snapshot_of(job_id, status="running"))
    with no_prefect(), serving(settings_in(tmp_path, redis_url=redis_url)) as service:
        sent = form(INSTANCE.read_bytes())
        told = service.post(GENERATE, headers=ANN, **sent)
        problem_of(told, 503, "prefect-unavailable")
        assert told.headers["retry-after"]
        assert uploads(tmp_path) == []
        problem_of(service.get(JOBS, headers=ANN), 503, "prefect-unavailable")
        problem_of(service.get(f"{JOBS}{job_id}/", headers=ANN), 503, "prefect-unavailable")
        assert service.get(f"{JOBS}{job_id}/", headers=ADMIN).json()["status"] == "running"
        cancelled = service.delete(f"{JOBS}{job_id}/cancel/", headers=ADMIN)
        assert cancelled.json() == {"job_id": job_id, "status": "running"}
