"""What a flow run of Prefect's says of a job. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect.client.schemas.objects import FlowRun, State, StateType

from tracking.plan import DEFAULT, PLANS
from tracking.settling import end_of, job_id_of
from tracking.snapshot import ENDS, Snapshot, Status

__all__ = [
    "instance_of",
    "known_as",
    "owner_of",
    "owner_tag",
    "snapshot_of",
    "status_of",
    "unix",
    "waits_for",
]

_OWNER = "owner:"

_STATUSES: dict[StateType, Status] = {  # of a run that has not ended
    StateType.SCHEDULED: "queued",
    StateType.PENDING: "initializing",
    StateType.RUNNING: "running",
    StateType.PAUSED: "queued",
    StateType.CANCELLING: "running",
}


def status_of(state: State | None) -> Status:
    """The status of a job by its run's state."""
    if state is None:
        return "queued"
    return end_of(state)[0] if state.is_final() else _STATUSES[state.type]


def waits_for(state: State | None, now: float) -> str:
    """Say what a run that has not begun waits for; nothing of one that has.

    Parameters
    ----------
    now
        Unix seconds.
    """
    if state is None or state.type not in (StateType.SCHEDULED, StateType.PENDING):
        return ""
    if state.type == StateType.PENDING:
        return "Starting a process"
    if state.name == "AwaitingConcurrencySlot":
        return "Waiting: another run is in progress"
    due = state.state_details.scheduled_time
    if due is not None and due.timestamp() > now:
        return f"Scheduled for {due.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "Waiting for a worker"


def owner_tag(name: str) -> str:
    """The tag of runs that somebody owns."""
    return f"{_OWNER}{name}"


def owner_of(run: FlowRun) -> str | None:
    """Whose a run is; None if it is nobody's, such as a scheduled one."""
    owners = [tag.removeprefix(_OWNER) for tag in run.tags if tag.startswith(_OWNER)]
    return owners[0] if len(owners) == 1 else None


def known_as(run: FlowRun) -> str:
    """The id that a run's job is known by; its own, where it was given one that is none."""
    try:
        return job_id_of(run)
    except ValueError:  # then it ends before it is any job
        return str(run.id)


def instance_of(run: FlowRun) -> str | None:
    """The name of the instance that a run makes a timetable for, without its folder."""
    instance = run.parameters.get("instance")
    return str(instance).replace("\\", "/").rsplit("/", 1)[-1] if instance else None


def unix(time: datetime | None) -> int | None:
    """Unix seconds of a time."""
    return None if time is None else int(time.timestamp())


def snapshot_of(run: FlowRun, now: float) -> Snapshot:
    """What can be said of a job where Redis has nothing: its state, and no percentage.

    Its ``message`` says what a run that has not begun waits for. Its ``seq`` is 0, and it began
    when Prefect started the run, before the job's tracker could: whatever Redis has of the same
    attempt is newer.

    Parameters
    ----------
    now
        Unix seconds.
    """
    status = status_of(run.state)
    done = 100.0 if status == "completed" else 0.0
    plan = PLANS.get(str(run.parameters.get("plan")), DEFAULT)
    stage = plan.stages[-1 if done else 0]
    left = 0 if status in ENDS else None
    began = unix(run.start_time or run.expected_start_time or run.created) or 0
    said = (run.state.message or run.state.name or "") if run.state else ""
    updated = max(began, unix(run.state.timestamp) or 0) if run.state else began
    return Snapshot(
        job_id=str(run.id),
        run_id=str(run.id),
        attempt=max(1, run.run_count),
        seq=0,
        status=status,
        stage=stage.id,
        stage_label=stage.label,
        stage_start=stage.start,
        stage_end=stage.end,
        stage_progress=done,
        overall_progress=done,
        work_progress=done,
        eta_seconds=left,
        eta_low_seconds=left,
        eta_high_seconds=left,
        stalled=False,
        started_at=began,
        last_updated=updated,
        published_at=float(updated),
        message=said if status in ("failed", "timeout") else waits_for(run.state, now),
        stages=plan.places if instance_of(run) else [],  # another flow's are not known here
        metadata={"error": said} if status in ("failed", "timeout") else {},
    )
