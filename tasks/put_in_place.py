"""Put a finished file in the place of the one that was there; it can be taken back."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.transactions import get_transaction

__all__ = ["BEFORE", "put_in_place"]

BEFORE = ".before"
"""Beside a draft, what was in its place."""


# Never tried again by itself: Prefect has taken back all of the transaction by then.
@task(task_run_name="put {target.name} in place", cache_policy=NO_CACHE)
def put_in_place(draft: Path, target: Path) -> None:
    """Move `draft` to `target`, which is on the same disk; within a Prefect transaction.

    Whoever looks sees the old file or the new one, whole. If the transaction fails, be it in here,
    what was there before is there again.

    Raises
    ------
    OSError
        If it cannot be moved, or something else than a file is there.
    """
    before = draft.with_name(draft.name + BEFORE)
    was_there = target.exists()
    if was_there and not target.is_file():
        raise OSError(errno.EINVAL, "expected a regular file, or none", str(target))
    if was_there:
        shutil.copy2(target, before)

    def take_back(_: Any) -> None:
        if draft.exists():
            return  # it was not moved yet
        if was_there:
            before.replace(target)
        else:
            target.unlink(missing_ok=True)

    step = get_transaction()
    if step is not None:
        step.on_rollback_hooks.append(take_back)  # before it acts: it may be interrupted
    draft.replace(target)
