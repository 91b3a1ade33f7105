from __future__ import annotations

import asyncio
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, HTTPException, Query

from tracking.service.problems import MEDIA_TYPE, Problem, add_problem_handlers, shown

app = FastAPI()
add_problem_handlers(app)


@app.get("/problem")
def problem() -> None:
    raise Problem(409, "ended", "it is over", headers={"Retry-After": "3"}, job_status="failed")


@app.get("/http")
def http() -> None:
    raise HTTPException(404, "not here", headers={"X-Why": "because"})


@app.get("/defect")
def defect() -> None:
    raise RuntimeError("the password is swordfish")


@app.get("/number")
def number(seed: Annotated[int, Query(ge=0)], limit: int = 1) -> int:
    return seed + limit


def get(path: str, method: str = "GET") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(method, path)

    answer = asyncio.run(ask())
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["cache-control"] == "no-store"
    document = answer.json()
    assert {"type", "title", "status", "detail"} <= document.keys()
    assert document["status"] == answer.status_code
    return answer


def test_a_problem_says_all_it_has_to_say() -> None:
    answer = get("/problem")
    assert answer.headers["retry-after"] == "3"
    assert answer.json() == {
        "type": "/problems/ended",
        "title": "Conflict",
        "status": 409,
        "detail": "it is over",
        "job_status": "failed",
    }


@pytest.mark.parametrize(
    ("path", "method", "status", "slug"),
    [
        ("/http", "GET", 404, "not-found"),
        ("/nowhere", "GET", 404, "not-found"),
        ("/http", "POST", 405, "method-not-allowed"),
    ],
)
def test_errors_of_the_framework_are_problems(
    path: str, method: str, status: int, slug: str
) -> None:
    answer = get(path, method)
    assert answer.status_code == status
    assert answer.json()["type"] == f"/problems/{slug}"


def test_headers_of_an_error_are_kept() -> None:
    assert get("/http").headers["x-why"] == "because"
    assert get("/http", "POST").headers["allow"] == "GET"


def test_all_that_is_wrong_in_a_request_is_told() -> None:
    answer = get("/number?seed=-1&limit=ten")
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"where": "query.seed", "found": "'-1'", "expected": "greater than or equal to 0"},
        {
            "where": "query.limit",
            "found": "'ten'",
            "expected": "a valid integer, unable to parse string as an integer",
        },
    ]
    assert get("/number").json()["errors"][0]["found"] == "nothing"


def test_a_defect_tells_nobody_what_it_was() -> None:
    answer = get("/defect")
    assert answer.json()["type"] == "/problems/internal-error"
    assert "swordfish" not in answer.text


@pytest.mark.parametrize(
    "sent", ["x" * 1_000_000, b"x" * 1_000_000, ["x" * 1_000_000], "a\r\nb", {"a": 1}, None]
)
def test_what_is_shown_of_what_was_sent_is_one_short_line(sent: Any) -> None:
    assert len(shown(sent)) < 120
    assert "\n" not in shown(sent)
