"""Two users at once, on the same connections: nothing of one's is ever told to the other."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from prefect.client.schemas.objects import State, StateType
from redis import Redis
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from flows.serve import check_instance
from tests.service.access_parts import ANN, BOB, INSTANCE, known_prefect, settings_in
from tests.service.job_parts import GENERATE, form, run_of, set_state, snapshot_of, start
from tests.service.live_parts import QUICK, serving
from tracking import keys
from tracking.service.app import create_app
from tracking.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ANNS = 30  # things that she does
BOBS = 300  # and that he asks
TRIES = 20
SECRET = "anns own"
ENDS = [StateType.FAILED, StateType.CRASHED, StateType.COMPLETED]
ROUTES = [
    (method, path)
    for path, operations in create_app(settings_in(Path("nowhere"))).openapi()["paths"].items()
    for method in operations
] + [
    ("get", "/status/{job_id}"),
    ("get", "/jobs/{job_id}"),
    ("get", "/api/generation/ws/{job_id}/"),
]


class Patient(httpx.HTTPTransport):
    """Asks again while Prefect is too busy to answer, as the service says one should."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(TRIES):
            answer = super().handle_request(request)
            if answer.status_code != 503:
                break
            answer.close()
        return answer


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    rates = {"job_rate": "1000/minute", "request_rate": "10000/minute"}
    settings = settings_in(tmp_path, redis_url=redis_url, **rates)
    (tmp_path / "instances").mkdir()
    (tmp_path / "instances" / "tiny.ectt").write_bytes(INSTANCE.read_bytes())
    with (
        known_prefect(),
        serving(create_app(settings, check=check_instance, pace=QUICK)) as server,
        httpx.Client(
            base_url=f"http://127.0.0.1:{server.port}", transport=Patient(), timeout=60
        ) as client,
    ):
        yield client


class Ann:
    """Starts jobs, which publish and end; all that she sends says whose it is."""

    def __init__(self, service: httpx.Client, store: Store, data: Path, seed: int) -> None:
        self.jobs: list[str] = []
        self.key = {"Idempotency-Key": f"{SECRET} key"}
        self._service = service
        self._store = store
        self._data = data
        self._pick = Random(seed)

    def live(self) -> None:
        for _ in range(ANNS):
            self._pick.choice([self._start, self._publish, self._end, self._look])()

    def _start(self) -> None:
        content = INSTANCE.read_bytes().replace(b"c01", f"<b>{SECRET}</b>".encode())
        sent = form(content, f"{SECRET}.ectt")
        self._service.post("/api/instances/check/", headers=ANN, **form(b"x", f"{SECRET}.ectt"))
        key = self._pick.choice([{}, self.key])
        answer = self._service.post(GENERATE, headers=ANN | key, **sent)
        assert answer.status_code in (202, 422)
        self.jobs.append(start(self._service, ANN))

    def _publish(self) -> None:
        for job_id in self.jobs[-3:]:
            set_state(job_id, State(type=StateType.RUNNING))
            said = {"message": SECRET, "metadata": {"cost": 9, "error": SECRET}}
            self._store.write(snapshot_of(job_id, status="running", **said))

    def _end(self) -> None:
        for job_id in self.jobs[-3:-2]:
            set_state(job_id, State(type=self._pick.choice(ENDS), message=SECRET))
            folder = self._data / "jobs" / job_id
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "timetable.json").write_text(f'{{"cost": 9, "instance": "{SECRET}"}}')
            (folder / f"{SECRET}.csv").write_text(SECRET)

    def _look(self) -> None:
        for job_id in self.jobs[-3:]:
            assert self._service.get(f"/api/generation-jobs/{job_id}/", headers=ANN).is_success
            self._service.post(f"/api/generation/stream/{job_id}/ticket/", headers=ANN)
        self._service.get("/api/generation-jobs/", headers=ANN)


class Bob:
    """Asks for everything, of his own jobs and of Ann's, whose ids he has read somewhere."""

    def __init__(self, service: httpx.Client, ann: Ann, seed: int) -> None:
        self.told: list[str] = []
        """Every answer, headers included."""
        self._service = service
        self._ann = ann
        self._pick = Random(seed)
        self._own = [start(service, BOB)]
        self._call("POST", f"/api/generation-jobs/{self._own[0]}/finish/")  # it has not begun

    def ask(self) -> None:
        method, path = self._pick.choice(ROUTES)
        job_id = self._pick.choice([*self._ann.jobs[-5:], *self._own[-2:], str(uuid.uuid4())])
        if self._pick.random() < 0.1:
            job_id = self._pick.choice([job_id.upper(), job_id.replace("-", ""), f"{job_id}%20"])
        name = self._pick.choice(["timetable.json", f"..%2f{job_id}%2ftimetable.json"])
        path = path.format(job_id=job_id, name=name)
        query = self._pick.choice(["", "?cursor=0", "?limit=100", "?ticket=x", "?plan=x"])
        if "/ws/" in path:
            self._open_socket(path + query)
        else:
            self._call(method.upper(), path + query)

    def _call(self, method: str, path: str) -> None:
        more: dict[str, Any] = {}
        if path.startswith((GENERATE, "/api/instances/check")):
            own = form(INSTANCE.read_bytes(), "bobs.ectt")
            more = self._pick.choice([own, form(b"x", "bobs.ectt"), form(instance_name="x.ectt")])
        headers = BOB | self._pick.choice([{}, self._ann.key, {"Last-Event-ID": "1"}])
        with self._service.stream(method, path, headers=headers, **more) as answer:
            if answer.headers.get("content-type") == "text/event-stream":
                # Until it has nothing more to say.
                body = "\n".join(takewhile(lambda line: line != ":", answer.iter_lines()))
            else:
                body = answer.read().decode(errors="replace")
            self.told.append(f"{answer.status_code} {answer.headers} {body}")
            assert answer.status_code < 500, (method, path, body)
            if answer.status_code == 202 and method == "POST" and path.startswith(GENERATE):
                self._own.append(answer.json()["job_id"])

    @property
    def has_got_about(self) -> bool:
        """Whether he was answered in all the ways there are."""
        return {"200", "202", "403", "404", "409", "422"} <= {told[:3] for told in self.told}

    def _open_socket(self, path: str) -> None:
        url = str(self._service.base_url).replace("http", "ws", 1) + path
        try:
            with connect(url, additional_headers=BOB, open_timeout=60) as socket:
                self.told.append(str(socket.recv(timeout=60)))
        except InvalidStatus as refused:
            self.told.append(str(refused.response))


@pytest.mark.parametrize("seed", [1])
def test_whatever_one_asks_nothing_of_the_others_is_told(
    service: httpx.Client, store: Store, redis: Redis, tmp_path: Path, seed: int
) -> None:
    ann = Ann(service, store, tmp_path, seed)
    bob = Bob(service, ann, seed + 1)
    with ThreadPoolExecutor() as pool:
        living = pool.submit(copy_context().run, ann.live)
        while not living.done() or len(bob.told) < BOBS or not bob.has_got_about:
            bob.ask()
        living.result()
    uploads = [str(run_of(job_id).parameters["instance"]) for job_id in ann.jobs]
    secrets = {SECRET, *ann.jobs, *(Path(upload).parent.name for upload in uploads)} - {"", "."}
    for answer in bob.told:
        assert not [secret for secret in secrets if secret.lower() in answer.lower()], answer
    # Nor was anything done to her jobs.
    assert not [job_id for job_id in ann.jobs if redis.exists(keys.request(job_id))]
    assert "cancel" not in " ".join(str(run_of(job_id).state_name) for job_id in ann.jobs).lower()
