"""Behind nginx as Debian ships it, compressing: events pass one by one."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.service.access_parts import no_prefect
from tests.service.live_parts import ADMIN, QUICK, Job, live_app, serving, told
from tracking.child import free_port

# On Debian it is in a folder that only root has on its PATH.
NGINX = shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NGINX is None, reason="needs nginx")]

CONFIGURATION = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    gzip_types *;
    gzip_min_length 1;
    gzip_proxied any;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, behind: int) -> Iterator[httpx.Client]:
    port = free_port()
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, behind=behind))
    process = subprocess.Popen([str(NGINX), "-c", file, "-e", folder / "error.log"])
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=ADMIN, timeout=60, trust_env=False
        ) as client:
            while process.poll() is None:
                try:
                    client.get("/api/generation/health/")
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            assert process.poll() is None, (folder / "error.log").read_text()
            yield client
    finally:
        process.terminate()
        process.wait(30)


def test_each_event_arrives_before_the_next_is_published(
    redis_url: str, tmp_path: Path, job: Job
) -> None:
    job.publish()
    with (
        no_prefect(),
        serving(live_app(redis_url, tmp_path, QUICK)) as server,
        nginx(tmp_path, server.port) as client,
    ):
        # A document is compressed, so the proxy would hold back what it could.
        assert client.get("/api/generation/progress/job/").headers["content-encoding"] == "gzip"
        with client.stream("GET", "/api/generation/stream/job/") as response:
            events = told(response)
            assert [next(events).name for _ in range(2)] == ["connected", "progress"]
            for seq in (2, 3, 4):
                job.publish()
                assert next(events).id == seq
            job.publish(status="completed", overall_progress=100.0)
            assert [event.name for event in events] == ["done"]
