"""Behind nginx as Debian ships it, plain and compressing: events pass one by one."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.service.access_parts import no_prefect
from tests.service.live_parts import ADMIN, QUICK, Job, live_app, serving, told
from tests.service.proxy_parts import GZIP, NGINX, nginx

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NGINX is None, reason="needs nginx")]


@pytest.mark.parametrize(("settings", "encoding"), [("", None), (GZIP, "gzip")])
def test_each_event_arrives_before_the_next_is_published(
    settings: str, encoding: str | None, redis_url: str, tmp_path: Path, job: Job
) -> None:
    job.publish()
    with (
        no_prefect(),
        serving(live_app(redis_url, tmp_path / "data", QUICK)) as server,
        nginx(tmp_path / "nginx", server.port, settings) as address,
        httpx.Client(base_url=address, headers=ADMIN, timeout=60, trust_env=False) as client,
    ):
        # Where a document is compressed, the proxy would hold back what it could.
        document = client.get("/api/generation/progress/job/")
        assert document.headers.get("content-encoding") == encoding
        with client.stream("GET", "/api/generation/stream/job/") as response:
            events = told(response)
            assert [next(events).name for _ in range(2)] == ["connected", "progress"]
            for seq in (2, 3, 4):
                job.publish()
                assert next(events).id == seq
            job.publish(status="completed", overall_progress=100.0)
            assert [event.name for event in events] == ["done"]
