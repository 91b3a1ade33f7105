from __future__ import annotations

import asyncio
import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
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
from timetabling.formats import InputError, read_problem
from tracking import keys
from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.snapshot import Snapshot, ended
from tracking.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

JOBS = "/api/generation-jobs/"
GENERATE = f"{JOBS}generate/"
SMALL_BYTES = 100_000
MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}

Order = Callable[..., dict[str, Any]]


def check(path: Path) -> dict[str, Any]:
    try:
        problem = read_problem(path)
    except InputError as error:
        return {"name": path.name, "summary": None, "errors": str(error).splitlines()}
    summary = {"courses": len(problem.courses), "rooms": len(problem.rooms)}
    return {"name": problem.name, "summary": summary, "errors": []}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "instances").mkdir()
    (folder / "instances" / "tiny.ectt").write_bytes(INSTANCE.read_bytes())
    (folder / "instances" / "notes.txt").write_text("no instance")
    (folder / "instances" / "elsewhere.ectt").symlink_to(INSTANCE)
    (folder / "secret.ectt").write_bytes(INSTANCE.read_bytes())
    return folder


@pytest.fixture(scope="module")
def service(redis_url: str, data: Path) -> Iterator[httpx.Client]:
    settings = settings_in(
        data,
        redis_url=redis_url,
        max_upload_bytes=SMALL_BYTES,
        job_rate="1000/minute",
        request_rate="10000/minute",
    )
    with known_prefect(), serving(settings, check) as client:
        yield client


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    with_redis = Store(redis_url)
    yield with_redis
    with_redis.close()


def form(content: bytes = b"", name: str = "tiny.ectt", **fields: Any) -> dict[str, Any]:
    """A form with a file, or with fields alone."""
    file = {"instance": (name, content, "text/plain")} if content else {}
    parts = {key: (None, str(value)) for key, value in fields.items()}
    return {"files": file | parts}


def start(service: httpx.Client, who: dict[str, str] = ANN, **fields: Any) -> str:
    answer = service.post(GENERATE, headers=who, **form(instance_name="tiny.ectt", **fields))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def run_of(job_id: str) -> FlowRun:
    async def read() -> FlowRun:
        async with get_client() as client:
            return await client.read_flow_run(uuid.UUID(job_id))

    return asyncio.run(read())


def set_state(job_id: str, state: State[Any]) -> None:
    async def put() -> None:
        async with get_client() as client:
            await client.set_flow_run_state(uuid.UUID(job_id), state, force=True)

    asyncio.run(put())


def endless() -> Iterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="instance"; filename="a.ectt"\r\n\r\n'
    while True:
        yield b"x" * 50_000


def snapshot_of(job_id: str, **fields: Any) -> Snapshot:
    progress = Progress(DEFAULT, job_id, time.time(), run_id=job_id)
    progress.start_stage("clustering", time.time())
    return progress.next(time.time()) | fields  # type: ignore[return-value]


def uploads(data: Path) -> list[Path]:
    return sorted((data / "uploads").rglob("*.ectt")) if (data / "uploads").exists() else []


def problem_of(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{slug}"
    return document


def test_a_named_instance_becomes_a_job(service: httpx.Client) -> None:
    answer = service.post(
        GENERATE,
        headers=ANN,
        **form(
            instance_name="tiny.ectt", time_limit_seconds=7.5, formulation="UD3", seed=4,
            plan="solve-heavy",
        ),
    )  # fmt: skip
    assert answer.status_code == 202
    told = answer.json()
    assert told["status"] == "queued"
    assert answer.headers["location"] == told["links"]["self"] == f"{JOBS}{told['job_id']}/"
    assert told["links"]["page"] == f"/jobs/{told['job_id']}"
    run = run_of(told["job_id"])
    order = {
        "instance": "tiny.ectt", "formulation": "UD3", "time_limit_seconds": 7.5,
        "plan": "solve-heavy", "seed": 4,
    }  # fmt: skip
    assert run.parameters == order
    job = service.get(told["links"]["self"], headers=ANN).json()
    assert job["parameters"] == {key: order[key] for key in order if key != "instance"}
    assert (job["instance"], job["owner"], job["status"]) == ("tiny.ectt", "ann", "queued")
    assert job["progress"]["seq"] == 0
    assert job["created_at"] is not None
    assert (job["started_at"], job["ended_at"], job["result"]) == (None, None, None)


def test_a_sent_instance_is_kept_for_its_job_under_a_harmless_name(
    service: httpx.Client, data: Path
) -> None:
    sent = form(INSTANCE.read_bytes(), "../../Herbst: 2026.ectt")
    job_id = service.post(GENERATE, headers=ANN, **sent).json()["job_id"]
    saved = Path(run_of(job_id).parameters["instance"])
    assert saved.read_bytes() == INSTANCE.read_bytes()
    assert saved.name == "Herbst_ 2026.ectt"
    assert saved.parents[1] == data / "uploads"
    assert service.get(f"{JOBS}{job_id}/", headers=ANN).json()["instance"] == saved.name


def test_the_same_key_starts_the_same_job_and_keeps_one_file(
    service: httpx.Client, data: Path
) -> None:
    before, key = uploads(data), {"Idempotency-Key": str(uuid.uuid4())}
    sent = form(INSTANCE.read_bytes())
    first, again = (service.post(GENERATE, headers=ANN | key, **sent).json() for _ in range(2))
    assert first == again
    assert len(uploads(data)) == len(before) + 1
    assert service.post(GENERATE, headers=BOB | key, **sent).json()["job_id"] != first["job_id"]


@pytest.mark.parametrize(
    ("sent", "where", "expected"),
    [
        (form(), "instance", "a file, or in its place an instance_name"),
        (form(b"x", instance_name="tiny.ectt"), "instance", "a file, or in its place"),
        (form(instance="no file"), "instance", "a file with a name"),
        (form(instance_name="big.ectt"), "instance_name", "an instance that is there"),
        (form(instance_name="notes.txt"), "instance_name", "an instance that is there"),
        (form(instance_name="elsewhere.ectt"), "instance_name", "an instance that is there"),
        (form(instance_name="../secret.ectt"), "instance_name", "an instance that is there"),
        (form(instance_name=str(INSTANCE)), "instance_name", "an instance that is there"),
        (form(instance_name="tiny.ectt\0"), "instance_name", "an instance that is there"),
        (form(instance_name="..\\secret.ectt"), "instance_name", "an instance that is there"),
        (form(instance_name="tiny.ectt", seed=-1), "seed", "greater than or equal to 0"),
        (form(instance_name="tiny.ectt", seed=2**31), "seed", "less than"),
        (form(instance_name="tiny.ectt", seed="ten"), "seed", "a valid integer"),
        (form(instance_name="tiny.ectt", time_limit_seconds=0), "time_limit_seconds", "greater"),
        (form(instance_name="tiny.ectt", time_limit_seconds="inf"), "time_limit_seconds", "finite"),
        (form(instance_name="tiny.ectt", time_limit_seconds="nan"), "time_limit_seconds", "finite"),
        (form(instance_name="tiny.ectt", formulation="UD6"), "formulation", "'UD1', 'UD2'"),
        (form(instance_name="tiny.ectt", plan="x\r\ny"), "plan", "'default', 'search-heavy'"),
        (form(instance_name="tiny.ectt", output="/etc/passwd"), "output", "no field of this name"),
        (form(instance_name="tiny.ectt", job_id="weekly"), "job_id", "no field of this name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_order_says_where_what_was_found_and_what_was_expected(
    service: httpx.Client, sent: dict[str, Any], where: str, expected: str
) -> None:
    if not sent["files"]:
        sent = {"files": {"seed": (None, "1")}}
    errors = problem_of(service.post(GENERATE, headers=ANN, **sent), 422, "invalid-request")[
        "errors"
    ]
    assert [error["where"] for error in errors] == [where]
    assert expected in errors[0]["expected"]
    assert errors[0]["found"]


def test_all_that_is_wrong_with_an_order_is_told_at_once(service: httpx.Client) -> None:
    sent = form(seed="x", plan="y", formulation="z")
    problem = problem_of(service.post(GENERATE, headers=ANN, **sent), 422, "invalid-request")
    assert {error["where"] for error in problem["errors"]} == {
        "instance", "seed", "plan", "formulation",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "name"), [(b"Name: x\nCourses: many\n", "broken.ectt"), (b"\x89PNG", "a.png")]
)
def test_a_broken_instance_starts_nothing_and_leaves_nothing(
    service: httpx.Client, data: Path, content: bytes, name: str
) -> None:
    before = uploads(data)
    answer = service.post(GENERATE, headers=ANN, **form(content, name))
    problem = problem_of(answer, 422, "invalid-instance")
    assert problem["errors"]
    assert str(data) not in answer.text
    assert uploads(data) == before
    told = service.post("/api/instances/check/", headers=ANN, **form(content, name))
    assert told.status_code == 200
    assert told.json()["errors"] == problem["errors"]


def test_instances_are_listed_and_checked(service: httpx.Client, data: Path) -> None:
    before = uploads(data)
    assert service.get("/api/instances/", headers=ANN).json() == {
        "instances": [{"name": "tiny.ectt", "size_bytes": INSTANCE.stat().st_size}]
    }
    for sent in (form(instance_name="tiny.ectt"), form(INSTANCE.read_bytes())):
        told = service.post("/api/instances/check/", headers=ANN, **sent).json()
        assert (told["name"], told["errors"]) == ("tiny.ectt", [])
        assert told["summary"]["courses"] > 0
    assert uploads(data) == before


def test_a_body_that_is_too_large_is_not_read_to_its_end(service: httpx.Client, data: Path) -> None:
    before = uploads(data)
    told = service.post(GENERATE, headers=ANN, **form(b"x" * (SMALL_BYTES + 100_000)))
    problem_of(told, 413, "too-large")

    # Nobody reads for ever, whether or not it is known who sends.
    for who, status in ((ANN, 413), ({}, 401)):
        with contextlib.suppress(httpx.TransportError):  # the connection is cut as we send
            answer = service.post(GENERATE, headers=who | MULTIPART, content=endless())
            assert answer.status_code == status
    assert uploads(data) == before
    assert not list((data / "uploads").glob(".*"))


@pytest.mark.parametrize(
    ("kind", "content", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"instance_name=tiny.ectt", 415),
        ("", b"", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"", 422),
        ("multipart/form-data; boundary=b", b"rubbish", 400),
        ("multipart/form-data; boundary=b; charset=utf-16", b"\xff\xfe", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\n", 400),
        ("multipart/form-data; boundary=b",
         b'--b\r\nContent-Disposition: form-data; name="seed"\r\n\r\n' + b"1" * 5000, 400),
        ("multipart/form-data; boundary=b",
         b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 50 + b"--b--", 400),
        ("multipart/form-data; boundary=b",
         b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n1\r\n' * 3
         + b"--b--", 400),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_a_problem(
    service: httpx.Client, kind: str, content: bytes, status: int
) -> None:
    headers = ANN | ({"Content-Type": kind} if kind else {})
    answer = service.post(GENERATE, headers=headers, content=content)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_was_sent_and_became_no_job_goes_after_a_day(
    service: httpx.Client, data: Path
) -> None:
    kept = service.post(GENERATE, headers=ANN, **form(INSTANCE.read_bytes())).json()["job_id"]
    upload = Path(run_of(kept).parameters["instance"])
    left, young = data / "uploads" / "left", data / "uploads" / "young"
    for folder in (left, young):
        folder.mkdir()
        (folder / "a.ectt").write_text("x")
    for old in (left, upload.parent):
        os.utime(old, (1e9, 1e9))
    service.post("/api/instances/check/", headers=ANN, **form(b"x"))
    assert not left.exists()
    assert (young / "a.ectt").exists()
    assert upload.exists()


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
