"""What somebody sends, while others do."""

from __future__ import annotations

import io
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tracking.service import instance_files
from tracking.service.instance_files import save_uploads


def test_what_is_sent_is_saved_although_another_is_just_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anothers = tmp_path / "uploads" / ".0a1b"
    anothers.mkdir(parents=True)

    def meanwhile() -> float:
        anothers.rename(anothers.with_name("0a1b"))
        return time.time()

    # Asked for between the list of folders and the look at one.
    monkeypatch.setattr(instance_files, "time", SimpleNamespace(time=meanwhile))
    folder = save_uploads({"tiny.ectt": io.BytesIO(b"x")}, tmp_path)
    assert (folder / "tiny.ectt").read_bytes() == b"x"
    assert anothers.with_name("0a1b").exists()
