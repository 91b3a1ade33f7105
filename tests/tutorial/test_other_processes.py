"""Lessons on tasks that run in other processes: in a pool, or on Dask. Nothing changes in a flow.

What runs elsewhere is a function of a module, which the other process can import.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from prefect import flow, task
from prefect.task_runners import ProcessPoolTaskRunner, ThreadPoolTaskRunner

from tests.tutorial.lessons import PLAN, Listen, ended, items
from tracking.hooks import current_reporter, tracked

pytestmark = pytest.mark.slow


def processes(max_workers: int) -> Any:
    """A pool of processes; its type is not the one that flows ask for."""
    return ProcessPoolTaskRunner(max_workers=max_workers)


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


def test_a_whole_stage_can_be_one_task_in_another_process(listen: Listen) -> None:
    heard = listen("elsewhere")
    stages_elsewhere.with_options(task_runner=processes(1))("elsewhere")
    end = heard.wait_for(ended)
    stages = list(dict.fromkeys(snapshot["stage"] for _, snapshot in heard.events))
    assert stages == ["fetch", "compute", "write"]
    assert (end["message"], end["metadata"]["pages"]) == ("written", 3)
    assert heard.broken_rules(PLAN) == []


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


def test_a_sub_flows_tasks_in_other_processes_find_the_job_too(listen: Listen) -> None:
    job_id = str(uuid4())
    heard = listen(job_id)
    around_processes(job_id)
    heard.wait_for(ended)
    counts = items(heard)
    assert counts[-1] == 3
    assert heard.broken_rules(PLAN) == []
