from __future__ import annotations

import json
import time
from collections.abc import Iterator

import httpx
import jwt
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.service.access_parts import (
    ADMIN,
    ANN,
    ANN_TOKEN,
    JOB_CALLS,
    bearer,
    no_prefect,
    serving,
    settings_in,
)
from tracking.service.access import COOKIE
from tracking.service.tokens import Claim, Signer

SECRET = "signs what this service gives out"
OWN = {"X-Horarium": "1"}
ME = "/api/session/"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    settings = settings_in(tmp_path_factory.mktemp("data"), secret=SECRET)
    with no_prefect(), serving(settings) as client:
        yield client


@pytest.fixture(autouse=True)
def nobody_is_signed_in(service: httpx.Client) -> None:
    service.cookies.clear()


def is_problem(answer: httpx.Response, status: int, slug: str) -> bool:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    document = answer.json()
    return bool(answer.status_code == status == document["status"]) and (
        document["type"] == f"/problems/{slug}"
    )


def session_of(name: str, *, seconds: float = 60, secret: str = SECRET) -> dict[str, str]:
    claim = Claim(name, False, time.time() + seconds)
    return {"Cookie": f"{COOKIE}={Signer(secret).sign('session', claim)}"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/session/"),
        ("POST", "/api/session/"),
        ("DELETE", "/api/session/"),
        ("GET", "/api/instances/"),
        ("POST", "/api/instances/check/"),
        ("GET", "/api/generation-jobs/"),
        ("POST", "/api/generation-jobs/generate/"),
        ("GET", "/api/stages"),
        *((method, path.format("job")) for method, path in JOB_CALLS),
    ],
)
def test_every_call_needs_a_token(service: httpx.Client, method: str, path: str) -> None:
    for headers in ({}, bearer("wrong")):
        answer = service.request(method, path, headers=headers)
        assert is_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [b"", b"Bearer", b"Basic YTpi", b"Bearer \xe9", ANN_TOKEN.encode(), b"Bearer " + b"x" * 20_000],
)
def test_what_is_no_token_is_nobodys(service: httpx.Client, header: bytes) -> None:
    answer = service.get(ME, headers=[(b"Authorization", header)])
    assert is_problem(answer, 401, "unauthorized")


def test_a_token_says_who_calls(service: httpx.Client) -> None:
    assert service.get(ME, headers=ADMIN).json() == {"name": "admin", "is_admin": True}
    assert service.get(ME, headers=ANN).json() == {"name": "ann", "is_admin": False}
    assert service.get(ME, headers={"Authorization": f"bearer  {ANN_TOKEN}"}).is_success


def test_a_session_is_a_cookie_that_no_script_reads_and_no_other_site_sends(
    service: httpx.Client,
) -> None:
    begun = service.post(ME, headers=ANN)
    assert begun.status_code == 204
    flags = begun.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=strict" in flags
    assert ANN_TOKEN not in flags
    assert service.get(ME).json() == {"name": "ann", "is_admin": False}


def test_behind_https_the_cookie_never_travels_in_the_open(service: httpx.Client) -> None:
    secure = service.post(ME, headers=ANN | {"X-Forwarded-Proto": "https"})
    assert "; Secure" in secure.headers["set-cookie"]
    assert "; Secure" not in service.post(ME, headers=ANN).headers["set-cookie"]


def test_what_changes_something_needs_more_than_a_cookie(service: httpx.Client) -> None:
    service.post(ME, headers=ANN)
    for method, path in [
        ("DELETE", ME),
        ("POST", "/api/generation-jobs/generate/"),
        ("POST", "/api/instances/check/"),
        *((m, p.format("job")) for m, p in JOB_CALLS if m != "GET"),
    ]:
        assert is_problem(service.request(method, path), 403, "csrf"), path
    assert service.delete(ME, headers=OWN).status_code == 204
    assert is_problem(service.get(ME), 401, "unauthorized")


def test_a_session_does_not_begin_another(service: httpx.Client) -> None:
    service.post(ME, headers=ANN)
    assert is_problem(service.post(ME, headers=OWN), 401, "unauthorized")


def test_a_wrong_token_is_not_made_good_by_a_session(service: httpx.Client) -> None:
    service.post(ME, headers=ANN)
    assert is_problem(service.get(ME, headers=bearer("wrong")), 401, "unauthorized")


def test_a_session_that_is_over_or_forged_is_none(service: httpx.Client) -> None:
    assert service.get(ME, headers=session_of("carl")).json()["name"] == "carl"
    assert is_problem(service.get(ME, headers=session_of("carl", seconds=-1)), 401, "unauthorized")
    forged = session_of("carl", secret="another")
    assert is_problem(service.get(ME, headers=forged), 401, "unauthorized")
    unsigned = jwt.encode(
        {"aud": "session", "sub": "carl", "admin": True, "job": "", "exp": time.time() + 60},
        None,  # type: ignore[arg-type]
        algorithm="none",
    )
    for cookie in (unsigned, "rubbish", "a.b.c", ANN_TOKEN):
        answer = service.get(ME, headers={"Cookie": f"{COOKIE}={cookie}"})
        assert is_problem(answer, 401, "unauthorized")


def test_a_ticket_is_no_session_and_a_session_no_ticket(service: httpx.Client) -> None:
    signer, claim = Signer(SECRET), Claim("carl", True, time.time() + 60)
    ticket = signer.sign("ticket", claim, "job")
    answer = service.get(ME, headers={"Cookie": f"{COOKIE}={ticket}"})
    assert is_problem(answer, 401, "unauthorized")
    for wrong in (signer.sign("session", claim, "job"), signer.sign("ticket", claim, "job-2")):
        answer = service.get("/api/generation/stream/job/", params={"ticket": wrong})
        assert is_problem(answer, 401, "unauthorized")
    # It opens nothing but the job's progress either.
    for method, path in JOB_CALLS:
        if "generation-jobs" in path or "ticket" in path:
            answer = service.request(method, path.format("job"), params={"ticket": ticket})
            assert is_problem(answer, 401, "unauthorized")


def test_a_ticket_that_is_over_opens_nothing(service: httpx.Client) -> None:
    late = Signer(SECRET).sign("ticket", Claim("carl", True, time.time() - 1), "job")
    answer = service.get("/api/generation/stream/job/", params={"ticket": late})
    assert is_problem(answer, 401, "unauthorized")


def test_no_other_sites_page_opens_a_websocket_with_the_cookie(service: httpx.Client) -> None:
    url = f"{service.base_url}/api/generation/ws/job/".replace("http", "ws", 1)
    with pytest.raises(InvalidStatus) as refused:
        connect(url, additional_headers=session_of("ann"), origin=Origin("http://evil.example"))
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body)["type"] == "/problems/foreign-origin"
    with pytest.raises(InvalidStatus) as unknown:
        connect(url)
    assert unknown.value.response.status_code == 401


@pytest.mark.parametrize(
    "job_id",
    [
        "..%2f..%2fetc%2fpasswd", "%2e%2e", "%2e", "a%0d%0aSet-Cookie:%20a=b", "a%00b", "a b", "é",
        "%5c..%5cwindows", "C:%5ctemp", "x" * 129, "x" * 60_000, "%ff%fe", "*", "job:events",
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", [JOB_CALLS[0], JOB_CALLS[-1]], ids=str)
def test_what_is_no_job_id_names_no_job(
    service: httpx.Client, job_id: str, call: tuple[str, str]
) -> None:
    named_none(service, call, job_id)


@pytest.mark.parametrize("call", JOB_CALLS, ids=str)
def test_no_call_takes_another_folder_for_a_job(
    service: httpx.Client, call: tuple[str, str]
) -> None:
    named_none(service, call, "%2e%2e")


def named_none(service: httpx.Client, call: tuple[str, str], job_id: str) -> None:
    method, path = call
    for who, statuses in ((ANN, {403, 404}), (ADMIN, {404})):
        answer = service.request(method, path.format(job_id), headers=who)
        assert answer.status_code in statuses, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert "set-cookie" not in answer.headers
