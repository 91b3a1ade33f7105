"""What is worth trying again: a busy disk is, bad input and programming errors are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from prefect import Task
from prefect.cache_policies import NO_CACHE, CachePolicy
from prefect.client.schemas.objects import State, TaskRun

__all__ = ["RETRYING", "worth_retrying"]


class _TaskOptions(TypedDict):
    retries: int
    retry_delay_seconds: list[float]
    retry_condition_fn: Callable[[Task[..., Any], TaskRun, State[Any]], bool]
    cache_policy: CachePolicy


def worth_retrying(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001
    """Prefect's retry condition: only failures that may pass by themselves."""
    return isinstance(state.data, (OSError, MemoryError)) and not isinstance(
        state.data, (FileNotFoundError, IsADirectoryError, PermissionError)
    )


# Nothing is cached between runs: Prefect would hash whole problems to find out that they differ.
RETRYING = _TaskOptions(
    retries=2,
    retry_delay_seconds=[1.0, 5.0],
    retry_condition_fn=worth_retrying,
    cache_policy=NO_CACHE,
)
"""The options that every task has."""
