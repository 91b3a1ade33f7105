"""`compose.yaml` without containers: its commands, its variables and its order, on loopback.

Images, networks and volumes are left to those who have an engine for them.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis
from redis.exceptions import RedisError
from ruamel.yaml import YAML

from tests.chaos.servers import ROOT, Command, clean_environment
from tests.flows.everything import wait
from tests.flows.postgres import postgres
from tests.leaks import leaked_keys
from tracking.child import free_port
from tracking.embedded import redis_server
from tracking.snapshot import ENDS

pytest.importorskip("prefect_redis", reason="no prefect-redis: pip install 'horarium[cluster]'")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

NUM_WORKERS = 2


def example_secrets() -> dict[str, str]:
    """A filled copy of the example of `.env`."""
    lines = (ROOT / "deploy" / "env.example").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    return {
        name: value + secrets.token_hex(12) if value in ("", "admin:") else value
        for name, value in given.items()
    }


class Composed:
    """The services of the file, and what one needs to know of them."""

    def __init__(self, folder: Path, database: str, closing: ExitStack) -> None:
        self._folder, self._closing = folder, closing
        self._running: dict[str, Command] = {}
        self.secrets = example_secrets()
        redis, prefect, page = (str(free_port()) for _ in range(3))
        self.prefect, self.page = f"http://127.0.0.1:{prefect}/api", f"http://127.0.0.1:{page}"
        password = self.secrets["REDIS_PASSWORD"]
        self.redis = f"redis://:{password}@127.0.0.1:{redis}/1"
        text = (ROOT / "compose.yaml").read_text()
        for ours, theirs in (
            (r"\$\{(\w+):\?\}", lambda found: self.secrets[found[1]]),
            (r"\$\{(\w+):-\w+\}", lambda found: self.secrets[found[1]]),
            (r"postgresql\+asyncpg://prefect:\w+@postgres:5432/prefect", database),
            ("redis:6379", f"127.0.0.1:{redis}"),
            ("http://prefect:", "http://127.0.0.1:"),
            ("--host 0.0.0.0", "--host 127.0.0.1"),
            (r"\b4200\b", prefect),
            (r"\b8765\b", page),
        ):
            text, times = re.subn(ours, theirs, text)
            assert times, ours
        self._services: dict[str, dict[str, Any]] = YAML(typ="safe").load(text)["services"]
        self._services["redis"]["command"] += f" --port {redis} --bind 127.0.0.1"

    def up(self, name: str, *, copies: int = 1) -> None:
        """Start a service, and before it those that it waits for."""
        service = self._services[name]
        for needed, when in service.get("depends_on", {}).items():
            if needed not in self._running and needed != "postgres":  # which a fixture runs
                self.up(needed)
            if when["condition"] == "service_completed_successfully":
                ended = self._running[needed]
                assert ended.wait(seconds=120) == 0, ended.said
            else:
                wait(partial(self._is_healthy, needed), self.said)
        for copy in range(copies):
            folder = self._folder / f"{name}-{copy}"
            folder.mkdir()
            command = Command(
                shlex.split(service["command"]), folder, self._environment(name, folder), cwd=folder
            )
            self._closing.callback(command.close)
            self._running[name] = command

    def said(self) -> str:
        """What each has said last."""
        return "\n".join(f"{n}: {command.said[-2000:]}" for n, command in self._running.items())

    def _environment(self, name: str, folder: Path) -> dict[str, str]:
        given = self._services[name].get("environment", {})
        data = self._folder / "data"
        return clean_environment(
            PATH=os.pathsep.join(
                [
                    str(Path(sys.executable).parent),
                    str(Path(redis_server()).parent),
                    os.environ["PATH"],
                ]
            ),
            # As in the Dockerfile, but for where they are.
            HORARIUM_DATA_FOLDER=str(data),
            PREFECT_LOCAL_STORAGE_PATH=str(data / "results"),
            PREFECT_SERVER_ANALYTICS_ENABLED="false",
            PREFECT_HOME=str(folder / "home"),
            **{variable: str(value) for variable, value in given.items()},
        )

    def _is_healthy(self, name: str) -> bool:
        if name == "postgres":
            return True
        assert self._running[name].is_running, self.said()
        if name == "redis":  # the wheel has no redis-cli
            try:
                with Redis.from_url(self.redis) as client:
                    return bool(client.ping())
            except RedisError:
                return False
        check = self._services[name]["healthcheck"]["test"]
        asked = subprocess.run(
            check, shell=True, env=self._environment(name, self._folder), capture_output=True
        )
        return asked.returncode == 0


@pytest.fixture
def composed(tmp_path: Path) -> Iterator[Composed]:
    with ExitStack() as closing:
        yield Composed(tmp_path, closing.enter_context(postgres()), closing)


def test_a_job_asked_of_the_service_is_done_by_one_of_the_workers(composed: Composed) -> None:
    composed.up("worker", copies=NUM_WORKERS)
    composed.up("service")
    token = {"Authorization": f"Bearer {composed.secrets['HORARIUM_ADMIN_TOKEN']}"}
    name, _, password = composed.secrets["PREFECT_AUTH"].partition(":")
    with (
        httpx.Client(base_url=composed.page, headers=token, timeout=60) as page,
        httpx.Client(base_url=composed.prefect, auth=(name, password), timeout=60) as prefect,
        Redis.from_url(composed.redis) as redis,
    ):

        def answers() -> bool:
            try:
                return page.get("/api/generation/health/").is_success
            except httpx.TransportError:
                return False

        wait(answers, composed.said)

        def online() -> bool:
            workers = prefect.post("/work_pools/local/workers/filter", json={}).json()
            return [worker["status"] for worker in workers] == ["ONLINE"] * NUM_WORKERS

        wait(online, composed.said)
        with (ROOT / "examples" / "tiny.ectt").open("rb") as file:
            asked = page.post(
                "/api/generation-jobs/generate/",
                files={"instance": ("tiny.ectt", file)},
                data={"time_limit_seconds": "4"},
            )
        assert asked.status_code == 202, asked.text
        job = asked.json()["job_id"]

        def ended() -> str:
            status = page.get(f"/api/generation-jobs/{job}/").json()["status"]
            return status if status in ENDS else ""

        assert wait(ended, composed.said) == "completed"
        timetable = page.get(f"/api/generation-jobs/{job}/timetable/").json()
        assert timetable["violations"] == 0

        def state() -> str:
            return str(prefect.get(f"/flow_runs/{job}").json()["state"]["type"])

        wait(lambda: state() == "COMPLETED", composed.said)
        # States of tasks come to the server's database by its messages, over Redis.
        of_run = {"flow_runs": {"id": {"any_": [job]}}}

        def written() -> bool:
            tasks = prefect.post("/task_runs/filter", json=of_run).json()
            states = {task["name"]: task["state_type"] for task in tasks}
            return states.get("write timetable.sol") == "COMPLETED"

        wait(written, composed.said)
        with Redis.from_url(composed.redis.removesuffix("1") + "0") as messages:
            assert messages.keys("*"), "Prefect's messages"
        assert leaked_keys(redis) == []
        assert httpx.post(f"{composed.prefect}/flow_runs/filter", json={}).status_code == 401
