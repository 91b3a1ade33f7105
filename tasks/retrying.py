"""What is worth trying again: a busy disk or server is, bad input and a defect are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from httpx import HTTPError
from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun

__all__ = ["LASTING", "RETRIES", "RETRYING", "Retries", "worth_retrying"]

LASTING = (ValueError, TypeError, FileNotFoundError, IsADirectoryError, PermissionError)
"""Failures that would only come again."""


class Retries(TypedDict):
    """How a task is tried again."""

    retries: int
    retry_delay_seconds: list[float]
    retry_condition_fn: Callable[[Task[..., Any], TaskRun, State[Any]], bool]


class _Options(Retries):
    cache_policy: CachePolicy


def worth_retrying(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001
    """Prefect's retry condition: only failures that may pass by themselves."""
    return isinstance(state.data, (OSError, MemoryError, HTTPError)) and not isinstance(
        state.data, LASTING
    )


RETRIES = Retries(retries=2, retry_delay_seconds=[1.0, 5.0], retry_condition_fn=worth_retrying)
"""The options that every task has that computes, reads or writes."""

# Without a policy Prefect would hash whole problems to find out that they differ.
RETRYING = _Options(**RETRIES, cache_policy=NO_CACHE)
"""The options of a task whose result is not kept; see `tasks.resuming` for the others."""
