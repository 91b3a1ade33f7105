"""How earlier runs went, kept in a file where no Redis is: it would forget with the run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from rich.table import Table

from tracking.history import Record
from tracking.store import Store, Unavailable
from tracking.words import duration

__all__ = ["read_history", "remembering", "table_of"]

_RUNS_READ = 500

_log = logging.getLogger(__name__)


def read_history(folder: Path) -> list[Record]:
    """Read the last runs of this machine, newest first.

    Raises
    ------
    ValueError
        If a line is none that this wrote; says which.
    """
    records, wrong = _read(folder)
    if wrong:
        raise ValueError(wrong[0])
    return records


@contextmanager
def remembering(redis_url: str, folder: Path) -> Iterator[None]:
    """Bring what is known of earlier runs to a Redis, and keep what the block adds to it.

    However the block ends. What is wrong with the history is logged, and stops no run.
    """
    before: list[Record] = []
    with closing(Store(redis_url)) as store:
        with _only_logged():
            before, wrong = _read(folder)
            for line in wrong:
                _log.warning("Earlier runs: left out: %s", line)
            for record in reversed(before):
                store.remember(record)
        try:
            yield
        finally:
            # Without its Redis the run went on, and has said so.
            with _only_logged(), suppress(Unavailable):
                known = {(record.job_id, record.ended_at) for record in before}
                added = [r for r in store.histories() if (r.job_id, r.ended_at) not in known]
                folder.mkdir(parents=True, exist_ok=True)
                torn = _is_torn(_file(folder))
                with _file(folder).open("a", encoding="utf-8") as file:
                    file.write("\n" if torn else "")
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


def _read(folder: Path) -> tuple[list[Record], list[str]]:
    """The last runs, newest first, and what is wrong with the lines that tell of none."""
    file = _file(folder)
    if not file.exists():
        return [], []
    lines = file.read_text(encoding="utf-8").splitlines()
    records, wrong = [], []
    for number, line in enumerate(lines[-_RUNS_READ:], start=max(0, len(lines) - _RUNS_READ) + 1):
        try:
            records.append(Record.from_json(line))
        except (TypeError, ValueError) as error:
            wrong.append(f"{file}:{number}: expected the record of a run: {error}")
    return records[::-1], wrong


def _is_torn(file: Path) -> bool:
    """Whether what was written last has no end: what follows needs a line of its own."""
    return file.exists() and file.read_bytes()[-1:] not in (b"", b"\n")


@contextmanager
def _only_logged() -> Iterator[None]:
    """Have no run end for what earlier ones were like: the time left is guessed without them."""
    try:
        yield
    except (OSError, ValueError, Unavailable) as error:
        _log.warning("Earlier runs: %s", error)


def _file(folder: Path) -> Path:
    return folder / "history.jsonl"
