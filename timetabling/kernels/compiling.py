"""How kernels are compiled: holding no lock, counting no references, allocating nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

__all__ = ["compiled", "index", "inlined", "internal", "span", "wide"]

Kernel = TypeVar("Kernel", bound=Callable[..., object])

# Reading an array out of a tuple counts a reference, atomically; a move reads a hundred. `_nrt`
# leaves the counting out (15 times faster), which is right as long as a kernel makes no array.
# NumPy's error model (dividing by zero raises nothing) spares a branch at each division.
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(kernel: Kernel) -> Kernel:
    """Compile a function that makes no array, when it is first called."""
    return cast("Kernel", njit(**OPTIONS)(kernel))


def inlined(kernel: Kernel) -> Kernel:
    """Compile into each caller, since a call hands over some 300 words of model and state."""
    return cast("Kernel", njit(**OPTIONS, forceinline=True)(kernel))


def internal(kernel: Kernel) -> Kernel:
    """Compile for other kernels only: wrappers for Python would double the time it takes."""
    options = OPTIONS | {"cache": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("Kernel", njit(**options)(kernel))


@inlined
def wide(value: int) -> int:
    """Widen to 64 bits: a kernel is compiled again for every width and literal it is given."""
    return np.int64(value)  # type: ignore[return-value]


@inlined
def index(value: int) -> int:
    """Widen what is never negative, and let the compiler know that.

    An index below 0 counts from the end, so compiled code asks each one for its sign; not where
    the compiler sees that there is none. Annealing is a fifth faster for it.
    """
    return np.int64(np.uint32(value))  # type: ignore[return-value]


@inlined
def span(starts: NDArray[np.int32], i: int) -> tuple[int, int]:
    """Where the list number `i` starts and ends, of lists that are kept as one array."""
    return index(starts[i]), index(starts[i + 1])
