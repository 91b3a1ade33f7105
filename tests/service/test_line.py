"""What the straight way to a viewer must do that the server did before."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.access_parts import no_prefect
from tests.service.live_parts import ADMIN, QUICK, Job, client_of, live_app, serving, told
from tracking.service.server import Server

STREAM = "/api/generation/stream/job/"


@pytest.fixture
def server(redis_url: str, tmp_path: Path) -> Iterator[Server]:
    with no_prefect(), serving(live_app(redis_url, tmp_path, QUICK)) as running:
        yield running


def _ask(server: Server, version: str) -> socket.socket:
    asking = socket.create_connection(("127.0.0.1", server.port), 60)
    head = f"GET {STREAM} HTTP/{version}\r\nHost: x\r\nAuthorization: {ADMIN['Authorization']}"
    asking.sendall(f"{head}\r\n\r\n".encode())
    return asking


def _read_until(asking: socket.socket, what: bytes) -> bytes:
    received = b""
    while what not in received:
        part = asking.recv(65536)
        assert part, received
        received += part
    return received


def _rest(asking: socket.socket) -> bytes:
    parts = []
    while part := asking.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_in_http_1_0_events_come_without_chunks_and_the_end_is_the_connection_s(
    server: Server, job: Job
) -> None:
    job.publish()
    with _ask(server, "1.0") as asking:
        _read_until(asking, b"id: 1\n")
        job.publish()
        _read_until(asking, b"id: 2\n")
        job.publish(status="completed")
        end = _rest(asking)
    assert b"event: done\nid: 3\n" in end
    assert end.endswith(b"}\n\n")


def test_what_a_viewer_says_on_its_stream_does_not_matter(server: Server, job: Job) -> None:
    job.publish()
    with _ask(server, "1.1") as asking:
        _read_until(asking, b"id: 1\n")
        asking.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + b"x" * 100_000)
        job.publish()
        _read_until(asking, b"id: 2\n")
        job.publish(status="completed")
        assert _rest(asking).endswith(b"\n\n\r\n0\r\n\r\n")


def test_a_stream_that_has_caught_up_keeps_no_task_waiting(server: Server, job: Job) -> None:
    job.publish()
    with client_of(server) as client:
        assert client.get("/metrics").is_success  # it serves by now
        before = _tasks(server)
        streams = [_ask(server, "1.1") for _ in range(20)]
        for opened in streams:
            _read_until(opened, b"id: 1\n")
        job.publish()
        for opened in streams:
            _read_until(opened, b"id: 2\n")
        # Of the job itself, and of what serves this very call.
        assert _tasks(server) <= before + 5
        for opened in streams:
            opened.close()
        while "sse_connections_open 0.0" not in client.get("/metrics").text:
            pass


def test_who_leaves_while_the_stream_begins_is_forgotten(server: Server, job: Job) -> None:
    job.publish()
    for _ in range(20):
        _ask(server, "1.1").close()
    with client_of(server) as client:
        with client.stream("GET", STREAM) as response:
            assert next(told(response)).name == "connected"
        while "sse_connections_open 0.0" not in client.get("/metrics").text:
            pass


def _tasks(server: Server) -> int:
    loop = server.servers[0].get_loop()
    return len(asyncio.all_tasks(loop))


def test_the_server_speaks_as_lines_go_on_whatever_is_installed(server: Server) -> None:
    assert server.config.http == "h11"
