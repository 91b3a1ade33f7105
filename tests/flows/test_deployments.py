"""Prefect's server and a worker, started as docs/operations.md tells, and runs in every way."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.chaos import servers
from tests.chaos.servers import ROOT, Command, clean_environment
from tests.flows.everything import processes
from tests.flows.postgres import postgres
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import evaluate, formulation
from tracking.child import free_port
from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT
from tracking.testing import Recorder, check

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE_SECONDS = 240
TINY = ROOT / "examples" / "tiny.ectt"


def wait(until: Any, what: Any) -> Any:
    return servers.wait(until, what, seconds=PATIENCE_SECONDS)


class Cluster:
    """A Prefect server, a work pool and a worker, by the commands that people type."""

    def __init__(self, folder: Path, redis_url: str, closing: ExitStack, **server: str) -> None:
        port = free_port()
        api = f"http://127.0.0.1:{port}/api"
        self.data = folder / "data"
        (self.data / "instances").mkdir(parents=True)
        shutil.copyfile(TINY, self.data / "instances" / TINY.name)
        self._folder = folder
        self._environment = clean_environment(
            PREFECT_HOME=str(folder / "prefect"),
            PREFECT_API_URL=api,
            PREFECT_SERVER_ANALYTICS_ENABLED="false",
            PREFECT_WORKER_QUERY_SECONDS="1",
            HORARIUM_REDIS_URL=redis_url,
            HORARIUM_DATA_FOLDER=str(self.data),
            **server,
        )
        del self._environment["PYTHONPATH"]  # Horarium is installed, as it is for people
        self.api = closing.enter_context(httpx.Client(base_url=api, timeout=60))
        closing.callback(self._close)
        self._running = [self._start("server", "start", "--host", "127.0.0.1", "--port", str(port))]
        wait(self._answers, lambda: self._running[0].said)
        self.run("work-pool", "create", "local", "--type", "process")
        self.run("--no-prompt", "deploy", "--all", "--prefect-file", str(ROOT / "prefect.yaml"))
        self._running.append(self._start("worker", "start", "--pool", "local", "--limit", "3"))

    def run(self, *arguments: str) -> str:
        """Run one of Prefect's commands to its end; gives what it said."""
        command = self._start(*arguments)
        try:
            assert command.wait(seconds=PATIENCE_SECONDS) == 0, command.said
            return command.said
        finally:
            command.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """What its API answers."""

        def answer() -> httpx.Response | None:
            told = self.api.request(method, path, json=body)
            # SQLite may be busy for a while, which Prefect's own clients wait out as well.
            return None if told.status_code == 503 else told

        told = wait(answer, self.said).raise_for_status()
        return told.json() if told.content else None

    def deployment(self, name: str) -> Any:
        return self.ask("GET", f"/deployments/name/timetable/{name}")

    def state_of(self, run_id: str) -> str:
        return str(self.ask("GET", f"/flow_runs/{run_id}")["state"]["type"])

    def said(self) -> str:
        return "\n".join(command.said[-3000:] for command in self._running)

    def _start(self, *arguments: str) -> Command:
        prefect = Path(sys.executable).with_name("prefect")
        return Command([prefect, *arguments], self._folder, self._environment, cwd=self._folder)

    def _answers(self) -> bool:
        assert self._running[0].is_running, self._running[0].said
        try:
            return self.api.get("/health").is_success
        except httpx.TransportError:
            return False

    def _close(self) -> None:
        # A run leads a process group: it would outlive a worker that is killed.
        ours = {command.pid for command in self._running}
        for pid, parent, group, _ in sorted(processes()):
            if parent in ours:
                ours.add(pid)
                if group == pid:
                    servers.end_group(pid)
        for command in reversed(self._running):
            command.close()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    redis = EmbeddedRedis()
    yield redis.url
    redis.close()


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def cluster(
    request: pytest.FixtureRequest, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    with ExitStack() as closing:
        server = {}
        if request.param == "PostgreSQL":
            url = closing.enter_context(postgres())
            server["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = url
        yield Cluster(tmp_path_factory.mktemp(request.param), redis_url, closing, **server)


def test_the_deployments_tell_what_they_take(cluster: Cluster) -> None:
    for name in ("on-demand", "nightly", "large"):
        deployment = cluster.deployment(name)
        assert deployment["description"]
        assert "timetable" in deployment["tags"]
        assert re.match(r"\d+\.\d+\.\d+", deployment["version"])
        schema = deployment["parameter_openapi_schema"]
        assert schema["required"] == ["instance"]
        for parameter, about in schema["properties"].items():
            assert about["description"], parameter
        # Nothing is said of where it was deployed from: a worker finds the flow where it is.
        assert str(ROOT) not in json.dumps(deployment)
    (schedule,) = cluster.deployment("nightly")["schedules"]
    assert (schedule["schedule"]["cron"], schedule["slug"]) == ("0 2 * * *", "nightly")
    assert schedule["schedule"]["timezone"]
    for name in ("nightly", "large"):
        assert cluster.deployment(name)["global_concurrency_limit"]["limit"] == 1
        options = cluster.deployment(name)["concurrency_options"]
        assert options["collision_strategy"] == "ENQUEUE"
    variables = cluster.deployment("large")["job_variables"]
    assert variables["env"]["HORARIUM_TASK_RUNNER"] == "dask"


def test_a_value_of_the_wrong_kind_is_refused(cluster: Cluster) -> None:
    path = f"/deployments/{cluster.deployment('on-demand')['id']}/create_flow_run"
    for wrong in ({"seed": "many"}, {"time_limit_seconds": 0}, {"formulation": "UD9"}):
        with pytest.raises(httpx.HTTPStatusError, match="409"):
            cluster.ask("POST", path, {"parameters": {"instance": TINY.name, **wrong}})


def test_a_run_is_watched_from_its_start_however_it_was_asked_for(
    cluster: Cluster, redis_url: str
) -> None:
    parameters = {"instance": TINY.name, "time_limit_seconds": 4, "plan": "default"}
    with Recorder(redis_url, patience_seconds=PATIENCE_SECONDS) as recorder:
        runs = {
            "schedule": by_schedule(cluster, parameters),
            "REST": by_rest(cluster, parameters),
            "command line": by_command(cluster, parameters),
        }
        for how, run_id in runs.items():
            assert wait(partial(ended, cluster, run_id), cluster.said) == "COMPLETED", how
            recorder.wait_for(partial(is_complete, run_id))
        told = recorder.events
    for how, run_id in runs.items():
        events = [(at, snapshot) for at, snapshot in told if snapshot["job_id"] == run_id]
        assert events[0][1]["overall_progress"] < 5, how
        problems = check(events, DEFAULT)
        # These two say how busy the machine is.
        late = [p for p in problems if "silence of" in p or " stood at " in p]
        assert [p for p in problems if p not in late] == [], how
        problem = read_problem(TINY)
        written = cluster.data / "jobs" / run_id / "timetable.sol"
        score = evaluate(read_solution(written, problem), formulation("UD2"))
        assert score.is_feasible
        assert score.cost == events[-1][1]["metadata"]["cost"]


def by_command(cluster: Cluster, parameters: dict[str, Any]) -> str:
    given = [f"--param={name}={json.dumps(value)}" for name, value in parameters.items()]
    said = cluster.run("deployment", "run", "timetable/on-demand", *given)
    found = re.search(r"UUID: ([0-9a-f-]{36})", said)
    assert found, said
    return found[1]


def by_rest(cluster: Cluster, parameters: dict[str, Any]) -> str:
    path = f"/deployments/{cluster.deployment('on-demand')['id']}/create_flow_run"
    return str(cluster.ask("POST", path, {"parameters": parameters})["id"])


def by_schedule(cluster: Cluster, parameters: dict[str, Any]) -> str:
    nightly = cluster.deployment("nightly")["id"]
    often = {"interval": 15, "anchor_date": datetime.now(UTC).isoformat()}
    wanted = [{"schedule": often, "active": True, "parameters": parameters}]
    path = f"/deployments/{nightly}/schedules"
    (made,) = cluster.ask("POST", path, wanted)

    def begun() -> str:
        body = {"flow_runs": {"deployment_id": {"any_": [nightly]}}, "sort": "START_TIME_ASC"}
        runs = cluster.ask("POST", "/flow_runs/filter", body)
        return next((run["id"] for run in runs if run["state"]["type"] != "SCHEDULED"), "")

    run_id = str(wait(begun, cluster.said))
    cluster.ask("DELETE", f"{path}/{made['id']}")
    return run_id


def is_complete(run_id: str, told: dict[str, Any]) -> bool:
    return (told["job_id"], told["status"]) == (run_id, "completed")


def ended(cluster: Cluster, run_id: str) -> str:
    state = cluster.state_of(run_id)
    return state if state in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else ""
