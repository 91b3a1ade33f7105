"""The search kernels: whether they are compiled, and compiling them where someone can see it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["COMPILING", "COMPILING_SECONDS", "compile_kernels", "is_compiled"]

COMPILING = "Compiling the search kernels, once: about a minute"
COMPILING_SECONDS = 60.0


def is_compiled() -> bool:
    """Whether the kernels that engines call lie in Numba's cache, each no older than its file."""
    # Loading Numba takes most of a second: not for a line of help.
    from timetabling.kernels.anneal import anneal
    from timetabling.kernels.delta import load_state
    from timetabling.kernels.repairs import run_episode

    kernels: list[Any] = [anneal, load_state, run_episode]
    return all(_is_cached(kernel) for kernel in kernels)


def compile_kernels(tell: Callable[[str], object]) -> bool:
    """Compile the kernels, or load them; `tell` is told before, if that takes a minute.

    Returns
    -------
    Whether they had to be compiled.
    """
    from timetabling.kernels import warm_up

    must_compile = not is_compiled()
    if must_compile:
        tell(COMPILING)
    warm_up()
    return must_compile


def _is_cached(kernel: Any) -> bool:
    if kernel.signatures:
        return True
    source = Path(kernel.py_func.__code__.co_filename)
    # An index file a kernel, named after its module and itself. Numba compiles again when the
    # kernel's own file has changed, and looks at no other.
    indices = Path(kernel.stats.cache_path).glob(f"{source.stem}.{kernel.__name__}-*.nbi")
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in indices)
