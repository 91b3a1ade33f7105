"""Whether kernels are compiled is known before one is called."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from flows.warmup import COMPILING, compile_kernels, is_compiled


def test_an_empty_cache_is_seen_without_compiling_anything(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from flows.warmup import is_compiled; print(is_compiled())"],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "False\n"
    assert not list(tmp_path.rglob("*.nbc"))


def test_what_is_compiled_is_not_told_again() -> None:
    first: list[str] = []
    assert compile_kernels(first.append) == bool(first)
    assert first in ([], [COMPILING])
    assert is_compiled()
    again: list[str] = []
    assert not compile_kernels(again.append)
    assert again == []


def test_another_process_finds_what_this_one_compiled() -> None:
    compile_kernels(lambda message: None)
    said = subprocess.run(
        [sys.executable, "-c", "from flows.warmup import is_compiled; print(is_compiled())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "True\n"
