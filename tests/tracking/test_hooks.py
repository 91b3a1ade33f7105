"""A flow of one's own, tracked by its state hooks and listened to from outside."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import Flow, flow, task
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled
from prefect.testing.utilities import prefect_test_harness

from tracking.hooks import current_reporter, job_id_of, tracked
from tracking.jobs import job_of, reporter_of
from tracking.plan import DEFAULT, plan
from tracking.progress import Progress
from tracking.reporter import Reporter
from tracking.settling import settle
from tracking.snapshot import ENDS
from tracking.store import Store
from tracking.testing import Recorder

Record = Callable[[str], Recorder]

pytestmark = pytest.mark.timeout(600)  # Prefect's server may have to begin


@pytest.fixture(scope="module")
def prefect_server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=240):
        yield


@pytest.fixture(autouse=True)
def _publish_here(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HORARIUM_REDIS_URL", redis_url)


@task(retries=1)
def _solve(cluster: int, job_id: str) -> int:
    current_reporter().advance()
    assert job_of(job_id) is reporter_of(job_id)
    return cluster


@task
def _stage(name: str) -> None:
    reporter = current_reporter()
    reporter.start_stage(name)
    for unit in range(3):
        reporter.update_stage_progress(unit + 1, 3)
    reporter.complete_stage()


@flow(**tracked(DEFAULT))
def _timetable(job_id: str, outcome: str = "completed") -> Any:
    reporter = current_reporter()
    _stage("loading")
    _stage("clustering")
    reporter.start_stage("cpsat_solving")
    reporter.update_stage_progress(0, 6)
    assert sorted(_solve.map(range(6), job_id).result()) == list(range(6))
    reporter.complete_stage()
    if outcome == "failed":
        raise OSError("disk full")
    if outcome == "cancelled":
        job_of(job_id).mark_cancelled()
        return Cancelled()
    _stage("ga_optimization")
    _stage("rl_refinement")
    return None


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_completed_flow_is_seen_from_outside_through_every_stage(record: Record) -> None:
    recorder = record("my-job")
    _timetable("my-job")
    recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert recorder.broken_rules() == []
    stages = list(dict.fromkeys(snapshot["stage"] for _, snapshot in recorder.events))
    assert stages == [stage.id for stage in DEFAULT.stages]
    assert any(s["metadata"]["completed_items"] == 6 for _, s in recorder.events)


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_failed_flow_ends_with_its_reason(record: Record) -> None:
    recorder = record("my-job")
    state: Any = _timetable("my-job", "failed", return_state=True)
    assert state.is_failed()
    last = recorder.wait_for(lambda snapshot: snapshot["status"] == "failed")
    assert "disk full" in last["metadata"]["error"]
    assert recorder.broken_rules() == []


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_flow_that_cancels_itself_ends_as_cancelled(record: Record) -> None:
    recorder = record("my-job")
    _timetable("my-job", "cancelled", return_state=True)
    last = recorder.wait_for(lambda snapshot: snapshot["status"] == "cancelled")
    assert last["work_progress"] == 75.0
    assert 75 <= last["overall_progress"] < 76
    assert recorder.broken_rules() == []


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_flow_that_runs_out_of_time_ends_as_timeout(record: Record) -> None:
    @flow(**tracked(DEFAULT), timeout_seconds=1)
    def slow(job_id: str) -> None:
        current_reporter().start_stage("loading")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            time.sleep(0.01)

    recorder = record("my-job")
    assert slow("my-job", return_state=True).name == "TimedOut"
    recorder.wait_for(lambda snapshot: snapshot["status"] == "timeout")


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_retried_flow_opens_a_new_attempt_and_the_bar_never_falls(record: Record) -> None:
    tries: list[int] = []

    @flow(**tracked(DEFAULT), retries=1)
    def fragile(job_id: str) -> None:
        tries.append(len(tries))
        reporter = current_reporter()
        reporter.start_stage("loading")
        reporter.start_stage("cpsat_solving")
        recorder.wait_for(lambda snapshot: snapshot["overall_progress"] >= 15)
        if len(tries) == 1:
            raise OSError("once")

    recorder = record("my-job")
    fragile("my-job")
    last = recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    assert (last["attempt"], len(tries)) == (2, 2)
    assert recorder.broken_rules() == []


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_the_job_is_the_flow_run_unless_the_caller_names_one(record: Record) -> None:
    @flow(**tracked())
    def unnamed(plan: str) -> str:
        reporter = current_reporter()
        reporter.start_stage("finalize")
        return reporter.job_id

    job_id = unnamed("search-heavy")
    assert UUID(job_id)
    snapshot = Store(_url()).snapshot(job_id)
    assert snapshot is not None
    assert (snapshot["status"], snapshot["stage"]) == ("completed", "finalize")


def _url() -> str:
    from tracking.jobs import redis_url

    return redis_url()


def _run_hooks(kind: str, flow_run: FlowRun, state: State[Any]) -> None:
    hooks: Any = tracked(DEFAULT)
    for hook in hooks[kind]:
        hook(flow=Flow(lambda: None, name="a flow"), flow_run=flow_run, state=state)


def _flow_run(**parameters: Any) -> FlowRun:
    return FlowRun(id=uuid4(), flow_id=uuid4(), parameters=parameters)


@pytest.mark.parametrize(
    ("kind", "state", "status"),
    [
        ("on_completion", State(type=StateType.COMPLETED), "completed"),
        ("on_failure", State(type=StateType.FAILED, message="why"), "failed"),
        ("on_failure", State(type=StateType.FAILED, name="TimedOut"), "timeout"),
        ("on_cancellation", State(type=StateType.CANCELLING), "cancelled"),
        ("on_crashed", State(type=StateType.CRASHED, message="killed"), "failed"),
    ],
)
def test_an_end_that_another_process_sets_starts_from_what_is_stored(
    kind: str, state: State[Any], status: str, redis_url: str, record: Record
) -> None:
    recorder = record("my-job")
    flow_run = _flow_run(job_id="my-job")
    elsewhere = Reporter("my-job", DEFAULT, redis_url, run_id=str(flow_run.id))
    elsewhere.start()
    elsewhere.start_stage("ga_optimization")
    elsewhere.update_stage_progress(1, 3)
    recorder.wait_for(lambda snapshot: snapshot["work_progress"] == 80.0)
    _run_hooks(kind, flow_run, state)
    elsewhere.mark_completed()
    last = recorder.wait_for(lambda snapshot: snapshot["status"] in ENDS)
    assert (last["status"], last["attempt"]) == (status, 1)
    assert 80 <= last["overall_progress"] <= (100 if status == "completed" else 90)
    assert last["metadata"].get("error") == (state.message if status == "failed" else None)
    assert recorder.last == last


def test_a_job_that_nobody_knows_is_ended_all_the_same(redis_url: str) -> None:
    _run_hooks("on_cancellation", _flow_run(job_id="my-job"), State(type=StateType.CANCELLING))
    snapshot = Store(redis_url).snapshot("my-job")
    assert snapshot is not None
    assert snapshot["status"] == "cancelled"


def test_a_hook_never_raises_into_the_run(caplog: pytest.LogCaptureFixture) -> None:
    _run_hooks("on_running", _flow_run(job_id="a b"), State(type=StateType.RUNNING))
    _run_hooks("on_failure", _flow_run(plan="no plan"), State(type=StateType.RUNNING))
    errors = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert ["its progress is not tracked" in r.message for r in errors] == [True]


def test_a_bad_job_id_is_refused() -> None:
    with pytest.raises(ValueError, match="job id: expected"):
        job_id_of(_flow_run(job_id="a b"))


def test_outside_of_a_tracked_run_reports_are_dropped_with_a_warning(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HORARIUM_REDIS_URL")
    current_reporter().start_stage("loading")
    reporter_of("unknown").advance()
    assert [r.levelno for r in caplog.records] == [logging.WARNING] * 2
    with pytest.raises(ValueError, match="runs in this process"):
        job_of("unknown")


def test_a_job_without_any_redis_url_gets_a_redis_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HORARIUM_REDIS_URL")
    flow_run = _flow_run(job_id="own")
    _run_hooks("on_running", flow_run, State(type=StateType.RUNNING))
    assert plan("default") is job_of("own").plan
    _run_hooks("on_completion", flow_run, State(type=StateType.COMPLETED))
    snapshot = Store(_url()).snapshot("own")
    assert snapshot is not None
    assert snapshot["status"] == "completed"


def test_whether_a_job_works_or_has_ended_is_seen_from_outside(redis_url: str) -> None:
    reporter = Reporter("my-job", DEFAULT, redis_url, run_id=str(uuid4()))
    reporter.start()
    reporter.start_stage("loading")
    store = Store(redis_url)
    deadline = time.monotonic() + 20
    while store.snapshot("my-job") is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert settle("my-job", redis_url) == "working"
    assert settle("unknown", redis_url) is None
    reporter.mark_completed()
    assert settle("my-job", redis_url) == "ended"


@pytest.mark.slow
@pytest.mark.usefixtures("prefect_server")
def test_a_run_whose_deployment_is_not_to_be_found_is_tracked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    flow_run = _flow_run(job_id="my-job").model_copy(update={"deployment_id": uuid4()})
    _run_hooks("on_running", flow_run, State(type=StateType.RUNNING))
    assert "its name is not known" in caplog.text
    assert job_of("my-job").run_id == str(flow_run.id)
    _run_hooks("on_completion", flow_run, State(type=StateType.COMPLETED))


def test_a_lost_job_that_no_flow_run_has_made_is_lost(redis_url: str) -> None:
    now = time.time()
    Store(redis_url).write(Progress(DEFAULT, "my-job", now, run_id="nightly").next(now))
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        assert settle("my-job", redis_url) == "lost"
