"""Show in Prefect's UI what a run has come to, beside what the run before it had."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect import task
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.runtime import flow_run

from tasks.earlier import Earlier, earlier
from tasks.retrying import RETRYING

__all__ = ["Report", "report"]


@dataclass(frozen=True, slots=True)
class Report:
    """What to show of a run: what the next one of the same key is compared with, a text in
    Markdown, written when the run before is known, and lectures as rows, with a note on them."""

    key: str
    summary: str
    figures: Mapping[str, int]
    text: Callable[[Earlier | None], str]
    lectures: Sequence[dict[str, Any]]
    note: str


@task(task_run_name="report {content.key}", **RETRYING)
def report(content: Report) -> None:
    """Make two artifacts of the flow run: the timetable as a table, and the report."""
    run_id = UUID(flow_run.id)
    with get_client(sync_client=True) as client:
        client.create_artifact(
            ArtifactCreate(
                key=f"{content.key}-lectures",
                type="table",
                description=content.note,
                data=json.dumps(list(content.lectures)),
                flow_run_id=run_id,
            )
        )
        client.create_artifact(
            ArtifactCreate(
                key=content.key,
                type="markdown",
                description=content.summary,
                data=content.text(earlier(client, content.key, run_id)),
                metadata_={name: str(value) for name, value in content.figures.items()},
                flow_run_id=run_id,
            )
        )
