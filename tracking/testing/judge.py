"""Judge what a job published: which rules it breaks, event by event. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tracking.plan import Plan
from tracking.snapshot import ENDS, STATUSES, Snapshot

__all__ = ["check"]

SILENCE_SECONDS = 1.0
STANDING_SECONDS = 1.5
STEP_PERCENT = 5.0

_TYPES: dict[str, type | tuple[type, ...]] = {
    "job_id": str,
    "run_id": str,
    "attempt": int,
    "seq": int,
    "status": str,
    "stage": str,
    "stage_label": str,
    "stage_start": float,
    "stage_end": float,
    "stage_progress": float,
    "overall_progress": float,
    "work_progress": float,
    "eta_seconds": (int, type(None)),
    "eta_low_seconds": (int, type(None)),
    "eta_high_seconds": (int, type(None)),
    "stalled": bool,
    "started_at": int,
    "last_updated": int,
    "published_at": float,
    "message": str,
    "stages": list,
    "metadata": dict,
}
_ROUNDING = 0.011


def check(events: Sequence[tuple[float, Mapping[str, Any]]], plan: Plan) -> list[str]:
    """Say which rules a job's snapshots break, from its first to its end.

    Parameters
    ----------
    events
        When each came, in seconds on a clock that is not set, and the snapshot.
    plan
        The job's plan.

    Returns
    -------
    A sentence for each broken rule, in the order of the events; empty if there is none.
    """
    if not events:
        return ["nothing was published"]
    wrong = [
        f"event {number}: {problem}"
        for number, (_, snapshot) in enumerate(events)
        for problem in _malformed(snapshot, plan)
    ]
    if wrong:
        return wrong
    typed: list[tuple[float, Snapshot]] = list(events)  # type: ignore[arg-type]
    found = [(number, p) for number, (_, s) in enumerate(typed) for p in _alone(s, plan)]
    for number, (before, after) in enumerate(pairwise(typed), start=1):
        found += [(number, problem) for problem in _between(before, after, plan)]
    found += _standing(typed)
    last = typed[-1][1]
    if last["status"] not in ENDS:
        found.append((len(typed) - 1, f"the job has no end, its status is {last['status']}"))
    start = typed[0][0]
    return [
        f"{typed[number][0] - start:.2f} s, seq {typed[number][1]['seq']}: {problem}"
        for number, problem in sorted(found)
    ]


def _malformed(snapshot: Mapping[str, Any], plan: Plan) -> Iterator[str]:
    for name, kind in _TYPES.items():
        if name not in snapshot:
            yield f"{name} is missing"
        elif not isinstance(snapshot[name], kind) or (
            kind is not bool and isinstance(snapshot[name], bool)
        ):
            yield f"{name} is {snapshot[name]!r}"
    if snapshot.get("status") not in STATUSES:
        yield f"status is {snapshot.get('status')!r}"
    if snapshot.get("stage") not in [stage.id for stage in plan.stages]:
        yield f"stage is {snapshot.get('stage')!r}, which plan {plan.name!r} does not have"
    metadata = snapshot.get("metadata")
    for name in ("completed_items", "total_items"):
        if isinstance(metadata, dict) and not isinstance(metadata.get(name), int):
            yield f"metadata.{name} is {metadata.get(name)!r}"


def _alone(snapshot: Snapshot, plan: Plan) -> Iterator[str]:
    """What is wrong with one snapshot."""
    overall, status = snapshot["overall_progress"], snapshot["status"]
    for name in ("stage_progress", "overall_progress", "work_progress"):
        percent = snapshot[name]
        if not 0 <= percent <= 100 or percent != round(percent, 2):
            yield f"{name} is {percent!r}, expected 0 to 100 with two places"
    if snapshot["work_progress"] > overall:
        yield f"work_progress {snapshot['work_progress']} is above overall_progress {overall}"
    if snapshot["last_updated"] < snapshot["started_at"]:
        yield "last_updated is before started_at"
    eta = snapshot["eta_seconds"]
    if status in ENDS and eta != 0:
        yield f"the job ended, eta_seconds is {eta}"
    if status not in ENDS and eta is not None and eta <= 0:
        yield f"the job goes on, eta_seconds is {eta}"
    low, high = snapshot["eta_low_seconds"], snapshot["eta_high_seconds"]
    if (eta is None) != (low is None) or (eta is None) != (high is None):
        yield f"eta_seconds is {eta}, its range {low} to {high}"
    elif eta is not None and low is not None and high is not None and not low <= eta <= high:
        yield f"eta_seconds {eta} is outside of its range, {low} to {high}"
    if (overall == 100) != (status == "completed"):
        yield f"overall_progress is {overall}, status {status}"
    if status == "failed" and not snapshot["metadata"].get("error"):
        yield "the job failed and metadata.error does not say why"
    start, end = snapshot["stage_start"], snapshot["stage_end"]
    if not plan.learned and (start, end) != _bounds(plan, snapshot["stage"]):
        yield f"stage {snapshot['stage']} lies between {start} and {end}, the plan says otherwise"
    if snapshot["attempt"] == 1:
        from_stage = start + snapshot["stage_progress"] / 100 * (end - start)
        if status not in ENDS and abs(from_stage - overall) > _ROUNDING:
            yield (
                f"overall_progress is {overall}, but {snapshot['stage_progress']} % of "
                f"{snapshot['stage']} is {from_stage:.2f}"
            )


def _bounds(plan: Plan, stage_id: str) -> tuple[float, float]:
    stage = plan.stage(stage_id)
    return stage.start, stage.end


def _between(
    earlier: tuple[float, Snapshot], later: tuple[float, Snapshot], plan: Plan
) -> Iterator[str]:
    """What is wrong with one snapshot coming after another."""
    (before_at, before), (after_at, after) = earlier, later
    if after["job_id"] != before["job_id"]:
        yield f"job_id changed from {before['job_id']} to {after['job_id']}"
    if after["seq"] <= before["seq"]:
        yield f"seq {after['seq']} came after {before['seq']}"
    new_attempt = after["attempt"] > before["attempt"]
    if after["attempt"] < before["attempt"]:
        yield f"attempt {after['attempt']} came after {before['attempt']}"
    if before["status"] in ENDS and not new_attempt:
        yield f"a snapshot came after the end ({before['status']})"
    if new_attempt and (after["run_id"] != before["run_id"] or before["status"] == "completed"):
        return  # another run under the same job id: it begins at 0
    for name in ("overall_progress", "work_progress"):
        was, now = before[name], after[name]
        if now < was:
            yield f"{name} fell from {was} to {now}"
    step = after["overall_progress"] - before["overall_progress"]
    if step > STEP_PERCENT:
        yield f"overall_progress leapt by {step:.2f} to {after['overall_progress']}"
    if not new_attempt:
        if plan.index(after["stage"]) < plan.index(before["stage"]):
            yield f"stage {after['stage']} came after {before['stage']}"
        if after["stage"] == before["stage"] and after["stage_progress"] < before["stage_progress"]:
            yield f"stage_progress fell from {before['stage_progress']}"
    if before["status"] not in ENDS and after_at - before_at > SILENCE_SECONDS:
        yield f"silence of {after_at - before_at:.2f} s"


def _standing(events: Sequence[tuple[float, Snapshot]]) -> Iterator[tuple[int, str]]:
    """Where the same percentage was shown for too long, until the next one came."""
    since, percent = events[0][0], events[0][1]["overall_progress"]
    for number, (at, snapshot) in enumerate(events):
        moved = snapshot["overall_progress"] != percent
        if moved or snapshot["status"] in ENDS:
            if at - since > STANDING_SECONDS:
                yield number, f"overall_progress stood at {percent} for {at - since:.2f} s"
            since, percent = at, snapshot["overall_progress"]
