"""Clients generated from the OpenAPI work, and what it says of events and timetables is so."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import jsonschema_rs
import pytest
from redis import Redis
from websockets.sync.client import connect

from tests.service.access_parts import ANN, ANN_TOKEN, INSTANCE, settings_in
from tests.service.live_parts import ADMIN, Job, told
from timetabling.formats import read_problem
from timetabling.penalties import formulation
from timetabling.problem import Lecture, Timetable
from timetabling.view import document
from tracking import keys
from tracking.service import timetables
from tracking.service.app import create_app

OPENAPI = create_app(settings_in(Path("nowhere"))).openapi()

# A program as a user writes it: checked against the generated types, then run.
PROGRAM = """
from io import BytesIO
from typing import assert_type

from horarium_client import AuthenticatedClient
from horarium_client.api.jobs import cancel_job, generate, list_jobs, read_job
from horarium_client.api.progress import show_progress
from horarium_client.api.results import read_timetable
from horarium_client.models import (
    Asked, GenerateBody, GenerateBodyFormulation, Job, JobList, JobStatus, ProblemDocument,
    Snapshot, Started, Timetable,
)
from horarium_client.types import File


def main(url: str, token: str, instance: bytes) -> tuple[str, JobStatus]:
    with AuthenticatedClient(url, token=token, raise_on_unexpected_status=True) as client:
        file = File(BytesIO(instance), "mine.ectt", "text/plain")
        order = GenerateBody(file, seed=7, formulation=GenerateBodyFormulation.UD3)
        started = generate.sync(client=client, body=order)
        assert isinstance(started, Started), started
        job = read_job.sync(started.job_id, client=client)
        assert isinstance(job, Job), job
        assert_type(job.status, JobStatus)
        assert job.status is JobStatus.QUEUED
        assert (job.instance, job.parameters.seed, job.parameters.formulation) == (
            "mine.ectt", 7, "UD3",
        )
        assert isinstance(job.progress, Snapshot)
        assert_type(job.progress.eta_seconds, int | None)
        progress = show_progress.sync(started.job_id, client=client)
        assert isinstance(progress, Snapshot), progress
        assert_type(progress.overall_progress, float)
        listed = list_jobs.sync(client=client, limit=1)
        assert isinstance(listed, JobList), listed
        assert listed.jobs[0].job_id == started.job_id
        none = read_timetable.sync(started.job_id, client=client)
        if isinstance(none, Timetable):
            assert_type(none.lectures[0].reasons[0].text, str)
        assert isinstance(none, ProblemDocument), none
        assert none.type_ == "/problems/no-timetable"
        asked = cancel_job.sync(started.job_id, client=client)
        assert isinstance(asked, Asked), asked
        return started.job_id, asked.status
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a generated client, and the program."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(OPENAPI))
    (folder / "generator.yaml").write_text("post_hooks: []\n")  # it need not look well
    _run(
        folder, "openapi_python_client", "generate", "--fail-on-warning", "--meta=none",
        "--path=openapi.json", "--output-path=horarium_client", "--config=generator.yaml",
    )  # fmt: skip
    (folder / "client_program.py").write_text(PROGRAM)
    return folder


def _run(folder: Path, module: str, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_what_is_generated_has_types_that_hold(generated: Path) -> None:
    # All that is made from our OpenAPI; not the generator's own frame.
    _run(
        generated, "mypy", "--strict", "--follow-imports=silent", "--cache-dir=mypy",
        "horarium_client/api", "horarium_client/models", "client_program.py",
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_generated_client_starts_a_job_and_reads_its_state(
    generated: Path, service: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(generated)
    program = importlib.import_module("client_program")
    url = str(service.base_url)
    job_id, status = program.main(url, ANN_TOKEN, INSTANCE.read_bytes())
    assert status == "cancelled"
    answer = service.get(f"/api/generation-jobs/{job_id}/", headers=ANN)
    assert (answer.json()["owner"], answer.json()["status"]) == ("ann", "cancelled")
    with program.AuthenticatedClient(url, token="nobody's") as stranger:
        problem = program.read_job.sync(job_id, client=stranger)
    assert (problem.type_, problem.status) == ("/problems/unauthorized", 401)


def schema(name: str) -> jsonschema_rs.Draft202012Validator:
    """Of a component; what it does not mention is not allowed."""
    components = json.loads(json.dumps(OPENAPI["components"]))
    for component in components["schemas"].values():
        if "properties" in component:
            component["additionalProperties"] = False
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": components}
    )


def by_sse(client: httpx.Client, cursor: int) -> Iterator[dict[str, Any]]:
    path = f"/api/generation/stream/job/?cursor={cursor}"
    with client.stream("GET", path) as response:
        for event in told(response):
            yield {"event": event.name, "id": event.id, "data": event.data}


def by_socket(client: httpx.Client, cursor: int) -> Iterator[dict[str, Any]]:
    url = f"{client.base_url}/api/generation/ws/job/?cursor={cursor}".replace("http", "ws", 1)
    with connect(url, additional_headers=ADMIN, open_timeout=60) as socket:
        for message in socket:
            yield json.loads(message)


@pytest.mark.parametrize("watched", [by_sse, by_socket])
def test_every_event_is_what_openapi_says(
    client: httpx.Client,
    job: Job,
    redis: Redis,
    watched: Callable[[httpx.Client, int], Iterator[dict[str, Any]]],
) -> None:
    job.publish(5, eta_seconds=None, metadata={"cost": 7, "curve": [1, None]})
    redis.xtrim(keys.events("job"), maxlen=1, approximate=False)
    events = watched(client, 2)
    heard = [next(events) for _ in range(2)]
    job.publish()
    heard.append(next(events))
    job.publish(status="failed", metadata={"error": "no room"})
    heard += events
    assert [event["event"] for event in heard] == ["connected", "snapshot", "progress", "done"]
    for event in heard:
        schema("StreamEvent").validate(event)
    wrong: list[dict[str, Any]] = [{"id": "5"}, {"event": "news"}, {"more": 1}, {"data": {}}]
    for change in wrong:
        with pytest.raises(jsonschema_rs.ValidationError):
            schema("StreamEvent").validate(heard[-1] | change)


@pytest.mark.parametrize("rules", ["UD1", "UD2", "UD3", "UD4", "UD5"])
def test_a_timetable_is_what_openapi_says(rules: str) -> None:
    problem, pick = read_problem(INSTANCE), Random(3)
    lectures = [
        Lecture(course, pick.randrange(problem.num_periods), pick.randrange(len(problem.rooms)))
        for course in range(len(problem.courses))
        for _ in range(problem.courses[course].num_lectures)
    ]
    made = json.loads(json.dumps(document(Timetable(problem, tuple(lectures)), formulation(rules))))
    schema("Timetable").validate(made)
    assert timetables.Timetable.model_validate(made).model_dump(exclude_unset=True) == made
