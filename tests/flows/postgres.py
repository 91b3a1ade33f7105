"""A PostgreSQL of one's own, for as long as a block lasts."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tracking.child import free_port

__all__ = ["postgres"]

_USER = "postgres"


@contextmanager
def postgres() -> Iterator[str]:
    """Run a PostgreSQL with an empty database; gives what Prefect's server calls its address.

    The test is skipped where there is none.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("needs PostgreSQL's programs: /usr/lib/postgresql or the PATH has none")
    # Not under pytest's folder, which is its owner's alone: PostgreSQL does not run as root.
    folder = Path(tempfile.mkdtemp(prefix="horarium-postgres-"))
    password, port = secrets.token_hex(16), free_port()
    (folder / "password").write_text(password)
    if os.geteuid() == 0:
        for each in (folder, folder / "password"):
            shutil.chown(each, _USER)
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs / program), "-D", str(data), *arguments]
        user = _USER if os.geteuid() == 0 else None
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, user=user, check=False)
        assert done.returncode == 0, Path(log.name).read_text()

    try:
        run(
            "initdb", "--username", _USER, "--auth", "scram-sha-256", "--no-sync",
            "--pwfile", str(folder / "password"), "--encoding", "UTF8", "--locale", "C",
        )  # fmt: skip
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -F"
        run("pg_ctl", "start", "-w", "-t", "120", "-o", options)
        try:
            yield f"postgresql+asyncpg://{_USER}:{password}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)
        (folder.parent / f"{folder.name}.log").unlink(missing_ok=True)


def _programs() -> Path | None:
    """The folder of the newest PostgreSQL's programs."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=lambda path: int(path.parts[-3])
    )
    on_path = shutil.which("pg_ctl")
    found = installed[-1] if installed else Path(on_path) if on_path else None
    return None if found is None else found.parent
