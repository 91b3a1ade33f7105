"""How to give a Prefect flow a progress bar that can be trusted, lesson by lesson.

Each test is a whole program of a user's, and what can be seen of it in Redis.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow, task
from prefect.cache_policies import INPUTS
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.context import FlowRunContext
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

from tracking.hooks import counted, current_reporter, tracked
from tracking.jobs import reporter_of
from tracking.plan import Plan, Stage
from tracking.store import Store
from tracking.testing import Recorder

pytestmark = pytest.mark.slow

Listen = Callable[[str], Recorder]

# A plan says which stages a flow goes through, and what share of the bar each has.
PLAN = Plan(
    "report",
    (
        Stage("fetch", "Fetching the data", 0, 20),
        Stage("compute", "Computing", 20, 90),
        Stage("write", "Writing the report", 90, 100),
    ),
)


def ended(snapshot: dict[str, Any]) -> bool:
    return bool(snapshot["status"] == "completed")


def items(heard: Recorder) -> list[int]:
    """How many items of the middle stage were told to be finished, one after the other."""
    computing = [snapshot for _, snapshot in heard.events if snapshot["stage"] == "compute"]
    return [snapshot["metadata"]["completed_items"] for snapshot in computing]


def test_five_lines_give_a_flow_its_bar(listen: Listen) -> None:
    @flow(**tracked(PLAN))  # the plan, and hooks for how the run starts and ends
    def report(job_id: str) -> None:
        reporter = current_reporter()
        reporter.start_stage("compute")
        reporter.update_stage_progress(0, 10)
        square.map(range(10)).result()

    @task
    def square(number: int) -> int:
        current_reporter().advance()  # one more is done
        return number**2

    heard = listen("my-report")
    report("my-report")
    end = heard.wait_for(ended)
    assert (end["overall_progress"], end["eta_seconds"]) == (100, 0)
    assert {s["metadata"]["completed_items"] for _, s in heard.events} >= {0, 10}
    assert heard.broken_rules(PLAN) == []


def test_without_a_job_id_the_job_is_the_flow_run(listen: Listen, redis_url: str) -> None:
    @flow(**tracked(PLAN))
    def report() -> str:
        current_reporter().start_stage("write")
        return current_reporter().job_id

    job_id = report()
    snapshot = Store(redis_url).snapshot(job_id)
    assert snapshot is not None
    assert snapshot["run_id"] == job_id


@task(retries=3)
def fragile(number: int) -> int:
    """Counts four items, and fails twice on the way."""
    from prefect.context import TaskRunContext

    context = TaskRunContext.get()
    assert context is not None
    reporter = current_reporter()
    for item in range(4):
        reporter.advance()
        if number % 3 == 0 and item == 2 and context.task_run.run_count < 3:
            raise OSError("the disk is busy")
    return number


@flow(**tracked(PLAN))
def much(job_id: str, num_tasks: int) -> None:
    reporter = current_reporter()
    reporter.start_stage("compute")
    reporter.update_stage_progress(0, 4 * num_tasks)
    fragile.map(range(num_tasks)).result()
    reporter.complete_stage()


def dask_runner(stack: Any) -> Any:
    pytest.importorskip("prefect_dask", reason="no prefect-dask: pip install 'horarium[dask]'")
    distributed, runner = import_module("distributed"), import_module("prefect_dask")
    running = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    stack.callback(running.close)
    return runner.DaskTaskRunner(address=running.scheduler_address)


@pytest.mark.filterwarnings("default")  # distributed leaves sockets to the garbage collector
@pytest.mark.parametrize("where", ["threads", "processes", "dask"])
def test_a_retried_task_counts_once_in_threads_processes_and_on_dask(
    listen: Listen, where: str
) -> None:
    with ExitStack() as stack:
        runners: dict[str, Callable[[], Any]] = {
            "threads": lambda: ThreadPoolTaskRunner(max_workers=4),
            "processes": lambda: processes(2),
            "dask": lambda: dask_runner(stack),
        }
        runner = runners[where]()
        heard = listen(where)
        much.with_options(task_runner=runner)(where, 12)
        heard.wait_for(ended)
    counted_items = items(heard)
    assert max(counted_items) == counted_items[-1] == 48
    assert heard.broken_rules(PLAN) == []


def test_a_whole_stage_can_be_one_task_in_another_process(listen: Listen) -> None:
    heard = listen("elsewhere")
    stages_elsewhere.with_options(task_runner=processes(1))("elsewhere")
    end = heard.wait_for(ended)
    stages = list(dict.fromkeys(snapshot["stage"] for _, snapshot in heard.events))
    assert stages == ["fetch", "compute", "write"]
    assert (end["message"], end["metadata"]["pages"]) == ("written", 3)
    assert heard.broken_rules(PLAN) == []


@task
def whole_stage(stage: str) -> None:
    reporter = current_reporter()
    reporter.start_stage(stage)
    for item in range(4):
        reporter.update_stage_progress(item + 1, 4)
        time.sleep(0.15)
    reporter.complete_stage()
    if stage == "write":
        reporter.update("written", pages=3)


@flow(**tracked(PLAN))
def stages_elsewhere(job_id: str) -> None:
    for stage in PLAN.stages:
        whole_stage.submit(stage.id).result()


def test_a_task_that_counts_nothing_is_one_unit_cached_or_not(listen: Listen) -> None:
    done: list[int] = []
    salt = str(uuid4())

    @task(cache_policy=INPUTS, persist_result=True, **counted())
    def solve(number: int, salt: str) -> int:
        done.append(number)
        return number

    @flow(**tracked(PLAN))
    def report(job_id: str, numbers: int) -> None:
        reporter = current_reporter()
        reporter.start_stage("compute")
        reporter.update_stage_progress(0, numbers)
        solve.map(range(numbers), salt).result()
        reporter.complete_stage()

    first, second = listen("first"), listen("second")
    report("first", 6)
    report("second", 8)  # six of these were solved before, and are skipped
    assert len(done) == 8
    for heard, num_items in ((first, 6), (second, 8)):
        heard.wait_for(ended)
        counts = items(heard)
        assert counts[-1] == num_items
        assert heard.broken_rules(PLAN) == []


def test_sub_flows_and_nested_calls_belong_to_the_job_around_them(listen: Listen) -> None:
    @task
    def inner(number: int) -> None:
        current_reporter().advance()

    @task
    def outer(number: int) -> None:
        inner(number)  # a task called from a task
        current_reporter().advance()

    @flow
    def part(numbers: int) -> None:
        outer.map(range(numbers)).result()
        for number in range(numbers):
            inner(number)  # called directly, from a sub-flow

    @flow(**tracked(PLAN))
    def report(job_id: str) -> None:
        reporter = current_reporter()
        reporter.start_stage("compute")
        reporter.update_stage_progress(0, 9)
        part(3)
        reporter.complete_stage()

    heard = listen("nested")
    report("nested")
    heard.wait_for(ended)
    counts = items(heard)
    assert counts[-1] == 9
    assert heard.broken_rules(PLAN) == []


def processes(max_workers: int) -> Any:
    """A pool of processes; its type is not the one that flows ask for."""
    return ProcessPoolTaskRunner(max_workers=max_workers)


@task
def deep(number: int) -> None:
    current_reporter().advance()


@flow(task_runner=processes(1))
def part_in_processes(numbers: int) -> None:
    deep.map(range(numbers)).result()


@flow(**tracked(PLAN))
def around_processes(job_id: str) -> None:
    reporter = current_reporter()
    reporter.start_stage("compute")
    reporter.update_stage_progress(0, 3)
    part_in_processes(3)
    reporter.complete_stage()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_asynchronous_flows_and_tasks_are_the_same(listen: Listen) -> None:
    @task(retries=1)
    async def square(number: int) -> int:
        await asyncio.sleep(0)
        current_reporter().advance()
        return number**2

    @flow(**tracked(PLAN))
    async def report(job_id: str) -> None:
        reporter = current_reporter()
        reporter.start_stage("compute")
        reporter.update_stage_progress(0, 9)
        await asyncio.gather(*(square(number) for number in range(4)))
        for future in [square.submit(number) for number in range(5)]:
            future.wait()
        reporter.complete_stage()

    heard = listen("asynchronous")
    asyncio.run(report("asynchronous"))
    gc.collect()  # Prefect leaves a socket of the loop that has ended: its warning belongs here
    heard.wait_for(ended)
    counts = items(heard)
    assert counts[-1] == 9
    assert heard.broken_rules(PLAN) == []


def test_a_sub_flows_tasks_in_other_processes_find_the_job_too(listen: Listen) -> None:
    job_id = str(uuid4())
    heard = listen(job_id)
    around_processes(job_id)
    heard.wait_for(ended)
    counts = items(heard)
    assert counts[-1] == 3
    assert heard.broken_rules(PLAN) == []


def test_a_solver_that_knows_nothing_of_prefect_takes_the_reporter_as_its_observer(
    listen: Listen,
) -> None:
    def solver(progress: Callable[[int, int], None]) -> None:
        """Calls back from a thread of its own, as native solvers do."""

        def work() -> None:
            for generation in range(20):
                progress(generation + 1, 20)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    @task
    def search() -> None:
        solver(current_reporter().update_stage_progress)

    @flow(**tracked(PLAN))
    def report(job_id: str) -> None:
        current_reporter().start_stage("compute")
        search()
        reporter_of(job_id).complete_stage()  # any thread that knows the job's id

    heard = listen("solver")
    report("solver")
    heard.wait_for(ended)
    last = [s for _, s in heard.events if s["stage"] == "compute"][-1]
    assert last["metadata"] == {"completed_items": 20, "total_items": 20}
    assert heard.broken_rules(PLAN) == []


def test_a_retried_flow_goes_on_and_what_is_cached_counts_as_done(listen: Listen) -> None:
    tries: list[int] = []

    @task(persist_result=True, **counted())
    def solve(number: int) -> int:
        return number

    @flow(**tracked(PLAN), retries=1)
    def report(job_id: str) -> None:
        reporter = current_reporter()
        reporter.start_stage("compute")
        reporter.update_stage_progress(0, 6)
        solve.map(range(4)).result()
        tries.append(len(tries))
        if len(tries) == 1:
            heard.wait_for(lambda snapshot: snapshot["metadata"]["completed_items"] == 4)
            raise OSError("once")
        solve.map(range(4, 6)).result()

    heard = listen("again")
    report("again")
    end = heard.wait_for(ended)
    assert end["attempt"] == 2
    counts = [s["metadata"]["completed_items"] for _, s in heard.events if s["attempt"] == 2]
    assert 6 in counts
    assert heard.broken_rules(PLAN) == []


def test_the_second_run_knows_from_its_first_second_how_long_it_takes(
    listen: Listen, redis_url: str
) -> None:
    plan = Plan("timed", PLAN.stages)

    @flow(**tracked(plan))
    def report(job_id: str, seconds: float) -> None:
        reporter = current_reporter()
        for stage in plan.stages:
            reporter.start_stage(stage.id)
            time.sleep(seconds / 3)
            reporter.complete_stage()

    report("before", 3)
    heard = listen("after")
    report("after", 3)
    heard.wait_for(ended)
    told = [s["eta_seconds"] for _, s in heard.events if s["stage"] == "fetch"]
    assert 1 < told[0] < 7  # three seconds, and what Prefect needs between them
    # How right it was is kept for each run; `horarium history` prints it.
    records = Store(redis_url).history("timed", "")
    assert [record.job_id for record in records] == ["after", "before"]
    assert all(set(record.seconds) == {"fetch", "compute", "write"} for record in records)
    assert records[0].eta_error is not None


def test_a_plan_with_learned_weights_runs_evenly_in_time(listen: Listen) -> None:
    plan = Plan("even", PLAN.stages, learned=True)
    seconds = {"fetch": 1.5, "compute": 0.4, "write": 0.4}

    @flow(**tracked(plan))
    def report(job_id: str) -> None:
        reporter = current_reporter()
        for stage, duration in seconds.items():
            reporter.start_stage(stage)
            time.sleep(duration)
            reporter.complete_stage()

    report("by-plan")
    heard = listen("learned")
    report("learned")
    end_of_fetching = heard.wait_for(lambda s: s["stage"] == "fetch" and s["stage_progress"] == 100)
    assert end_of_fetching["overall_progress"] > 50  # by the plan it would have been 20
    heard.wait_for(ended)
    assert heard.broken_rules(plan) == []


def test_the_percentage_also_stands_in_prefects_own_ui(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HORARIUM_PAGE_URL", "https://timetables.example/")

    @flow(**tracked(PLAN))
    def report(job_id: str) -> str:
        reporter = current_reporter()
        reporter.start_stage("compute")
        time.sleep(2)  # shorter runs need no bar
        return str(FlowRunContext.get().flow_run.id)  # type: ignore[union-attr]

    run_id = report("shown")
    with get_client(sync_client=True) as client:
        of_this_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run_id)]))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            shown = {a.type: a for a in client.read_artifacts(artifact_filter=of_this_run)}
            if "progress" in shown and shown["progress"].data == 100:
                break
            time.sleep(0.1)
    assert shown["progress"].description == "100 %: completed"
    assert "https://timetables.example/jobs/shown" in str(shown["markdown"].data)
