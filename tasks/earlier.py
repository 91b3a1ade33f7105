"""What the run before has reported: Prefect keeps all reports of a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas import filters
from prefect.client.schemas.sorting import ArtifactSort
from prefect.utilities.urls import url_for

__all__ = ["Earlier", "earlier"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The figures of an earlier run, when they were reported, and where that run is shown."""

    figures: Mapping[str, int]
    made_at: datetime
    url: str | None


def earlier(client: SyncPrefectClient, key: str, run_id: UUID) -> Earlier | None:
    """Find what was reported last by another run than this one, which may be tried again."""
    found = client.read_artifacts(
        artifact_filter=filters.ArtifactFilter(key=filters.ArtifactFilterKey(any_=[key])),
        flow_run_filter=filters.FlowRunFilter(id=filters.FlowRunFilterId(not_any_=[run_id])),
        sort=ArtifactSort.CREATED_DESC,
        limit=1,
    )
    if not found or found[0].created is None or found[0].metadata_ is None:
        return None
    figures = {name: int(value) for name, value in found[0].metadata_.items()}
    url = url_for("flow-run", obj_id=found[0].flow_run_id) if found[0].flow_run_id else None
    return Earlier(figures, found[0].created, url)
