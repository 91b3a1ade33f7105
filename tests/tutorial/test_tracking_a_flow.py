"""How to give a Prefect flow a progress bar that can be trusted, lesson by lesson.

Each test is a whole program of a user's, and what can be seen of it in Redis.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from prefect import flow, task
from prefect.cache_policies import INPUTS
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.context import FlowRunContext

from tests.tutorial.lessons import PLAN, Listen, ended, items
from tracking.hooks import counted, current_reporter, tracked
from tracking.jobs import reporter_of
from tracking.store import Store

pytestmark = pytest.mark.slow


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
