"""How far a clip job is, as a record that cannot hold nonsense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from examples.clips.plan import ClipStage
from tracking.snapshot import Status

__all__ = ["ProgressInfo"]

_ENDS: Mapping[str, ClipStage] = {
    "completed": ClipStage.COMPLETED,
    "failed": ClipStage.FAILED,
    "cancelled": ClipStage.CANCELLED,
    "timeout": ClipStage.ERROR,
}


class ProgressInfo(BaseModel):
    """How far a clip job is, in the pipeline's own words.

    Raises
    ------
    pydantic.ValidationError
        If a value is not allowed; a ValueError that names the field and says what is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    job_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,128}$")
    stage: ClipStage
    """Where the job is; an end once it is over."""
    status: Status
    percent: float = Field(ge=0, le=100, allow_inf_nan=False)
    """Of the whole job."""
    eta_seconds: int | None = Field(default=None, ge=0)
    """Time left; None while nothing is known."""
    message: str = Field(default="", max_length=1000)

    @classmethod
    def of(cls, snapshot: Mapping[str, Any]) -> Self:
        """Read one of the tracker's snapshots, which has the percentage already."""
        status = snapshot["status"]
        return cls(
            job_id=snapshot["job_id"],
            stage=_ENDS.get(status) or ClipStage(snapshot["stage"]),
            status=status,
            percent=snapshot["overall_progress"],
            eta_seconds=snapshot["eta_seconds"],
            message=snapshot["message"][:1000],
        )

    def line(self) -> str:
        """One line for a terminal: percentage, stage, time left, and what was said last."""
        left = "" if not self.eta_seconds else f"{self.eta_seconds} s left"
        return f"{self.percent:6.2f} %  {self.stage.value:<18}  {left:<10}  {self.message}".rstrip()
