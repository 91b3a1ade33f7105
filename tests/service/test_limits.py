from __future__ import annotations

import socket
from functools import partial
from pathlib import Path

import pytest

from tests.service.access_parts import ADMIN, ANN, BOB, bearer, no_prefect, serving, settings_in
from tracking.service import forms
from tracking.service.limits import Rates
from tracking.service.problems import Problem

ME = "/api/session/"


def test_who_calls_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    with no_prefect(), serving(settings_in(tmp_path, request_rate="3/hour")) as service:
        assert [service.get(ME, headers=ANN).status_code for _ in range(3)] == [200] * 3
        refused = service.get(ME, headers=ANN)
        assert refused.status_code == 429
        assert refused.json()["type"] == "/problems/too-many-requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 3600
        # Others are not held up by it.
        assert service.get(ME, headers=BOB).status_code == 200
        assert service.get("/").status_code == 200


def test_an_address_that_nobody_is_known_of_cannot_go_on_for_ever(tmp_path: Path) -> None:
    with no_prefect(), serving(settings_in(tmp_path, request_rate="3/hour")) as service:
        tried = [service.get(ME, headers=bearer(f"{n}")).status_code for n in range(5)]
        assert tried == [401, 401, 401, 429, 429]
        assert service.get(ME, headers=ADMIN).status_code == 200


def test_starting_jobs_is_counted_by_itself(tmp_path: Path) -> None:
    with no_prefect(), serving(settings_in(tmp_path, job_rate="2/hour")) as service:
        check = "/api/instances/check/"
        tried = [service.post(check, headers=ANN).status_code for _ in range(3)]
        assert tried == [415, 415, 429]
        assert service.get(ME, headers=ANN).status_code == 200


def test_who_sends_half_a_form_and_then_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "_SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(forms, "_DISCARD_SECONDS", 0.2)
    head = (
        "POST /api/instances/check/ HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {ANN['Authorization']}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b\r\n"
    )
    with no_prefect(), serving(settings_in(tmp_path)) as service:
        where = (service.base_url.host, service.base_url.port or 0)
        with socket.create_connection(where, timeout=60) as silent:
            silent.sendall(head.encode())
            answer = b"".join(iter(lambda: silent.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"/problems/too-slow" in answer


def test_a_caller_has_so_many_streams_open_and_no_more(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, max_streams_a_user=2)
    rates = Rates(settings)
    ann, bob = (partial(rates.one_stream_more, name) for name in ("ann", "bob"))
    with ann(), ann():
        for _ in range(2):
            with pytest.raises(Problem, match="expected at most 2 open streams") as told, ann():
                pass
        assert (told.value.status, told.value.type) == (429, "too-many-streams")
        assert told.value.headers["Retry-After"]
        with bob():
            pass
    with pytest.raises(ZeroDivisionError), ann():
        _ = 1 / 0
    with ann(), ann():
        pass
    assert not rates.open_streams  # nobody is remembered for ever
