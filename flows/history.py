"""How earlier runs went, kept in a file where no Redis is: it would forget with the run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from rich.table import Table

from tracking.history import Record
from tracking.store import Store, Unavailable
from tracking.words import duration

__all__ = ["read_history", "remembering", "table_of"]

_RUNS_READ = 500


def read_history(folder: Path) -> list[Record]:
    """Read the last runs of this machine, newest first.

    Raises
    ------
    ValueError
        If a line is none that this wrote; says which.
    """
    file = _file(folder)
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    records = []
    for number, line in enumerate(lines[-_RUNS_READ:], start=max(0, len(lines) - _RUNS_READ) + 1):
        try:
            records.append(Record.from_json(line))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{file}:{number}: expected the record of a run: {error}") from error
    return records[::-1]


@contextmanager
def remembering(redis_url: str, folder: Path) -> Iterator[None]:
    """Bring what is known of earlier runs to a Redis, and keep what the block adds to it."""
    store = Store(redis_url)
    before = read_history(folder)
    for record in reversed(before):
        store.remember(record)
    yield
    known = {(record.job_id, record.ended_at) for record in before}
    try:
        added = [r for r in store.histories() if (r.job_id, r.ended_at) not in known]
    except Unavailable:  # the run went on without its Redis, and has said so
        return
    finally:
        store.close()
    folder.mkdir(parents=True, exist_ok=True)
    with _file(folder).open("a", encoding="utf-8") as file:
        file.writelines(f"{record.to_json()}\n" for record in reversed(added))


def table_of(records: Iterable[Record]) -> Table:
    """List runs: how long they took, and how right their progress was."""
    table = Table(box=None, pad_edge=False)
    for title in ("ended", "plan", "status"):
        table.add_column(title, no_wrap=True)
    for title in ("took", "time left off", "bar off"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("job", no_wrap=True, overflow="ellipsis")
    for record in records:
        table.add_row(
            f"{datetime.fromtimestamp(record.ended_at).astimezone():%Y-%m-%d %H:%M}",
            " ".join(filter(None, (record.plan, record.deployment))),
            record.status,
            duration(sum(record.seconds.values())),
            "" if record.eta_error is None else f"{100 * record.eta_error:.0f} %",
            "" if record.bar_error is None else f"{record.bar_error:.0f} points",
            record.job_id,
        )
    return table


def _file(folder: Path) -> Path:
    return folder / "history.jsonl"
