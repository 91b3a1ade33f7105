"""How earlier runs went is remembered, and what is wrong with that ends no run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flows.history import read_history, remembering
from tracking.embedded import embedded_redis
from tracking.history import Record
from tracking.store import Store

OLD, NEW = (Record(name, "default", "", "completed", n, {}) for n, name in enumerate("ab", 1))


@pytest.fixture
def store() -> Iterator[tuple[str, Store]]:
    with embedded_redis() as url, closing(Store(url)) as store:
        yield url, store


def test_a_torn_line_is_left_out_and_said(
    store: tuple[str, Store], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(f'{{"job_id": "to\n{OLD.to_json()}\n')
    with remembering(store[0], tmp_path):
        assert store[1].histories() == [OLD]
    assert f"{file}:1: expected the record of a run" in caplog.text
    with pytest.raises(ValueError, match=r"history\.jsonl:1: expected the record"):
        read_history(tmp_path)


def test_what_follows_a_torn_end_has_a_line_of_its_own(
    store: tuple[str, Store], tmp_path: Path
) -> None:
    file = tmp_path / "history.jsonl"
    file.write_text(f'{OLD.to_json()}\n{{"job_id": "to')
    with remembering(store[0], tmp_path):
        store[1].remember(NEW)
    assert file.read_text().splitlines()[2:] == [NEW.to_json()]


def test_a_run_goes_on_where_its_history_cannot_be_kept(
    store: tuple[str, Store], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    with remembering(store[0], tmp_path / "file" / "state"):
        store[1].remember(NEW)
    assert "Not a directory" in caplog.text


def test_a_run_goes_on_where_its_redis_does_not_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "history.jsonl").write_text(f"{OLD.to_json()}\n")
    with remembering("redis://127.0.0.1:1/0", tmp_path):
        assert "Earlier runs: " in caplog.text
    assert read_history(tmp_path) == [OLD]


def test_what_was_learned_is_kept_when_all_ends_badly(
    store: tuple[str, Store], tmp_path: Path
) -> None:
    def end_badly() -> None:
        with remembering(store[0], tmp_path):
            store[1].remember(NEW)
            raise RuntimeError("the worker has ended")

    with pytest.raises(RuntimeError, match="the worker"):
        end_badly()
    assert read_history(tmp_path) == [NEW]
