"""The JSON of a job's progress as OpenAPI describes it, made from the types that Python has."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, RootModel, create_model
from typing_extensions import TypeAliasType

from tracking import snapshot

__all__ = [
    "CompactStatus",
    "Connected",
    "JobStatus",
    "PipelineStage",
    "SnapshotDocument",
    "SnapshotEvent",
    "StreamEvent",
]

# With a name of its own, it is one type to generated clients, and not one for each of its uses.
JobStatus = TypeAliasType("JobStatus", snapshot.Status)


class PipelineStage(BaseModel):
    """A stage: its id, what people read, and where it lies on the bar in percent."""

    id: str
    label: str
    start: float
    end: float


# Said where it is so, by whoever has looked.
_LOST: Any = Field(
    default=False,
    exclude_if=lambda lost: not lost,
    description="Its process is gone; how it ended is not known",
)

# From the very type that writers fill in: pydantic takes no TypedDict before Python 3.12.
_FIELDS: dict[str, Any] = {
    name: (kind, ...) for name, kind in get_type_hints(snapshot.Snapshot).items()
} | {"status": (JobStatus, ...), "stages": (list[PipelineStage], Field(default_factory=list))}
SnapshotDocument: type[BaseModel] = create_model(
    "Snapshot",
    __config__=ConfigDict(extra="allow"),
    __doc__="How far a job is. Percentages are 0 to 100, times are Unix seconds.",
    lost=(bool, _LOST),
    **_FIELDS,
)


class JobName(BaseModel):
    """Which job it is."""

    job_id: str


class Connected(BaseModel):
    """The first event of a stream, sent at once."""

    event: Literal["connected"]
    id: int
    data: JobName


class SnapshotEvent(BaseModel):
    """How far the job is.

    `progress` follows what was seen before; `snapshot` does not, for what lay between is gone;
    `done` is the last one. The id is the snapshot's `seq`, for who comes back.
    """

    event: Literal["progress", "snapshot", "done"]
    id: int
    data: SnapshotDocument  # type: ignore[valid-type]


class StreamEvent(
    RootModel[Annotated[Connected | SnapshotEvent, Field(discriminator="event")]],
):
    """An event of a stream: these fields as Server-Sent Events, this object by WebSocket."""


class CompactStatus(BaseModel):
    """How far a job is, in short."""

    job_id: str
    status: JobStatus
    stage: str
    stage_label: str
    overall_progress: float
    eta_seconds: int | None
    last_updated: int
    lost: bool = _LOST
