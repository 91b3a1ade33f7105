"""The GPU kernel compiled as plain C++, in the GPU's stead."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from timetabling.kernels.device import SOURCE, Chains, Record, compile_options
from timetabling.kernels.model import Ints, Model
from timetabling.solvers.genetic_device import StartChains

COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
AS_LOOPS = ("-std=c++17", "-Wall", "-Wextra", "-Werror", "-x", "c++", str(SOURCE))
THREADS = Path(__file__).parent / "kernels" / "warps_of_threads.cpp"
AS_THREADS = ("-std=c++20", "-pthread", f'-DKERNEL="{SOURCE}"', str(THREADS))


@cache
def build(*arguments: str) -> ctypes.CDLL:
    """Compile and load; skips the test where there is no compiler."""
    if COMPILER is None:
        pytest.skip("no C++ compiler")
    with tempfile.TemporaryDirectory() as folder:
        library = str(Path(folder) / "chains.so")
        command = [COMPILER, "-O2", "-shared", "-fPIC", *arguments, "-o", library]
        subprocess.run(command, check=True)
        return ctypes.CDLL(library)


def library_for(model: Model) -> ctypes.CDLL:
    """The kernel for a problem, a warp being a loop over its lanes."""
    return build(*compile_options(model, in_shared=False), *AS_LOOPS)


def start_on_host(model: Model, periods: Ints, rooms: Ints, seed: np.random.SeedSequence) -> Chains:
    """`start_on_gpu`, on the processor."""
    return _start(library_for(model).anneal_chains, model, periods, rooms, seed)


def start_as_threads(*, in_shared: bool) -> StartChains:
    """The same by the kernel's GPU code, with a thread for each lane: slow."""

    def start(model: Model, periods: Ints, rooms: Ints, seed: np.random.SeedSequence) -> Chains:
        library = build(*compile_options(model, in_shared=in_shared), *AS_THREADS)
        return _start(library.anneal_chains_in_threads, model, periods, rooms, seed)

    return start


def _start(
    kernel: Callable[..., object],
    model: Model,
    periods: Ints,
    rooms: Ints,
    seed: np.random.SeedSequence,
) -> Chains:
    def launch(model: Record, chains: Record, num_chains: int, *numbers: int) -> None:
        addresses = (ctypes.c_void_p(record.ctypes.data) for record in (model, chains))
        kernel(*addresses, num_chains, *numbers)

    return Chains(model, np, launch, periods, rooms, seed)
