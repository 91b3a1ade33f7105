"""How values go to tasks, and come back."""

from __future__ import annotations

from typing import TypeVar, cast

from prefect.futures import PrefectFuture
from prefect.utilities.annotations import quote

from tasks.stopping import stop_searching

__all__ = ["result_of", "whole"]

T = TypeVar("T")


def whole(value: T) -> T:
    """Hand a value to a task as it is: Prefect would look for futures in each of its parts."""
    return cast("T", quote(value))


def result_of(future: PrefectFuture[T], job: str) -> T:
    """Wait for a task; on Ctrl-C, ask it for what it has instead of leaving it."""
    try:
        return future.result()
    except KeyboardInterrupt:
        stop_searching(job, cancel=True)
        return future.result()
