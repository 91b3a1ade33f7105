"""The stages of a clip job, what each is worth, and how long the long ones are thought to take."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from tracking.plan import Plan, Stage

__all__ = [
    "ENDS",
    "LONG_STAGE_SECONDS",
    "PLAN",
    "REFERENCE_VIDEO_SECONDS",
    "START_PERCENT",
    "SWITCHED_OFF",
    "ClipStage",
    "ListedStage",
    "all_stages",
    "expected_seconds",
]


class ClipStage(StrEnum):
    """Where a clip job can be, its ends included.

    Capitals or not make no difference when one is looked up.

    Raises
    ------
    ValueError
        If there is no such stage; says which there are.

    Examples
    --------
    >>> ClipStage("TRANSCRIBING").value
    'transcribing'
    """

    QUEUED = "queued"
    DOWNLOADING = "downloading"
    DOWNLOADED = "downloaded"
    UPLOADING = "uploading"
    PROCESSING_STARTED = "processing_started"
    TRANSCRIBING = "transcribing"
    ANALYZING = "analyzing"
    PROCESSING = "processing"
    POSTING_TIKTOK = "posting_tiktok"
    POSTING_INSTAGRAM = "posting_instagram"
    UPLOADING_CLIPS = "uploading_clips"
    COMPLETED = "completed"
    POSTING_COMPLETED = "posting_completed"
    FAILED = "failed"
    ERROR = "error"
    CANCELLED = "cancelled"

    @classmethod
    def _missing_(cls, value: object) -> ClipStage:
        for stage in cls:
            if isinstance(value, str) and value.lower() == stage.value:
                return stage
        raise ValueError(f"stage: expected one of {', '.join(cls)}, got {value!r}")


START_PERCENT: Mapping[ClipStage, float] = MappingProxyType(
    {
        ClipStage.QUEUED: 0,
        ClipStage.DOWNLOADING: 5,
        ClipStage.DOWNLOADED: 15,
        ClipStage.UPLOADING: 18,
        ClipStage.PROCESSING_STARTED: 20,
        ClipStage.TRANSCRIBING: 25,
        ClipStage.ANALYZING: 50,
        ClipStage.PROCESSING: 70,
        ClipStage.POSTING_TIKTOK: 80,
        ClipStage.POSTING_INSTAGRAM: 85,
        ClipStage.UPLOADING_CLIPS: 90,
        ClipStage.COMPLETED: 100,
        ClipStage.POSTING_COMPLETED: 100,
        ClipStage.FAILED: 0,
        ClipStage.ERROR: 0,
        ClipStage.CANCELLED: 0,
    }
)
"""Where each stage begins on the bar."""

ENDS = frozenset(
    {
        ClipStage.COMPLETED,
        ClipStage.POSTING_COMPLETED,
        ClipStage.FAILED,
        ClipStage.ERROR,
        ClipStage.CANCELLED,
    }
)
"""Stages in which no work is done: the job is over."""

SWITCHED_OFF = frozenset({ClipStage.POSTING_TIKTOK, ClipStage.POSTING_INSTAGRAM})
"""Stages that the flow leaves out. The plan has them, so the bar counts them as done."""

LONG_STAGE_SECONDS: Mapping[ClipStage, float] = MappingProxyType(
    {
        ClipStage.DOWNLOADING: 3 * 60,
        ClipStage.TRANSCRIBING: 7 * 60,
        ClipStage.ANALYZING: 2.5 * 60,
        ClipStage.PROCESSING: 4 * 60,
        ClipStage.UPLOADING_CLIPS: 2 * 60,
    }
)
"""How long the long stages are thought to take for a video of `REFERENCE_VIDEO_SECONDS`."""

REFERENCE_VIDEO_SECONDS = 30 * 60

_SHORT_STAGE_SECONDS = 0.5  # whatever the video's length

_LABELS: Mapping[ClipStage, str] = MappingProxyType(
    {
        ClipStage.QUEUED: "Looking at the video",
        ClipStage.DOWNLOADING: "Fetching the video",
        ClipStage.DOWNLOADED: "Checking the video",
        ClipStage.UPLOADING: "Storing the original",
        ClipStage.PROCESSING_STARTED: "Finding who speaks when",
        ClipStage.TRANSCRIBING: "Writing down what is said",
        ClipStage.ANALYZING: "Finding the scenes",
        ClipStage.PROCESSING: "Cutting the clips",
        ClipStage.POSTING_TIKTOK: "Posting to TikTok (left out)",
        ClipStage.POSTING_INSTAGRAM: "Posting to Instagram (left out)",
        ClipStage.UPLOADING_CLIPS: "Delivering the clips",
        ClipStage.COMPLETED: "Done",
        ClipStage.POSTING_COMPLETED: "Posted",
        ClipStage.FAILED: "Failed",
        ClipStage.ERROR: "Stopped by an error",
        ClipStage.CANCELLED: "Cancelled",
    }
)


@dataclass(frozen=True, slots=True)
class ListedStage:
    """What people can be told of a stage beforehand.

    Parameters
    ----------
    stage
        Which it is.
    label
        What people read.
    start_percent
        Where it begins on the bar.
    is_end
        Whether the job is over in it.
    is_switched_off
        Whether it is left out.
    """

    stage: ClipStage
    label: str
    start_percent: float
    is_end: bool
    is_switched_off: bool


def all_stages() -> list[ListedStage]:
    """List every stage: those with work in the order of the bar, then the ends."""
    return [
        ListedStage(
            stage,
            _LABELS[stage],
            start,
            is_end=stage in ENDS,
            is_switched_off=stage in SWITCHED_OFF,
        )
        for stage, start in START_PERCENT.items()
    ]


def expected_seconds(video_seconds: float) -> dict[str, float]:
    """Say how long each stage of the plan is thought to take, in seconds by id.

    The long stages take longer the longer the video is; what is switched off takes no time.

    Raises
    ------
    ValueError
        If the video's length is not a positive number.
    """
    if not 0 < video_seconds < math.inf:
        raise ValueError(f"video: expected a length above 0 seconds, got {video_seconds}")
    scale = video_seconds / REFERENCE_VIDEO_SECONDS
    seconds = {stage.id: _SHORT_STAGE_SECONDS for stage in PLAN.stages}
    seconds |= {stage.value: scale * long for stage, long in LONG_STAGE_SECONDS.items()}
    return seconds | {stage.value: 0.0 for stage in SWITCHED_OFF}


def _make_plan() -> Plan:
    """Each stage with work in it reaches to where the next one begins."""
    working = [stage for stage in START_PERCENT if stage not in ENDS]
    ends = [START_PERCENT[stage] for stage in working[1:]] + [100]
    return Plan(
        "clips",
        tuple(
            Stage(stage.value, _LABELS[stage], START_PERCENT[stage], end)
            for stage, end in zip(working, ends, strict=True)
        ),
    )


PLAN = _make_plan()
"""What the tracker is given: the stages with work in them, from 0 to 100."""
