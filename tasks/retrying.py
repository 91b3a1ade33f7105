"""What is worth trying again: a busy disk is, bad input and programming errors are not."""

from __future__ import annotations

from typing import Any

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

__all__ = ["RETRIES", "RETRY_DELAYS_SECONDS", "worth_retrying"]

RETRIES = 2
RETRY_DELAYS_SECONDS = [1.0, 5.0]


def worth_retrying(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:  # noqa: ARG001
    """Prefect's retry condition: only failures that may pass by themselves."""
    return isinstance(state.data, (OSError, MemoryError)) and not isinstance(
        state.data, (FileNotFoundError, IsADirectoryError, PermissionError)
    )
