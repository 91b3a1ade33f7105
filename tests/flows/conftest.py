"""Runs of the real command line in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Run:
    """A process, and what it has said so far."""

    process: subprocess.Popen[bytes]
    out_file: Path
    err_file: Path

    @property
    def status(self) -> int | None:
        return self.process.returncode

    @property
    def out(self) -> str:
        return self.out_file.read_text()

    @property
    def err(self) -> str:
        return self.err_file.read_text()


Start = Callable[..., Run]


@pytest.fixture(scope="session")
def prefect_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home for Prefect's database, so that it is made once for all runs and is nobody's own."""
    return tmp_path_factory.mktemp("prefect")


@pytest.fixture
def start(prefect_home: Path, tmp_path: Path) -> Iterator[Start]:
    """Start ``horarium`` with the given arguments in an empty folder; it is ended afterwards.

    It leads a process group, as a command does in a terminal, and says what it says to files.
    """
    running: list[subprocess.Popen[bytes]] = []
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "HORARIUM_"))}
    environment = {
        **kept,
        "PREFECT_HOME": str(prefect_home),
        "HORARIUM_STATE_FOLDER": str(tmp_path.parent / f"{tmp_path.name}-state"),
    }

    def begin(*arguments: str | Path, **more: str) -> Run:
        log = tmp_path.parent / f"{tmp_path.name}-{len(running)}"
        with Path(f"{log}.out").open("wb") as out, Path(f"{log}.err").open("wb") as err:
            process = subprocess.Popen(
                [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)],
                cwd=tmp_path,
                env={**environment, **more},
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        running.append(process)
        return Run(process, Path(f"{log}.out"), Path(f"{log}.err"))

    yield begin
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def horarium(start: Start) -> Callable[..., Run]:
    """Run ``horarium`` to its end."""

    def run(*arguments: str | Path, **more: str) -> Run:
        begun = start(*arguments, **more)
        begun.process.wait(timeout=240)
        return begun

    return run
