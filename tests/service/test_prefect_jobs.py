from __future__ import annotations

import asyncio
import socket
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_KEY,
    PREFECT_API_URL,
    temporary_settings,
)
from prefect.states import (
    AwaitingRetry,
    Cancelled,
    Cancelling,
    Completed,
    Crashed,
    Failed,
    Late,
    Pending,
    Running,
    Scheduled,
)

from tests.service.access_parts import known_prefect, no_prefect
from tests.service.door import Door
from tracking.service.prefect_jobs import PrefectJobs
from tracking.service.prefect_runs import instance_of, owner_of, snapshot_of, status_of
from tracking.service.problems import Problem
from tracking.snapshot import Snapshot

T = TypeVar("T")

DEPLOYMENT = "timetable/on-demand"
ORDER: dict[str, Any] = {"instance": "tiny.ectt", "seed": 3, "plan": "search-heavy"}


def ask(question: Callable[[PrefectJobs], Awaitable[T]], deployment: str = DEPLOYMENT) -> T:
    """Put a question in an event loop of its own."""

    async def put() -> T:
        jobs = PrefectJobs(deployment)
        try:
            return await question(jobs)
        finally:
            await jobs.close()

    return asyncio.run(put())


async def set_state(run: FlowRun, state: State[Any]) -> None:
    async with get_client() as client:
        await client.set_flow_run_state(run.id, state, force=True)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (Scheduled(), "queued"),
        (Late(), "queued"),
        (AwaitingRetry(), "queued"),
        (Pending(), "initializing"),
        (Running(), "running"),
        (Cancelling(), "running"),
        (State(type=StateType.PAUSED), "queued"),
        (Completed(), "completed"),
        (Failed(), "failed"),
        (Crashed(), "failed"),
        (State(type=StateType.FAILED, name="TimedOut"), "timeout"),
        (Cancelled(), "cancelled"),
        (None, "queued"),
    ],
    ids=str,
)
def test_a_runs_state_says_the_jobs_status(state: State[Any] | None, status: str) -> None:
    assert status_of(state) == status
    run = FlowRun(flow_id=uuid.uuid4(), state=state, parameters=ORDER)
    snapshot = snapshot_of(run, 0)
    assert snapshot.keys() == Snapshot.__annotations__.keys()
    assert snapshot["status"] == status
    assert snapshot["seq"] == 0
    assert snapshot["overall_progress"] == (100 if status == "completed" else 0)
    ended = status in ("completed", "failed", "cancelled", "timeout")
    assert snapshot["eta_seconds"] == (0 if ended else None)


DUE = datetime(2026, 11, 26, 1, tzinfo=UTC)
SOON, BEFORE = DUE + timedelta(seconds=30), DUE - timedelta(seconds=30)


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (Scheduled(scheduled_time=SOON), "Scheduled for 2026-11-26 01:00 UTC"),
        (Scheduled(scheduled_time=DUE), "Waiting for a worker"),
        (Late(scheduled_time=BEFORE), "Waiting for a worker"),
        (
            Scheduled(name="AwaitingConcurrencySlot", scheduled_time=SOON),
            "Waiting: another run is in progress",
        ),
        (Pending(), "Starting a process"),
        (Pending(name="Submitting"), "Starting a process"),
        (Running(), ""),
        (Cancelled(), ""),
        (None, ""),
    ],
    ids=str,
)
def test_what_a_run_waits_for_is_said(state: State[Any] | None, message: str) -> None:
    run = FlowRun(flow_id=uuid.uuid4(), state=state, parameters=ORDER)
    assert snapshot_of(run, DUE.timestamp())["message"] == message


def test_why_a_run_failed_is_told() -> None:
    run = FlowRun(flow_id=uuid.uuid4(), state=Crashed(message="its process was killed"))
    assert snapshot_of(run, 0)["metadata"] == {"error": "its process was killed"}
    assert snapshot_of(run, 0)["stage_label"] == "Reading the data"


def test_a_run_has_one_owner_or_none() -> None:
    def run(*tags: str) -> FlowRun:
        return FlowRun(flow_id=uuid.uuid4(), tags=list(tags))

    assert owner_of(run("timetable", "owner:ann")) == "ann"
    assert owner_of(run("timetable")) is None
    assert owner_of(run("owner:ann", "owner:bob")) is None


def test_an_instance_is_named_without_its_folder() -> None:
    def run(**parameters: str) -> FlowRun:
        return FlowRun(flow_id=uuid.uuid4(), parameters=parameters)

    assert instance_of(run(instance="/data/uploads/0a1b/Herbst 2026.ectt")) == "Herbst 2026.ectt"
    assert instance_of(run(instance="C:\\plans\\tiny.ctt")) == "tiny.ctt"
    assert instance_of(run()) is None


def test_without_an_address_prefect_is_unavailable_and_none_is_started() -> None:
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        assert_unavailable()


def test_where_nobody_listens_prefect_is_unavailable() -> None:
    with no_prefect():
        assert_unavailable()


def test_where_nobody_answers_prefect_is_unavailable_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("_READ_SECONDS", "_CHANGE_SECONDS"):
        monkeypatch.setattr(f"tracking.service.prefect_jobs.{name}", 3.0)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api"
        with temporary_settings({PREFECT_API_URL: url}):
            assert_unavailable()


def assert_unavailable() -> None:
    job_id = str(uuid.uuid4())

    async def all_at_once(jobs: PrefectJobs) -> None:
        *answers, is_up = await asyncio.gather(
            jobs.snapshot(job_id),
            jobs.owner(job_id),
            jobs.runs(None, limit=1, offset=0),
            jobs.start("ann", ORDER),
            jobs.cancel(job_id),
            jobs.is_up(),
            return_exceptions=True,
        )
        assert is_up is False
        for answer in answers:
            assert isinstance(answer, Problem), answer
            assert (answer.status, answer.type) == (503, "prefect-unavailable")

    ask(all_at_once)


@pytest.fixture(scope="module")
def prefect() -> Iterator[str]:
    with known_prefect() as url:
        yield url


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("prefect")
class TestWithAServer:
    def test_a_started_run_is_queued_and_its_owners(self) -> None:
        async def start(jobs: PrefectJobs) -> None:
            run = await jobs.start("ann", ORDER)
            job_id = str(run.id)
            assert await jobs.owner(job_id) == "ann"
            snapshot = await jobs.snapshot(job_id)
            assert snapshot is not None
            assert (snapshot["job_id"], snapshot["status"]) == (job_id, "queued")
            assert snapshot["stage_end"] == 2  # of the plan that was asked for
            assert set(run.tags) == {"timetable", "owner:ann"}

        ask(start)

    def test_the_server_is_up(self) -> None:
        assert ask(PrefectJobs.is_up)

    def test_one_key_of_one_owner_starts_one_run(self) -> None:
        async def start(jobs: PrefectJobs) -> None:
            key = str(uuid.uuid4())
            first = await jobs.start("ann", ORDER, idempotency_key=key)
            again = await jobs.start("ann", ORDER, idempotency_key=key)
            bobs = await jobs.start("bob", ORDER, idempotency_key=key)
            other = await jobs.start("ann", ORDER)
            assert first.id == again.id
            assert len({first.id, bobs.id, other.id}) == 3

        ask(start)

    def test_runs_are_listed_newest_first_ones_own_or_all(self) -> None:
        async def start(jobs: PrefectJobs) -> None:
            owner, another = str(uuid.uuid4()), str(uuid.uuid4())
            own = [(await jobs.start(owner, ORDER)).id for _ in range(3)]
            newest = (await jobs.start(another, ORDER)).id
            found, total = await jobs.runs(owner, limit=2, offset=0)
            assert ([run.id for run in found], total) == (own[:0:-1], 3)
            found, total = await jobs.runs(owner, limit=2, offset=2)
            assert ([run.id for run in found], total) == (own[:1], 3)
            found, total = await jobs.runs(None, limit=4, offset=0)
            assert [run.id for run in found] == [newest, *own[::-1]]
            assert total >= 4

        ask(start)

    def test_a_scheduled_or_pending_run_is_cancelled_at_once(self) -> None:
        async def cancel(jobs: PrefectJobs) -> None:
            scheduled, pending = await jobs.start("ann", ORDER), await jobs.start("ann", ORDER)
            await set_state(pending, Pending())
            for run in (scheduled, pending):
                assert await jobs.cancel(str(run.id)) == "cancelled"
                snapshot = await jobs.snapshot(str(run.id))
                assert snapshot is not None
                assert snapshot["status"] == "cancelled"

        ask(cancel)

    def test_a_running_run_is_cancelling_and_an_ended_one_stays_as_it_is(self) -> None:
        async def cancel(jobs: PrefectJobs) -> None:
            running, ended = await jobs.start("ann", ORDER), await jobs.start("ann", ORDER)
            await set_state(running, Running())
            await set_state(ended, Completed())
            assert await jobs.cancel(str(running.id)) == "running"
            run = await jobs.run(str(running.id))
            assert run is not None
            assert run.state is not None
            assert run.state.is_cancelling()
            assert await jobs.cancel(str(ended.id)) == "completed"

        ask(cancel)

    def test_what_is_no_run_is_unknown(self) -> None:
        async def look(jobs: PrefectJobs) -> None:
            run = await jobs.start("ann", ORDER)
            for job_id in (str(uuid.uuid4()), "weekly", str(run.id).upper(), run.id.hex):
                assert await jobs.snapshot(job_id) is None
                assert await jobs.owner(job_id) is None
                assert await jobs.cancel(job_id) is None

        ask(look)

    def test_many_who_ask_at_once_are_one_question(self) -> None:
        async def look(jobs: PrefectJobs) -> None:
            run = await jobs.start("ann", ORDER)
            asked = [asyncio.create_task(jobs.run(str(run.id))) for _ in range(50)]
            await asyncio.sleep(0)
            asked.pop(0).cancel()  # who leaves takes the answer from nobody
            answers = await asyncio.gather(*asked)
            assert all(answer is answers[0] for answer in answers)
            assert answers[0] is not None

        ask(look)

    def test_an_owner_is_known_when_prefect_is_away(self) -> None:
        async def look(jobs: PrefectJobs) -> None:
            run = await jobs.start("ann", ORDER)
            await jobs.close()
            with no_prefect():
                assert await jobs.owner(str(run.id)) == "ann"
                with pytest.raises(Problem):
                    await jobs.run(str(run.id))

        ask(look)

    def test_parameters_that_the_flow_does_not_take_are_refused(self) -> None:
        with pytest.raises(Problem) as told:
            ask(lambda jobs: jobs.start("ann", ORDER | {"seed": "many"}))
        assert (told.value.status, told.value.type) == (502, "prefect-refused")

    def test_a_deployment_that_is_not_there_is_named(self) -> None:
        with pytest.raises(Problem, match="'timetable/nightly'") as told:
            ask(lambda jobs: jobs.start("ann", ORDER), "timetable/nightly")
        assert (told.value.status, told.value.type) == (503, "no-deployment")

    def test_with_a_wrong_password_prefect_is_unavailable(self) -> None:
        with temporary_settings({PREFECT_API_AUTH_STRING: "horarium:wrong"}):
            with pytest.raises(Problem) as told:
                ask(lambda jobs: jobs.runs(None, limit=1, offset=0))
            assert told.value.type == "prefect-unavailable"

    def test_a_key_that_is_configured_is_shown(self, prefect: str) -> None:
        with (
            Door(prefect) as door,
            temporary_settings(
                {PREFECT_API_URL: door.url, PREFECT_API_KEY: "the-key"},
                restore_defaults={PREFECT_API_AUTH_STRING},
            ),
        ):
            ask(PrefectJobs.is_up)
        assert b"authorization: bearer the-key" in door.words.lower()
