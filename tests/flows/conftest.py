"""Runs of the real command line in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "examples" / "tiny.ectt"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for Prefect's database, so that it is made once for all runs and is nobody's own."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture
def start(prefect_home: Path, tmp_path: Path) -> Iterator[Start]:
    """Start ``horarium`` with the given arguments in an empty folder; it is ended afterwards."""
    running: list[subprocess.Popen[str]] = []
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "HORARIUM_"))}
    environment = {**kept, "PREFECT_HOME": str(prefect_home)}

    def begin(*arguments: str | Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def horarium(start: Start) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``horarium`` to its end."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        process = start(*arguments)
        out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run
