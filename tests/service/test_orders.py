from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tests.service.access_parts import ANN, BOB, INSTANCE, known_prefect, serving, settings_in
from tests.service.door import Door
from tests.service.job_parts import (
    GENERATE,
    JOBS,
    SMALL_BYTES,
    form,
    problem_of,
    run_of,
    start,
    uploads,
)
from timetabling.formats import write_problem
from timetabling.formats.example import EXAMPLE
from tracking.service import prefect_jobs
from tracking.service.instance_files import remove_old_uploads

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MULTIPART = {"Content-Type": "multipart/form-data; boundary=b"}


def endless() -> Iterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="instance"; filename="a.ectt"\r\n\r\n'
    while True:
        yield b"x" * 50_000


def test_a_named_instance_becomes_a_job(service: httpx.Client) -> None:
    answer = service.post(
        GENERATE,
        headers=ANN,
        **form(
            instance_name="tiny.ectt", time_limit_seconds=7.5, formulation="UD3", seed=4,
            plan="solve-heavy", weights='{"windows": 3, "room_capacity": 0}',
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
        "plan": "solve-heavy", "seed": 4, "weights": {"windows": 3, "room_capacity": 0},
    }  # fmt: skip
    assert run.parameters == order
    job = service.get(told["links"]["self"], headers=ANN).json()
    assert job["parameters"] == {key: order[key] for key in order if key != "instance"}
    assert (job["instance"], job["owner"], job["status"]) == ("tiny.ectt", "ann", "queued")
    assert job["progress"]["seq"] == 0
    assert job["created_at"] is not None
    assert (job["started_at"], job["ended_at"], job["result"]) == (None, None, None)


def test_a_job_of_the_usual_weights_is_given_none(service: httpx.Client) -> None:
    job_id = start(service)
    assert "weights" not in run_of(job_id).parameters
    assert service.get(f"{JOBS}{job_id}/", headers=ANN).json()["parameters"]["weights"] is None


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
        (form(instance_name="tiny.ectt", weights="windows=3"), "weights", "a JSON object"),
        (form(instance_name="tiny.ectt", weights="[" * 4000), "weights", "a JSON object"),
        (form(instance_name="tiny.ectt", weights='{"gaps": 3}'), "weights.gaps", "'windows'"),
        (form(instance_name="tiny.ectt", weights='{"windows": 101}'), "weights.windows", "100"),
        (form(instance_name="tiny.ectt", weights='{"windows": -1}'), "weights.windows", "to 0"),
        (form(instance_name="tiny.ectt", weights='{"windows": 1.5}'), "weights.windows", "integer"),
        (form(instance_name="tiny.ectt", weights='{"windows": NaN}'), "weights.windows", "integer"),
        (
            form(instance_name="tiny.ectt", weights='{"room_suitability": 1}', formulation="UD4"),
            "weights",
            "room_suitability is a hard one of UD4",
        ),
        (form(instance_name="tiny.ectt", before="old.sol"), "before", "a file with a name"),
        (form(instance_name="tiny.ectt", pins="/etc/passwd"), "pins", "a file with a name"),
        (form(instance_name="tiny.ectt", max_changes=3), "max_changes", "a timetable `before`"),
        (form(instance_name="tiny.ectt", change_price=3), "change_price", "a timetable `before`"),
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


def extra(name: str, file: str, content: str) -> dict[str, tuple[str, bytes]]:
    """A file beside the instance's, as a part of a form."""
    return {name: (file, content.encode())}


PINS = extra("pins", "../pins.txt", "MAT101 - 0 0\n")
BEFORE = extra("before", "old.csv", "course,day,period,room\nMAT102,1,2,Lab-A-01\nX,1,1,Attic\n")


@pytest.mark.parametrize("is_sent", [True, False])
def test_pins_and_the_timetable_before_go_with_a_job_and_are_kept_for_it(
    service: httpx.Client, data: Path, is_sent: bool
) -> None:
    fields = form(change_price=5, max_changes=3)["files"]
    instance = form(INSTANCE.read_bytes()) if is_sent else form(instance_name="tiny.ectt")
    sent = {"files": fields | instance["files"] | PINS | BEFORE}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    job_id = service.post(GENERATE, headers=ANN | key, **sent).json()["job_id"]
    given = run_of(job_id).parameters
    pins, before = Path(given["pins"]), Path(given["before"])
    assert (pins.name, before.name) == ("pins.txt", "old.csv")
    assert pins.read_bytes() == PINS["pins"][1]
    assert before.read_bytes() == BEFORE["before"][1]
    assert pins.parents[1] == before.parents[1]
    assert pins.parents[2] == data / "uploads"
    assert (given["change_price"], given["max_changes"]) == (5, 3)
    assert (given["instance"] == "tiny.ectt") == (not is_sent)
    folders = set((data / "uploads").iterdir())
    again = service.post(GENERATE, headers=ANN | key, **sent).json()["job_id"]
    assert (again, set((data / "uploads").iterdir())) == (job_id, folders)
    told = service.get(f"{JOBS}{job_id}/", headers=ANN)
    assert str(data) not in told.text


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (extra("pins", "pins.txt", "MAT101 - - -\n"), "pins.txt:1: expected a room, or a day and"),
        (extra("pins", "pins.txt", "Nobody - 0 0\n"), "pins.txt:1: course: expected one of"),
        (extra("before", "old.sol", "MAT101 Attic\n"), "old.sol:1: expected 4 words"),
        (extra("before", "old.csv", "course,day\n"), "old.csv:1: expected a column 'period'"),
        (extra("before", "old.xlsx", "x"), "old.xlsx: expected an Excel workbook"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_pins_or_a_wrong_timetable_before_start_nothing_and_leave_nothing(
    service: httpx.Client, data: Path, wrong: dict[str, tuple[str, bytes]], complaint: str
) -> None:
    folders = list((data / "uploads").glob("*"))
    sent = {"files": form(instance_name="tiny.ectt")["files"] | wrong}
    answer = service.post(GENERATE, headers=ANN, **sent)
    problem = problem_of(answer, 422, "invalid-instance")
    assert problem["errors"][0].startswith(complaint)
    assert str(data) not in answer.text
    told = service.post("/api/instances/check/", headers=ANN, **sent)
    assert told.json()["errors"] == problem["errors"]
    assert list((data / "uploads").glob("*")) == folders


def test_a_check_says_what_cannot_be_kept_of_the_timetable_before(service: httpx.Client) -> None:
    sent = {"files": form(instance_name="tiny.ectt")["files"] | BEFORE}
    told = service.post("/api/instances/check/", headers=ANN, **sent).json()
    (note,) = told["notes"]
    assert note.startswith("cannot be kept, for the instance has it no longer: old.csv:3: course:")
    assert told["errors"] == []


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


@pytest.mark.parametrize("name", ["mine.xlsx", "MINE.XLSX"])
def test_a_workbook_is_checked_and_started_like_a_text(
    service: httpx.Client, data: Path, tmp_path: Path, name: str
) -> None:
    write_problem(EXAMPLE, tmp_path / name)
    content = (tmp_path / name).read_bytes()
    told = service.post("/api/instances/check/", headers=ANN, **form(content, name)).json()
    assert (told["name"], told["errors"], told["notes"]) == (name, [], [])
    assert told["summary"]["courses"] == len(EXAMPLE.courses)
    broken = service.post("/api/instances/check/", headers=ANN, **form(content[:999], name)).json()
    assert broken["errors"][0].startswith(f"{name}: expected an Excel workbook (.xlsx)")
    assert service.post(GENERATE, headers=ANN, **form(content, name)).status_code == 202


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
         b'--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n1\r\n' * 4
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


def test_what_was_sent_stays_where_nobody_knows_whether_it_became_a_job(
    service: httpx.Client, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefect_jobs, "_CHANGE_SECONDS", 4.0)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    with (
        known_prefect() as url,
        Door(url, last_words=b"/create_flow_run") as door,
        temporary_settings({PREFECT_API_URL: door.url}),
        serving(settings_in(tmp_path, redis_url=redis_url)) as asking,
    ):
        told = asking.post(GENERATE, headers=ANN | key, **form(INSTANCE.read_bytes()))
    problem_of(told, 503, "prefect-unavailable")
    (saved,) = uploads(tmp_path)
    newest = service.get(JOBS, headers=ANN, params={"limit": 1}).json()["jobs"][0]["job_id"]
    assert run_of(newest).parameters["instance"] == str(saved)
    # Asked again, it is that job, and what it was started with is kept for it.
    with known_prefect(), serving(settings_in(tmp_path, redis_url=redis_url)) as asking:
        again = asking.post(GENERATE, headers=ANN | key, **form(INSTANCE.read_bytes()))
    assert again.json()["job_id"] == newest
    assert uploads(tmp_path) == [saved]
    os.utime(saved.parent, (1e9, 1e9))
    remove_old_uploads(tmp_path / "uploads")
    assert saved.exists()
