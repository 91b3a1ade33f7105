"""A run that is broken off goes on where it was: nothing that was found is searched again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.timetable import timetable
from tests.chaos.servers import ROOT, PrefectServer, clean_environment, wait
from tests.flows.conftest import Run
from timetabling.formats import read_problem, read_solution
from timetabling.formats.ectt import write as write_ectt
from timetabling.generator import generate
from timetabling.penalties import FORMULATIONS, evaluate
from tracking.embedded import embedded_redis
from tracking.store import Store
from tracking.testing import Recorder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LAST_TASK = "put out.certificate.json in place"

TINY, SMALL = (ROOT / "examples" / f"{name}.ectt" for name in ("tiny", "small-university"))
WORK = 4_000_000
NUM_CLUSTERS = 12

Start = Callable[..., Run]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One of twelve clusters, in three waves."""
    path = tmp_path_factory.mktemp("instance") / "faculty.ectt"
    write_ectt(generate(400, seed=1).problem, path)
    return path


@pytest.fixture
def redis_url() -> Iterator[str]:
    with embedded_redis() as url:
        yield url


@dataclass(frozen=True)
class Kept:
    """The folder that Prefect keeps results in."""

    folder: Path

    def of(self, task: str) -> set[str]:
        """The pieces of which whole results of a task are there: one may just be written."""
        return {
            file.name.partition("-")[2]
            for file in self.folder.glob(f"*/*/{task}*")
            if file.read_bytes().endswith(b"}")
        }

    def wait_for_clusters(self, number: int) -> None:
        def are_there() -> bool:
            return len(self.of("solve_cluster")) >= number

        wait(are_there, lambda: f"{[*self.folder.rglob('*')]}", seconds=120)

    @property
    def is_empty(self) -> bool:
        return not any(self.folder.glob("horarium-*"))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path / "kept")


Execute = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def execute(
    prefect: PrefectServer, kept: Kept, redis_url: str, tmp_path: Path
) -> Iterator[Execute]:
    """Start a Python process that knows the servers; it is ended afterwards."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **more: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tmp_path,
            env=clean_environment(
                **prefect.environment,
                PREFECT_LOCAL_STORAGE_PATH=str(kept.folder),
                HORARIUM_REDIS_URL=redis_url,
                **more,
            ),
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def run_flaky(execute: Execute, **what: Any) -> dict[str, Any]:
    """Run the flow as `tests.flows.flaky` says, to its end; gives what that prints."""
    program = "from tests.flows.flaky import main; main()"
    process = execute("-c", program, json.dumps({"options": {}} | what))
    said, _ = process.communicate(timeout=240)
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def ends_of_tasks(server: PrefectServer, run_id: str) -> dict[str, list[str]]:
    """How the tasks of a flow run ended, by name, one state for each time that they were run."""
    what = {"flow_runs": {"id": {"any_": [run_id]}}, "sort": "EXPECTED_START_TIME_ASC"}

    def heard() -> dict[str, list[str]] | None:
        found: dict[str, list[str]] = {}
        for run in server.ask("POST", "/task_runs/filter", what):
            found.setdefault(run["name"], []).append(run["state_name"])
        # States of tasks reach the server later than the flow's, which has ended.
        return found if "Completed" in found.get(LAST_TASK, []) else None

    return wait(heard, "the last task's state", seconds=120)  # type: ignore[no-any-return]


def runs_of(server: PrefectServer, job_id: str) -> list[str]:
    """The flow runs of a job, in their order."""
    runs = server.ask("POST", "/flow_runs/filter", {"sort": "START_TIME_ASC"})
    return [run["id"] for run in runs if run["parameters"].get("job_id") == job_id]


def clusters(pieces: Iterable[object]) -> set[str]:
    return {f"cluster {piece} of {NUM_CLUSTERS}" for piece in pieces}


ALL_CLUSTERS = clusters(range(1, NUM_CLUSTERS + 1))


RUNNER = ("-m", "prefect.flow_engine", "flows.timetable.timetable")
"""How Prefect's runner and worker run the flow."""


def schedule(server: PrefectServer, **parameters: Any) -> str:
    """Make a flow run, which nobody has begun."""
    plain = {
        name: str(value) if isinstance(value, Path) else value for name, value in parameters.items()
    }
    with temporary_settings({PREFECT_API_URL: server.url}), get_client(sync_client=True) as client:
        return str(client.create_flow_run(timetable, parameters=plain).id)


def never_falls(events: Sequence[tuple[float, Mapping[str, Any]]]) -> None:
    """Of whatever attempt; how often it is told is another test's."""
    for percent in ("overall_progress", "work_progress"):
        shown = [snapshot[percent] for _, snapshot in events]
        assert shown == sorted(shown), percent


@pytest.fixture(scope="module")
def unbroken(
    prefect: PrefectServer, instance: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The timetable of a run that nothing happens to."""
    output = tmp_path_factory.mktemp("unbroken") / "out.sol"
    subprocess.run(
        [
            sys.executable, "-c", "from flows.cli import main; main()",
            "generate", instance, "--work-limit", str(WORK), "--output", output,
        ],
        env=clean_environment(
            **prefect.environment, HORARIUM_STATE_FOLDER=str(output.with_name("state"))
        ),
        capture_output=True,
        check=True,
    )  # fmt: skip
    return output.read_text()


@pytest.mark.parametrize("broken_off_by", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_was_broken_off_goes_on_when_it_is_started_again_under_its_job_id(
    broken_off_by: signal.Signals,
    start: Start,
    horarium: Start,
    prefect: PrefectServer,
    instance: Path,
    unbroken: str,
    kept: Kept,
    redis_url: str,
    tmp_path: Path,
) -> None:
    environment = {**prefect.environment, "PREFECT_LOCAL_STORAGE_PATH": str(kept.folder)}
    job = f"job-{uuid4().hex[:8]}"
    what = [
        "generate", instance, "--work-limit", str(WORK), "--job-id", job,
        "--redis-url", redis_url, "--output", "out.sol",
    ]  # fmt: skip
    with Recorder(redis_url, job, patience_seconds=120) as recorder:
        first = start(*what, **environment)
        kept.wait_for_clusters(4)
        os.killpg(first.process.pid, broken_off_by)
        first.process.wait(timeout=120)
        before, merged = kept.of("solve_cluster"), kept.of("merge")
        assert len(before) < NUM_CLUSTERS, "it was placing clusters"
        done = horarium(*what, **environment)
        assert done.status == 0, done.err
        assert recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    (_, run_id) = runs_of(prefect, job)
    ends = ends_of_tasks(prefect, run_id)
    cached = {name for name, states in ends.items() if states == ["Cached"]}
    assert cached & ALL_CLUSTERS == clusters(before)
    assert cached >= {f"merge wave {wave.partition('-')[0]}" for wave in merged}
    never_falls([event for event in recorder.events if event[1]["run_id"] == run_id])
    # Nothing that was cut short was taken for a cluster's solution.
    assert (tmp_path / "out.sol").read_text() == unbroken
    assert kept.is_empty


def test_a_crashed_run_that_is_rescheduled_goes_on(
    prefect: PrefectServer,
    instance: Path,
    kept: Kept,
    execute: Execute,
    redis_url: str,
    tmp_path: Path,
) -> None:
    output = tmp_path / "out.sol"
    run_id = schedule(prefect, instance=instance, output=output, work_limit=WORK)
    with Recorder(redis_url, run_id, patience_seconds=120) as recorder:
        crashed = execute(*RUNNER, PREFECT__FLOW_RUN_ID=run_id)
        kept.wait_for_clusters(4)
        crashed.kill()
        crashed.wait()
        before, shown = kept.of("solve_cluster"), recorder.last
        prefect.set_state(run_id, "CRASHED", "its process was killed")  # as who started it says
        prefect.set_state(run_id, "SCHEDULED")
        going_on = execute(*RUNNER, PREFECT__FLOW_RUN_ID=run_id)
        assert going_on.wait(240) == 0
        last = recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert last["attempt"] == shown["attempt"] + 1
    never_falls(recorder.events)
    ends = ends_of_tasks(prefect, run_id)
    assert [name for name in clusters(before) if ends[name][-1] != "Cached"] == []
    assert evaluate(read_solution(output, read_problem(instance)), FORMULATIONS["UD2"]).is_feasible
    assert kept.is_empty


def test_a_flow_that_is_tried_again_solves_no_cluster_again_and_has_all_its_time_again(
    prefect: PrefectServer,
    instance: Path,
    kept: Kept,
    execute: Execute,
    redis_url: str,
    tmp_path: Path,
) -> None:
    with Recorder(redis_url, "retried", patience_seconds=60) as recorder:
        done = run_flaky(
            execute,
            fails_once=True,
            options={"retry_delay_seconds": 0},
            parameters={
                "instance": str(instance),
                "output": str(tmp_path / "out.sol"),
                "time_limit_seconds": 6,
                "job_id": "retried",
            },
        )
        recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert done["end"] == "Completed"
    first, second = done["began"]
    assert first < second, "the time limit begins anew"
    assert recorder.last["attempt"] == 2
    never_falls(recorder.events)
    (run_id,) = runs_of(prefect, "retried")
    ends = ends_of_tasks(prefect, run_id)
    for name in ALL_CLUSTERS:
        assert sorted(ends[name]) == ["Cached", "Completed"]
    assert kept.is_empty


def test_bad_input_is_not_tried_again(
    prefect: PrefectServer, execute: Execute, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.ectt"
    broken.write_text(TINY.read_text().replace("Days: 5", "Days: x"))
    run_id = schedule(prefect, instance=broken, output=tmp_path / "out.sol")
    execute(*RUNNER, PREFECT__FLOW_RUN_ID=run_id).wait(240)
    run = prefect.ask("GET", f"/flow_runs/{run_id}")
    assert run["state"]["type"] == "FAILED"
    assert "expected a whole number" in run["state"]["message"]
    assert run["run_count"] == 1


def test_a_flow_that_runs_out_of_time_takes_its_searches_with_it_and_is_not_tried_again(
    prefect: PrefectServer, execute: Execute, redis_url: str, tmp_path: Path
) -> None:
    # It waits for its searches, which would go on for minutes: that it ends is what is to be seen.
    done = run_flaky(
        execute,
        options={"timeout_seconds": 6},
        parameters={
            "instance": str(SMALL),
            "output": str(tmp_path / "out.sol"),
            "formulation": "UD5",
            "time_limit_seconds": 900,
            "job_id": "hurried",
        },
    )
    assert done["end"] == "TimedOut"
    (run_id,) = runs_of(prefect, "hurried")
    assert prefect.ask("GET", f"/flow_runs/{run_id}")["run_count"] == 1
    with closing(Store(redis_url)) as store:
        last = store.snapshot("hurried")
    assert last is not None
    assert last["status"] == "timeout"
