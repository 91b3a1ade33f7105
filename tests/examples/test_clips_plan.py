"""The clip pipeline's stages, records and updates, without a video and without a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from examples.clips.clip import Span, Utterance, plan_clips
from examples.clips.plan import (
    PLAN,
    REFERENCE_VIDEO_SECONDS,
    SWITCHED_OFF,
    ClipStage,
    all_stages,
    expected_seconds,
)
from examples.clips.progress_info import ProgressInfo
from examples.clips.updates import Updates
from tracking.reporter import Reporter
from tracking.snapshot import Snapshot

STARTS = {
    "queued": 0,
    "downloading": 5,
    "downloaded": 15,
    "uploading": 18,
    "processing_started": 20,
    "transcribing": 25,
    "analyzing": 50,
    "processing": 70,
    "posting_tiktok": 80,
    "posting_instagram": 85,
    "uploading_clips": 90,
    "completed": 100,
    "posting_completed": 100,
    "failed": 0,
    "error": 0,
    "cancelled": 0,
}


def test_all_stages_are_listed_with_where_they_begin() -> None:
    assert {listed.stage.value: listed.start_percent for listed in all_stages()} == STARTS
    assert all(listed.label for listed in all_stages())


def test_the_list_says_which_stages_are_ends_and_which_are_left_out() -> None:
    ends = {listed.stage.value for listed in all_stages() if listed.is_end}
    assert ends == {"completed", "posting_completed", "failed", "error", "cancelled"}
    left_out = {listed.stage for listed in all_stages() if listed.is_switched_off}
    assert left_out == SWITCHED_OFF == {ClipStage.POSTING_TIKTOK, ClipStage.POSTING_INSTAGRAM}


def test_the_tracker_s_plan_has_the_stages_with_work_in_them() -> None:
    assert {stage.id: stage.start for stage in PLAN.stages} == {
        listed.stage.value: listed.start_percent for listed in all_stages() if not listed.is_end
    }


@pytest.mark.parametrize("name", ["TRANSCRIBING", "transcribing", "Transcribing"])
def test_a_stage_is_found_by_its_name_however_it_is_written(name: str) -> None:
    assert ClipStage(name) is ClipStage.TRANSCRIBING


@pytest.mark.parametrize("name", ["", "transcribe", "25", None, 25])
def test_an_unknown_stage_is_refused_with_those_there_are(name: Any) -> None:
    with pytest.raises(ValueError, match=r"expected one of queued, downloading, .*cancelled, got"):
        ClipStage(name)


def test_the_long_stages_of_a_video_of_reference_length_take_minutes() -> None:
    minutes = {stage: s / 60 for stage, s in expected_seconds(REFERENCE_VIDEO_SECONDS).items()}
    assert minutes["downloading"] == 3
    assert minutes["transcribing"] == 7
    assert minutes["analyzing"] == 2.5
    assert minutes["processing"] == 4
    assert minutes["uploading_clips"] == 2


def test_a_video_of_half_the_length_takes_half_as_long_and_what_is_left_out_no_time() -> None:
    whole = expected_seconds(REFERENCE_VIDEO_SECONDS)
    half = expected_seconds(REFERENCE_VIDEO_SECONDS / 2)
    assert half["transcribing"] == whole["transcribing"] / 2
    assert whole["posting_tiktok"] == whole["posting_instagram"] == 0
    assert set(half) == {stage.id for stage in PLAN.stages}


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_length_that_no_video_has_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="expected a length above 0 seconds, got"):
        expected_seconds(seconds)


def test_what_is_said_belongs_to_the_scene_that_holds_its_middle() -> None:
    said = [Utterance(Span(0.5, 2.2), "one"), Utterance(Span(1.9, 3), "two")]
    clips = plan_clips([Span(0, 2), Span(2, 4), Span(4, 6)], said)
    assert [(clip.name, clip.text) for clip in clips] == [
        ("clip-01.mp4", "one"),
        ("clip-02.mp4", "two"),
        ("clip-03.mp4", ""),
    ]


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 <= start < end, got 2, 1"):
        Span(2, 1)


# The record


def _info(**changed: object) -> ProgressInfo:
    good = {"job_id": "a", "stage": "queued", "status": "running", "percent": 2.5}
    return ProgressInfo.model_validate(good | changed)


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("job_id", "a b", "A-Za-z0-9._-"),
        ("stage", "transcribe", "'queued', 'downloading'"),
        ("status", "done", "'completed'"),
        ("percent", 100.5, "less than or equal to 100"),
        ("percent", -1, "greater than or equal to 0"),
        ("percent", float("nan"), "finite"),
        ("eta_seconds", -1, "greater than or equal to 0"),
        ("percentage", 5, "not permitted"),
    ],
)
def test_a_record_refuses_what_is_not_allowed_and_says_what_is(
    field: str, value: object, allowed: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        _info(**{field: value})
    assert field in str(refused.value)
    assert allowed in str(refused.value)


def test_a_record_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        _info().percent = 100


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("running", ClipStage.ANALYZING),
        ("completed", ClipStage.COMPLETED),
        ("failed", ClipStage.FAILED),
        ("cancelled", ClipStage.CANCELLED),
        ("timeout", ClipStage.ERROR),
    ],
)
def test_a_snapshot_is_read_in_the_pipeline_s_own_words(status: str, stage: ClipStage) -> None:
    info = ProgressInfo.of(
        {
            "job_id": "a",
            "stage": "analyzing",
            "status": status,
            "overall_progress": 61.25,
            "eta_seconds": 7,
            "message": "scene 3",
        }
    )
    assert (info.stage, info.percent) == (stage, 61.25)
    assert info.line().split() == ["61.25", "%", stage.value, "7", "s", "left", "scene", "3"]


# The updates

Shown = Callable[[Callable[[Snapshot], bool]], Snapshot]


@pytest.fixture
def reporter() -> Iterator[Reporter]:
    """One that publishes nowhere."""
    reporter = Reporter("clips", PLAN, None)
    reporter.start()
    yield reporter
    reporter.mark_cancelled()


@pytest.fixture
def shown(reporter: Reporter) -> Shown:
    """Wait until a snapshot is as it should be."""

    def wait(reached: Callable[[Snapshot], bool]) -> Snapshot:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            snapshot = reporter.last_snapshot
            if snapshot is not None and reached(snapshot):
                return snapshot
            time.sleep(0.01)
        pytest.fail(f"never seen; last was {reporter.last_snapshot}")

    return wait


def test_an_update_by_stage_begins_it(reporter: Reporter, shown: Shown) -> None:
    Updates(reporter).to_stage(ClipStage.DOWNLOADED, "fetched")
    assert shown(lambda s: s["stage"] == "downloaded")["work_progress"] == 15
    shown(lambda s: s["message"] == "fetched")


def test_an_update_by_status_begins_the_stage_of_that_name(
    reporter: Reporter, shown: Shown
) -> None:
    Updates(reporter).to_status("UPLOADING")
    assert shown(lambda s: s["stage"] == "uploading")["work_progress"] == 18


@pytest.mark.parametrize(
    ("percent", "stage"), [(0, "queued"), (7.37, "downloading"), (25, "transcribing")]
)
def test_an_update_by_percentage_is_shown_as_it_was_given(
    percent: float, stage: str, reporter: Reporter, shown: Shown
) -> None:
    Updates(reporter).to_percent(percent)
    shown(lambda s: s["work_progress"] == percent and s["stage"] == stage)


def test_units_move_the_bar_within_a_stage(reporter: Reporter, shown: Shown) -> None:
    updates = Updates(reporter)
    updates.to_stage(ClipStage.DOWNLOADING)
    updates.within(1, 4)
    shown(lambda s: s["work_progress"] == 7.5)
    updates.within(3, 4, "almost")
    assert shown(lambda s: s["work_progress"] == 12.5)["stage"] == "downloading"


def test_late_updates_neither_move_the_bar_back_nor_open_a_new_attempt(
    reporter: Reporter, shown: Shown
) -> None:
    updates = Updates(reporter)
    updates.to_stage(ClipStage.DOWNLOADED)
    updates.to_percent(16.5)
    updates.to_stage(ClipStage.DOWNLOADING)
    updates.to_percent(15.2)
    updates.to_percent(3)
    updates.to_stage(ClipStage.DOWNLOADED, "again")
    snapshot = shown(lambda s: s["message"] == "again" and s["work_progress"] == 16.5)
    assert (snapshot["stage"], snapshot["attempt"]) == ("downloaded", 1)


def test_a_hundred_percent_is_not_shown_before_the_flow_has_ended(
    reporter: Reporter, shown: Shown
) -> None:
    Updates(reporter).to_percent(100)
    assert shown(lambda s: s["stage"] == "uploading_clips")["overall_progress"] < 100
    reporter.mark_completed()
    assert shown(lambda s: s["status"] == "completed")["overall_progress"] == 100


@pytest.mark.parametrize("percent", [-0.1, 100.1, float("nan"), float("inf")])
def test_a_percentage_off_the_bar_is_refused(percent: float, reporter: Reporter) -> None:
    with pytest.raises(ValueError, match="percent: expected 0 to 100, got"):
        Updates(reporter).to_percent(percent)


@pytest.mark.parametrize("status", ["completed", "FAILED", "error", "cancelled"])
def test_an_end_is_told_by_the_flow_alone(status: str, reporter: Reporter) -> None:
    with pytest.raises(ValueError, match=r"expected one of queued, .* a job's end is told by how"):
        Updates(reporter).to_status(status)


@pytest.mark.parametrize(("completed", "total"), [(-1, 4), (5, 4), (0, 0)])
def test_units_that_are_no_counts_are_refused(
    completed: int, total: int, reporter: Reporter
) -> None:
    updates = Updates(reporter)
    updates.to_stage(ClipStage.QUEUED)
    with pytest.raises(ValueError, match="units: expected 0 <= completed <= total"):
        updates.within(completed, total)


def test_units_before_any_stage_are_refused(reporter: Reporter) -> None:
    with pytest.raises(ValueError, match="expected one to have begun"):
        Updates(reporter).within(0, 4)
