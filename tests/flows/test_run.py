"""Running the flow in this process, before it begins."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from flows.run import run
from tracking.plan import DEFAULT


def test_a_curve_that_cannot_be_written_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "redis://127.0.0.1:1/0"
    monkeypatch.setenv("HORARIUM_REDIS_URL", url)
    curve, console = tmp_path / "curve.csv", Console(file=io.StringIO())
    curve.symlink_to(tmp_path / "nowhere" / curve.name)
    with pytest.raises(FileNotFoundError, match=curve.name):
        run({}, DEFAULT, redis_url=url, console=console, curve=curve)
