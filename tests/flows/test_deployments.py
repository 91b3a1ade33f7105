"""Prefect's server and a worker, started as docs/operations.md tells, and runs in every way."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest

from tests.chaos.deployed import Deployed
from tests.chaos.servers import ROOT, Process, clean_environment
from tests.flows.everything import PATIENCE_SECONDS, wait
from tests.flows.postgres import postgres
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import evaluate, formulation
from tracking.embedded import EmbeddedRedis
from tracking.plan import DEFAULT
from tracking.testing import Recorder, check

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("default"),  # distributed leaves sockets to the garbage collector
]

TINY = ROOT / "examples" / "tiny.ectt"


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    redis = EmbeddedRedis()
    yield redis.url
    redis.close()


@pytest.fixture(scope="module")
def dask(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a scheduler is that has two workers, processes of their own."""
    pytest.importorskip("prefect_dask", reason="no prefect-dask: pip install 'horarium[dask]'")
    folder = tmp_path_factory.mktemp("dask")
    # Its workers report to Redis; what they know of Prefect comes with the tasks.
    environment = clean_environment(HORARIUM_REDIS_URL=redis_url)
    process = Process("tests.chaos.cluster", {"folder": str(folder)}, folder, environment)
    try:
        address = folder / "address"
        wait(address.is_file, lambda: process.said)
        yield address.read_text()
    finally:
        process.close()


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def cluster(
    request: pytest.FixtureRequest,
    redis_url: str,
    dask: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployed]:
    with ExitStack() as closing:
        environment = {"HORARIUM_DASK_ADDRESS": dask}
        if request.param == "PostgreSQL":
            url = closing.enter_context(postgres())
            environment["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = url
        folder = tmp_path_factory.mktemp(request.param)
        cluster = Deployed(folder, redis_url, closing, **environment)
        (folder / "data" / "instances").mkdir(parents=True)
        shutil.copyfile(TINY, folder / "data" / "instances" / TINY.name)
        yield cluster


def test_the_deployments_tell_what_they_take(cluster: Deployed) -> None:
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


def test_deploying_again_makes_no_automation_twice_and_switches_none_on(cluster: Deployed) -> None:
    made = cluster.ask("POST", "/automations/filter", {})
    assert [each["enabled"] for each in made] == [True, True]
    cluster.ask("PATCH", f"/automations/{made[0]['id']}", {"enabled": False})
    cluster.run("horarium", "deploy")
    again = {each["id"]: each["enabled"] for each in cluster.ask("POST", "/automations/filter", {})}
    assert again == {made[0]["id"]: False, made[1]["id"]: True}


def test_a_value_of_the_wrong_kind_is_refused(cluster: Deployed) -> None:
    for wrong in ({"seed": "many"}, {"time_limit_seconds": 0}, {"formulation": "UD9"}):
        with pytest.raises(httpx.HTTPStatusError, match="409"):
            cluster.trigger({"instance": TINY.name, **wrong})


def test_a_run_is_watched_from_its_start_however_it_was_asked_for(
    cluster: Deployed, redis_url: str, dask: str
) -> None:
    done_on_dask = num_executed(dask)
    parameters = {"instance": TINY.name, "time_limit_seconds": 4, "plan": "default"}
    with Recorder(redis_url, patience_seconds=PATIENCE_SECONDS) as recorder:
        runs = {
            "schedule": by_schedule(cluster, parameters),
            "REST": cluster.trigger(parameters),
            "command line": by_command(cluster, parameters),
            "large, on Dask": cluster.trigger(parameters, deployment="large"),
        }
        for how, run_id in runs.items():
            assert cluster.end_of(run_id) == "COMPLETED", how
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
    assert num_executed(dask) > done_on_dask


def num_executed(dask: str) -> int:
    """How many tasks Dask's workers have executed."""
    from tests.chaos.cluster import executed  # Dask need not be there

    return sum(executed(dask).values())


def by_command(cluster: Deployed, parameters: dict[str, Any]) -> str:
    given = [f"--param={name}={json.dumps(value)}" for name, value in parameters.items()]
    said = cluster.run("prefect", "deployment", "run", "timetable/on-demand", *given)
    found = re.search(r"UUID: ([0-9a-f-]{36})", said)
    assert found, said
    return found[1]


def by_schedule(cluster: Deployed, parameters: dict[str, Any]) -> str:
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
