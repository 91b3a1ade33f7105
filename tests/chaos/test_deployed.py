"""Horarium on a Prefect server with a worker: one part is killed at any moment of a run.

Whoever runs such a set-up starts again what has died, and lets a run that crashed go on.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.automations import bury_the_dead
from flows.living import SILENCE
from tests.chaos.conftest import Measure
from tests.chaos.deployed import ENDS, Deployed
from tests.chaos.servers import RedisServer
from tests.flows.everything import wait
from tests.flows.postgres import postgres
from timetabling.formats import read_problem, read_solution
from timetabling.formats.ectt import write as write_ectt
from timetabling.generator import generate
from timetabling.penalties import FORMULATIONS, evaluate
from tracking.store import Store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

WORK = 4_000_000
SILENT_FOR, PENDING_FOR = timedelta(seconds=65), timedelta(seconds=120)
SETTLED_SECONDS = 6
"""A worker says twice, 2 s apart, that a run has crashed."""
RETRIES = 2


@dataclass(frozen=True)
class SetUp:
    """All that a run needs, and the timetable that it replaces."""

    deployed: Deployed
    redis: RedisServer
    instance: Path
    published: Path
    usual_seconds: float

    def run(self, seed: int) -> str:
        return self._trigger(work_limit=WORK, seed=seed)

    def run_for(self, seconds: float) -> str:
        return self._trigger(time_limit_seconds=seconds)

    def _trigger(self, **parameters: float) -> str:
        where = {"instance": str(self.instance), "output": str(self.published)}
        return self.deployed.trigger(where | parameters)

    @property
    def kept(self) -> list[Path]:
        """What is kept of runs that go on later."""
        return [*self.instance.parent.glob("prefect/storage/horarium-*/*")]


@pytest.fixture(scope="module")
def set_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SetUp]:
    folder = tmp_path_factory.mktemp("set-up")
    redis = RedisServer()
    with ExitStack() as stack:
        stack.callback(redis.close)
        # On SQLite, Prefect's server may lose what its automations have to know: "locked".
        database = stack.enter_context(postgres())
        server = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database}
        deployed = Deployed(folder, redis.url, stack, **server)
        where = {PREFECT_API_URL: str(deployed.api.base_url).rstrip("/")}
        with temporary_settings(where), get_client(sync_client=True) as client:
            bury_the_dead(client, silent_for=SILENT_FOR, pending_for=PENDING_FOR)
        instance = folder / "faculty.ectt"
        write_ectt(generate(400, seed=1).problem, instance)
        began = time.monotonic()
        (folder / "published").mkdir()
        first = SetUp(deployed, redis, instance, folder / "published" / "semester.sol", 0)
        assert deployed.end_of(first.run(seed=0)) == "COMPLETED", deployed.said()
        yield SetUp(deployed, redis, instance, first.published, time.monotonic() - began)


def processes_of(run_id: str) -> list[int]:
    """The processes that a worker has started for a run, and theirs."""
    wanted, found = f"PREFECT__FLOW_RUN_ID={run_id}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # it has ended, or is somebody else's
            continue
    return found


@contextmanager
def reading(published: Path) -> Iterator[set[str]]:
    """Look at what is published, again and again; gives all that has been there."""
    seen: set[str] = set()
    ending = threading.Event()

    def look() -> None:
        while not ending.wait(0.01):
            seen.add(published.read_text())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ending.set()
        thread.join()


def strike(set_up: SetUp, victim: str, run_id: str, pause_seconds: float) -> None:
    """Kill a part; what does not come back by itself is started again after a pause.

    A run that has not begun is waited for; of one that is over, nothing is left to kill.
    """
    deployed = set_up.deployed
    running: list[int] = []
    if victim in ("flow", "machine"):
        wait(lambda: processes_of(run_id) or deployed.state_of(run_id) in ENDS, deployed.said)
        running = processes_of(run_id)
    if victim in ("worker", "machine"):
        deployed.kill("worker")
    for pid in running:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if victim == "server":
        deployed.kill("server")
    if victim == "Redis":
        set_up.redis.kill()
    time.sleep(pause_seconds)
    if victim in ("worker", "machine"):
        deployed.start_worker()
    if victim == "server":
        deployed.start_server()
    if victim == "Redis":
        set_up.redis.start()


def let_it_go_on(deployed: Deployed, run_id: str) -> list[str]:
    """Wait for a run's ends, letting it go on after each but the last; gives them."""
    ends = [deployed.end_of(run_id)]
    while ends[-1] != "COMPLETED" and len(ends) <= RETRIES:
        time.sleep(SETTLED_SECONDS)
        again = {"state": {"type": "SCHEDULED"}, "force": True}
        deployed.ask("POST", f"/flow_runs/{run_id}/set_state", again)
        ends.append(deployed.end_of(run_id))
    return ends


def times_solved(deployed: Deployed, run_id: str) -> Counter[str]:
    """How often each cluster was solved, by its task's name."""
    what = {"flow_runs": {"id": {"any_": [run_id]}}}
    return Counter(
        run["name"]
        for run in deployed.ask("POST", "/task_runs/filter", what)
        if run["name"].startswith("cluster ") and run["state_name"] == "Completed"
    )


# A machine that is gone is found by its silence, which lasts more than a minute.
nightly = pytest.mark.skipif("HORARIUM_CHAOS_SEEDS" not in os.environ, reason="make nightly")


@pytest.mark.parametrize(
    "victim", ["worker", "flow", pytest.param("machine", marks=nightly), "server", "Redis"]
)
def test_a_run_ends_and_what_is_published_is_whole(
    set_up: SetUp, victim: str, seed: int, measure: Measure, tmp_path: Path
) -> None:
    chance = Random(f"{victim} {seed}")
    deployed = set_up.deployed
    moment, pause = chance.uniform(0, set_up.usual_seconds), chance.uniform(0, 4)
    with reading(set_up.published) as seen:
        began = time.monotonic()
        run_id = set_up.run(seed=chance.randrange(1, 1000))
        time.sleep(moment)
        strike(set_up, victim, run_id, pause)
        ends = let_it_go_on(deployed, run_id)
        measure(
            f"{victim} killed after {moment:.1f} s, back after {pause:.1f} s: "
            f"{', '.join(ends)} after",
            time.monotonic() - began,
        )
    assert ends[-1] == "COMPLETED", deployed.said()
    problem = read_problem(set_up.instance)
    assert len(seen) == 2, "the timetable before, and this run's"
    for text in seen:
        copy = tmp_path / "copy.sol"
        copy.write_text(text)
        assert evaluate(read_solution(copy, problem), FORMULATIONS["UD2"]).is_feasible
    twice = {name: times for name, times in times_solved(deployed, run_id).items() if times > 1}
    assert twice == {}
    with closing(Store(set_up.redis.url)) as store:
        last = store.snapshot(run_id)
        assert last is None or last["status"] == "completed"
    wait(lambda: not processes_of(run_id), "its processes end")
    wait(lambda: not set_up.kept, lambda: f"{set_up.kept}")
    certificate = set_up.published.with_name("semester.certificate.json")
    left = {*set_up.published.parent.iterdir()}
    assert left == {set_up.published, certificate}, "no drafts are left"


def test_a_living_run_that_is_held_for_dead_goes_on(set_up: SetUp) -> None:
    deployed = set_up.deployed
    run_id = set_up.run_for(seconds=30)
    wait(lambda: deployed.state_of(run_id) == "RUNNING", deployed.said)
    crashed = {"type": "CRASHED", "message": f"{SILENCE} 65 s"}
    deployed.ask("POST", f"/flow_runs/{run_id}/set_state", {"state": crashed, "force": True})
    wait(lambda: deployed.states_of(run_id)[-1] == "COMPLETED", deployed.said)
    assert deployed.states_of(run_id)[-3:] == ["CRASHED", "RUNNING", "COMPLETED"]


@nightly
@pytest.mark.parametrize("ends", ["after its return", "before"])
def test_a_run_outlives_a_server_that_is_away_for_longer_than_a_silence(
    set_up: SetUp, ends: str
) -> None:
    deployed = set_up.deployed
    away = SILENT_FOR.total_seconds() + 15
    with closing(Store(set_up.redis.url)) as store:

        def searches() -> bool:
            snapshot = store.snapshot(run_id)
            return snapshot is not None and snapshot["stage"] == "ga_optimization"

        run_id = set_up.run_for(seconds=30 if ends == "before" else away + 60)
        wait(searches, deployed.said)
        deployed.kill("server")
        time.sleep(away)
        deployed.start_server()
        # Whether it is held for dead meanwhile depends on who speaks first, the run or the server.
        wait(lambda: deployed.states_of(run_id)[-1] == "COMPLETED", deployed.said)
        last = store.snapshot(run_id)
    assert last is not None
    assert last["status"] == "completed"


@nightly
def test_a_run_that_a_worker_took_and_nobody_begins_is_ended(set_up: SetUp) -> None:
    deployed = set_up.deployed
    made = deployed.ask("POST", "/automations/filter", {})
    assert len(made) == 2, "making them again, for other times, makes no more"
    on_demand = deployed.deployment("on-demand")["id"]
    some_day = {"type": "SCHEDULED", "state_details": {"scheduled_time": "2999-01-01T00:00:00Z"}}
    wanted = {"parameters": {"instance": str(set_up.instance)}, "state": some_day}
    run_id = deployed.ask("POST", f"/deployments/{on_demand}/create_flow_run", wanted)["id"]
    taken = {"state": {"type": "PENDING"}, "force": True}
    deployed.ask("POST", f"/flow_runs/{run_id}/set_state", taken)
    assert deployed.end_of(run_id) == "CRASHED"
    assert f"Nothing was heard of it for {PENDING_FOR.total_seconds():g} s" in str(
        deployed.ask("GET", f"/flow_runs/{run_id}")
    )
