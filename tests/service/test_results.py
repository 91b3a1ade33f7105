from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.access_parts import ADMIN, no_prefect, serving, settings_in
from tracking.job_files import files_of
from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.store import Store

JOBS = "/api/generation-jobs"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a job, and what lies around them and is nobody's."""
    folder = tmp_path_factory.mktemp("data")
    job = folder / "jobs" / "weekly"
    job.mkdir(parents=True)
    (job / "timetable.sol").write_text("c0 r0 0 0\n")
    (job / "timetable.json").write_text('{"cost": 3}')
    (job / 'a <b> & "c".csv').write_text("cost\n3\n")
    (job / ".timetable.sol.partial").write_text("half")
    (job / "folder").mkdir()
    (folder / "secret.txt").write_text("secret")
    (job / "link.txt").symlink_to(folder / "secret.txt")
    (folder / "jobs" / "linked").symlink_to(folder)
    (folder / "jobs" / "empty").mkdir()
    return folder


@pytest.fixture
def service(redis_url: str, data: Path) -> Iterator[httpx.Client]:
    store = Store(redis_url)
    for job_id in ("weekly", "linked", "empty", "none"):
        store.write(Progress(DEFAULT, job_id, time.time()).next(time.time()))
    store.close()
    with no_prefect(), serving(settings_in(data, redis_url=redis_url)) as client:
        client.headers.update(ADMIN)
        yield client


def test_the_timetable_is_sent_as_it_was_written(service: httpx.Client) -> None:
    answer = service.get(f"{JOBS}/weekly/timetable/")
    assert answer.json() == {"cost": 3}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("job_id", ["empty", "linked", "none"])
def test_while_there_is_none_that_is_said(service: httpx.Client, job_id: str) -> None:
    answer = service.get(f"{JOBS}/{job_id}/timetable/")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-timetable")
    assert service.get(f"{JOBS}/{job_id}/files/").json() == {"files": []}


def test_files_are_listed_and_each_is_downloaded_by_its_address(
    service: httpx.Client, data: Path
) -> None:
    files = service.get(f"{JOBS}/weekly/files/").json()["files"]
    assert [(file["name"], file["media_type"]) for file in files] == [
        ('a <b> & "c".csv', "text/csv"),
        ("timetable.json", "application/json"),
        ("timetable.sol", "text/plain"),
    ]
    for file in files:
        sent = service.get(file["url"])
        assert sent.content == (data / "jobs" / "weekly" / file["name"]).read_bytes()
        assert len(sent.content) == file["size_bytes"]
        assert sent.headers["content-disposition"].startswith("attachment")
        assert sent.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name",
    [
        "link.txt", "folder", ".timetable.sol.partial", "%2e%2e%2fsecret.txt",
        "..%2f..%2fsecret.txt",
        "%2e%2e", "%2e", "timetable.sol%00", "timetable.sol%0d%0a", "%5c..%5csecret.txt",
        "%2fetc%2fpasswd",
        "TIMETABLE.SOL", "x" * 50_000, "nothing",
    ],
)  # fmt: skip
def test_no_name_leads_out_of_the_jobs_folder(service: httpx.Client, name: str) -> None:
    answer = service.get(f"{JOBS}/weekly/files/{name}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("job_id", [".", ".."])
def test_no_job_is_another_folder(data: Path, job_id: str) -> None:
    assert files_of(data, job_id) == {}
