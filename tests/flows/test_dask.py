"""The whole flow on Dask: a scheduler and workers as one starts them, each in a folder of its own.

Nothing but Redis, Prefect's server and the storage of results is shared.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.servers import Command, PrefectServer, clean_environment, wait
from tests.flows.conftest import Run
from timetabling.formats import read_problem, read_solution
from timetabling.formats.ectt import write as write_ectt
from timetabling.generator import generate
from timetabling.penalties import evaluate, formulation
from timetabling.problem import Problem
from tracking.child import free_port
from tracking.embedded import embedded_redis
from tracking.testing import Recorder

pytest.importorskip("prefect_dask", reason="no prefect-dask: pip install 'horarium[dask]'")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("default"),  # distributed leaves sockets to the garbage collector
]

PROBLEM = generate(120, seed=1).problem  # three clusters in two waves
NUM_WORKERS = 3

Start = Callable[..., Run]


@dataclass(frozen=True)
class Cluster:
    """Where Dask is, and what a flow must know to run there."""

    address: str
    workers: list[Command]
    environment: dict[str, str]
    start_worker: Callable[[], Command]


def import_engines(address: str) -> None:
    """What a run's first tasks would import in each worker, within the run's time limit."""

    def work() -> None:
        import flows.making  # noqa: F401
        from timetabling.kernels import warm_up

        warm_up()

    from distributed import Client  # Dask need not be there

    with Client(address) as client:  # type: ignore[no-untyped-call]
        client.run(work)


def wait_until_registered(worker: Command) -> None:
    wait(lambda: "Registered to" in worker.said, "a worker", seconds=120)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("dask")
        prefect = PrefectServer(folder)
        stack.callback(prefect.kill)
        shared = {
            "PREFECT_API_URL": prefect.url,
            "PREFECT_LOCAL_STORAGE_PATH": str(folder / "results"),
            "HORARIUM_REDIS_URL": stack.enter_context(embedded_redis()),
        }
        address = f"tcp://127.0.0.1:{free_port()}"

        def start(what: str, *arguments: str) -> Command:
            own = Path(tempfile.mkdtemp(prefix=what, dir=folder))
            program = [sys.executable, "-m", f"distributed.cli.dask_{what}"]
            environment = clean_environment(**shared, PREFECT_HOME=str(own))
            command = Command([*program, *arguments], folder, environment, cwd=own)
            stack.callback(command.close)
            return command

        host, port = "127.0.0.1", address.rpartition(":")[2]
        start("scheduler", "--host", host, "--port", port, "--no-dashboard", "--no-show")

        def start_worker() -> Command:
            return start("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")

        workers = [start_worker() for _ in range(NUM_WORKERS)]
        for worker in workers:
            wait_until_registered(worker)
        prefect.wait()
        import_engines(address)
        asked = {
            "HORARIUM_TASK_RUNNER": "dask",
            "HORARIUM_DASK_ADDRESS": address,
            "HORARIUM_NUM_WORKERS": str(NUM_WORKERS),
            "HORARIUM_NUM_ISLANDS": str(NUM_WORKERS),
        }
        yield Cluster(address, workers, shared | asked, start_worker)


@pytest.fixture
def recorder(cluster: Cluster) -> Iterator[Recorder]:
    url = cluster.environment["HORARIUM_REDIS_URL"]
    with Recorder(url, "a-job", patience_seconds=120) as recorder:
        yield recorder


@pytest.fixture
def generate_on_dask(start: Start, cluster: Cluster, tmp_path: Path) -> Callable[[str], Run]:
    """Start the flow, whose own process alone has the instance's file."""

    def begin(seconds: str) -> Run:
        write_ectt(PROBLEM, tmp_path / "faculty.ectt")
        return start(
            "generate", "faculty.ectt", "--time-limit", seconds, "--job-id", "a-job",
            "--output", "out.sol", **cluster.environment,
        )  # fmt: skip

    return begin


def improving(snapshot: dict[str, Any]) -> bool:
    """Whether the genetic search has found a feasible timetable by now."""
    at = snapshot["stage"], snapshot["metadata"].get("violations")
    return at == ("ga_optimization", 0)


def is_feasible(solution: Path) -> bool:
    problem: Problem = read_problem(solution.with_name("faculty.ectt"))
    return evaluate(read_solution(solution, problem), formulation("UD2")).is_feasible


def test_clusters_and_islands_run_on_the_workers_and_the_bar_keeps_its_promises(
    cluster: Cluster, recorder: Recorder, generate_on_dask: Callable[[str], Run], tmp_path: Path
) -> None:
    from tests.chaos.cluster import executed  # Dask need not be there

    before = executed(cluster.address)
    run = generate_on_dask("15")
    run.process.wait(timeout=200)
    assert run.status == 0, run.err
    assert is_feasible(tmp_path / "out.sol")
    after = executed(cluster.address)
    assert len([pid for pid in after if after[pid] > before[pid]]) == NUM_WORKERS
    assert recorder.last["status"] == "completed"
    assert recorder.broken_rules() == []


@pytest.mark.parametrize(("how", "status"), [("finish", 0), ("SIGINT", 130)])
def test_asked_to_end_the_searches_on_the_workers_hand_over_their_best(
    cluster: Cluster, recorder: Recorder, generate_on_dask: Callable[[str], Run],
    horarium: Start, tmp_path: Path, how: str, status: int,
) -> None:  # fmt: skip
    run = generate_on_dask("3600")
    recorder.wait_for(improving)
    if how == "finish":
        horarium(how, "a-job", **cluster.environment)
    else:
        os.killpg(run.process.pid, signal.SIGINT)
    run.process.wait(timeout=200)  # a span alone would take ten minutes
    assert run.status == status, run.err
    assert is_feasible(tmp_path / "out.sol")
    assert recorder.last["status"] == ("completed" if how == "finish" else "cancelled")
    assert recorder.broken_rules() == []


def test_what_a_killed_worker_had_in_hand_is_done_by_another(
    cluster: Cluster, recorder: Recorder, generate_on_dask: Callable[[str], Run], tmp_path: Path
) -> None:
    run = generate_on_dask("15")
    recorder.wait_for(improving)
    os.kill(cluster.workers[0].pid, signal.SIGKILL)
    run.process.wait(timeout=200)
    # Tests run in any order, and the next one counts on all workers.
    cluster.workers[0] = cluster.start_worker()
    wait_until_registered(cluster.workers[0])
    assert run.status == 0, run.err
    assert is_feasible(tmp_path / "out.sol")
    assert recorder.last["status"] == "completed"
    assert recorder.broken_rules() == []
