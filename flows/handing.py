"""How values go to tasks, and come back."""

from __future__ import annotations

import pickle
from functools import cached_property
from typing import Any, TypeVar, cast

from prefect.futures import PrefectFuture
from prefect.utilities.annotations import opaque

from tasks.stopping import cancel, is_cancelled

__all__ = ["result_of", "whole"]

T = TypeVar("T")


class _Whole(opaque):
    """A value whose parts nobody looks at, pickled once for all the tasks it is handed to.

    Prefect's own would come to another process with one tuple more around its value.
    """

    @cached_property
    def _pickled(self) -> bytes:
        return pickle.dumps(self.value)

    def __reduce__(self) -> tuple[type[_Sent], tuple[bytes]]:
        return _Sent, (self._pickled,)


class _Sent(opaque):
    """The same in another process, unpickled by the task alone: Dask's scheduler passes it on."""

    @cached_property
    def _value(self) -> Any:
        # What Dask has unpickled so far could have done anything already.
        return pickle.loads(cast("bytes", self[0]))  # noqa: S301

    def unwrap(self) -> Any:
        """Give the value."""
        return self._value

    def __reduce__(self) -> tuple[type[_Sent], tuple[bytes]]:
        return _Sent, (cast("bytes", self[0]),)


def whole(value: T) -> T:
    """Hand a value to a task as it is: Prefect would look for futures in each of its parts."""
    return cast("T", _Whole(value))


def result_of(future: PrefectFuture[T], job: str) -> T:
    """Wait for a task; on a first Ctrl-C, ask it for what it has instead of leaving it."""
    try:
        return future.result()
    except KeyboardInterrupt:
        if is_cancelled(job):
            raise  # asked already: whoever asks again no longer wants to wait
        cancel(job)
        return future.result()
