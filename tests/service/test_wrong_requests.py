"""Requests that are wrong in every way: who watches beside them does not notice."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
from collections import Counter, deque
from contextlib import suppress
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.chaos.servers import wait
from tests.service.access_parts import no_prefect
from tests.service.crowd import Crowd
from tests.service.live_parts import ADMIN, QUICK, Job, client_of, live_app, serving
from tests.service.wrong_requests import STREAM, wrong_request

ADMIN_TOKEN = ADMIN["Authorization"].removeprefix("Bearer ")
WATCH = f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {ADMIN_TOKEN}\r\n\r\n".encode()

VIEWERS, ROUNDS, EACH_ROUND = 100, 60, 10
OPEN_AT_A_TIME = 50


class Attackers:
    """Send wrong requests, each on a connection of its own, and do not stay for long."""

    def __init__(self, port: int, seed: int) -> None:
        self.answers: Counter[int] = Counter()
        """By status."""
        self.worst: list[bytes] = []
        """What was answered with a 5xx."""
        self._port = port
        self._pick = Random(seed)
        self._open: deque[tuple[socket.socket, bytes]] = deque()

    def attack(self, times: int) -> None:
        for _ in range(times):
            token = self._pick.choice((ADMIN_TOKEN, ADMIN_TOKEN, "wrong"))
            request = wrong_request(self._pick, token)
            attacker = socket.create_connection(("127.0.0.1", self._port))
            self._open.append((attacker, request))
            with suppress(OSError):  # it is cut off before it has sent all
                attacker.sendall(request)
            if len(self._open) > OPEN_AT_A_TIME:
                self._leave()

    def leave(self) -> None:
        while self._open:
            self._leave()

    def _leave(self) -> None:
        attacker, request = self._open.popleft()
        attacker.setblocking(False)
        answer = b""
        with attacker, suppress(OSError):  # there is no more, or it was cut off
            while data := attacker.recv(65536):
                answer += data
        statuses = [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]
        self.answers.update(statuses)
        is_away = b"/problems/prefect-unavailable" in answer  # as it is here
        if not is_away and any(status >= 500 for status in statuses):
            self.worst.append(request)


def tasks(service: httpx.Client) -> int:
    return int(service.get("/tests/tasks").text)


def open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - it names no paths


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_wrong_requests_are_refused_and_viewers_beside_them_miss_nothing(
    redis_url: str, tmp_path: Path, job: Job, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    job.publish()
    app = live_app(redis_url, tmp_path, QUICK, job_rate="100000/minute", max_upload_bytes=10_000)
    app.add_api_route("/tests/tasks", _tasks)
    with no_prefect(), serving(app) as server, client_of(server) as service:
        logging.getLogger("uvicorn.error").addHandler(caplog.handler)
        attackers = Attackers(server.port, seed)
        attackers.attack(EACH_ROUND)
        attackers.leave()
        with Crowd(server.port, WATCH, VIEWERS) as crowd:
            crowd.wait(lambda viewer: viewer.last_id == 1)
            before = tasks(service), open_files()
            for _ in range(ROUNDS):
                attackers.attack(EACH_ROUND)
                job.publish()
                crowd.wait(lambda viewer: viewer.last_id == job.seq)
            attackers.leave()
            wait(lambda: (tasks(service), open_files()) <= before, "tasks and files stay open")
            job.publish(status="completed")
            crowd.wait(lambda viewer: b"done" in viewer.names)
        for viewer in crowd.viewers:
            assert not viewer.disorder
            assert viewer.names == {b"connected": 1, b"progress": ROUNDS + 1, b"done": 1}
    assert not attackers.worst
    assert {200, 400, 401, 404, 405, 415, 422} <= attackers.answers.keys()
    assert not [record for record in caplog.records if record.exc_info]


async def _tasks() -> int:
    return len(asyncio.all_tasks())
