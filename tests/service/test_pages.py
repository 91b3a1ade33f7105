from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.access_parts import ADMIN, no_prefect, serving, settings_in
from tracking.service import pages

PORTAL = "https://portal.example.edu"


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the built page would lie; empty."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    monkeypatch.setattr(pages, "STATIC", folder)
    return folder


@pytest.fixture
def service(static: Path, tmp_path: Path) -> Iterator[httpx.Client]:
    with no_prefect(), serving(settings_in(tmp_path)) as client:
        yield client


def build(static: Path) -> None:
    (static / "index.html").write_text("<!doctype html><title>page</title>")
    (static / "icon.svg").write_text("<svg/>")
    (static / "assets" / "index-3f2a.js").write_text("let a = 1;")
    (static.parent / "secret.txt").write_text("secret")
    (static / "assets" / "link.js").symlink_to(static.parent / "nothing")


@pytest.mark.parametrize("path", ["/", "/jobs/8ae7f267"])
def test_a_page_that_is_not_built_says_how_to_build_it(service: httpx.Client, path: str) -> None:
    answer = service.get(path)
    assert answer.status_code == 200
    assert "npm ci &amp;&amp; npm run build" in answer.text


@pytest.mark.parametrize("path", ["/", "/jobs/8ae7f267", "/jobs/%3Cscript%3E"])
def test_the_page_is_one_for_all_addresses_and_asked_for_anew(
    service: httpx.Client, static: Path, path: str
) -> None:
    build(static)
    answer = service.get(path)
    assert "<title>page</title>" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"


def test_parts_of_the_page_are_kept_for_long_and_sent_compressed(
    service: httpx.Client, static: Path
) -> None:
    build(static)
    answer = service.get("/assets/index-3f2a.js")
    assert answer.text == "let a = 1;"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    plain = service.get("/assets/index-3f2a.js", headers={"Accept-Encoding": "identity"})
    assert plain.text == "let a = 1;"
    assert "content-encoding" not in plain.headers
    assert service.get("/icon.svg").headers["content-type"].startswith("image/svg+xml")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/link.js", "/assets/%2e%2e%2findex.html", "/%2e%2e%2fsecret.txt", "/assets/none.js",
        "/assets", "/assets/%00", "/static", "/" + "x" * 50_000, "/index.html%0d%0aa", "/a/b/c",
    ],
)  # fmt: skip
def test_nothing_else_is_served(service: httpx.Client, static: Path, path: str) -> None:
    build(static)
    answer = service.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/", "/api/instances/", "/nowhere", "/assets/index-3f2a.js"])
def test_every_answer_tells_browsers_to_be_careful(
    service: httpx.Client, static: Path, path: str
) -> None:
    build(static)
    headers = service.get(path, headers=ADMIN).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"]


def preflight(service: httpx.Client, origin: str) -> httpx.Response:
    asked = {"Origin": origin, "Access-Control-Request-Method": "DELETE"}
    return service.options("/api/generation-jobs/", headers=asked)


def test_no_other_sites_page_may_call(service: httpx.Client) -> None:
    assert "access-control-allow-origin" not in preflight(service, PORTAL).headers
    answer = service.get("/api/instances/", headers=ADMIN | {"Origin": PORTAL})
    assert "access-control-allow-origin" not in answer.headers


def test_a_site_that_the_settings_name_may(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, allowed_origins=[PORTAL])
    with no_prefect(), serving(settings) as service:
        allowed = preflight(service, PORTAL).headers
        assert allowed["access-control-allow-origin"] == PORTAL
        assert "access-control-allow-credentials" not in allowed
        evil = preflight(service, "https://evil.example").headers
        assert "access-control-allow-origin" not in evil
