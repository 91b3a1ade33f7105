"""Which failures Prefect tries again."""

from __future__ import annotations

import pytest
from prefect import Task
from prefect.client.schemas.objects import TaskRun
from prefect.states import Failed

from tasks.bound import bound
from tasks.evolve import evolve
from tasks.explain import explain
from tasks.load import load
from tasks.merge import merge
from tasks.organise import organise
from tasks.place_missing import place_missing
from tasks.publish import publish
from tasks.refine import refine
from tasks.retrying import worth_retrying
from tasks.solve_cluster import solve_cluster
from timetabling.formats import InputError

ALL = [load, organise, bound, solve_cluster, merge, place_missing, evolve, refine, publish, explain]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError("the disk is busy"), True),
        (MemoryError(), True),
        (InputError("x.ectt:3: expected a number, got 'x'"), False),
        (FileNotFoundError(), False),
        (PermissionError(), False),
        (TypeError("a defect"), False),
    ],
)
def test_only_failures_that_may_pass_are_tried_again(error: Exception, expected: bool) -> None:
    run = TaskRun.model_construct()
    assert worth_retrying(load, run, Failed(data=error)) is expected


@pytest.mark.parametrize("task", ALL, ids=lambda task: task.name)
def test_every_task_is_tried_again_after_a_pause(task: Task[..., object]) -> None:
    assert task.retries == 2
    assert task.retry_delay_seconds == [1.0, 5.0]
    assert task.retry_condition_fn is worth_retrying
