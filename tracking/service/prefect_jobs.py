"""Jobs as Prefect's server knows them: the second source, and the only way to start one."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelled, Cancelling

from tracking.service.prefect_runs import owner_of, owner_tag, snapshot_of, status_of
from tracking.service.problems import Problem
from tracking.snapshot import Snapshot, Status

__all__ = ["PrefectJobs", "Unanswered"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

_READ_SECONDS = 3.0
_CHANGE_SECONDS = 10.0  # SQLite is busy for seconds after a burst of tasks: Prefect tries again
_FRESH_SECONDS = 3.0
_MOST_REMEMBERED = 10_000


class Unanswered(Problem):
    """Prefect was asked to start a run, and whether it did is not known."""


class PrefectJobs:
    """Asks Prefect's server, at the address and with the credentials of Prefect's own settings.

    Nothing connects before the first question. Each takes seconds at most, whatever the server
    does; where it does not answer, they raise a `Problem`, 503 ``prefect-unavailable``.

    Parameters
    ----------
    deployment
        What runs are started from, such as ``timetable/on-demand``.
    """

    def __init__(self, deployment: str) -> None:
        self._deployment = deployment
        self._client: PrefectClient | None = None
        self._connecting = asyncio.Lock()
        self._asked: OrderedDict[str, tuple[float, asyncio.Task[FlowRun | None]]] = OrderedDict()
        self._owners: OrderedDict[str, str | None] = OrderedDict()
        self._complained = False

    async def close(self) -> None:
        """Close the connections."""
        waiting = [task for _, task in self._asked.values()]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._asked.clear()
        if self._client is not None:
            await self._client.__aexit__(None, None, None)
            self._client = None

    async def snapshot(self, job_id: str) -> Snapshot | None:
        """A snapshot of a job made from its run's state; None if there is no such run."""
        run = await self.run(job_id)
        return None if run is None else snapshot_of(run, time.time())

    async def owner(self, job_id: str) -> str | None:
        """Whose a job is; None if it is nobody's, or there is no such job.

        An owner stays: this is asked of Prefect once.
        """
        if job_id in self._owners:
            self._owners.move_to_end(job_id)
            return self._owners[job_id]
        run = await self.run(job_id)
        if run is None:
            return None
        self._remember_owner(run)
        return owner_of(run)

    async def is_up(self) -> bool:
        """Whether Prefect's server answers."""
        try:
            return await self._ask(PrefectClient.api_healthcheck) is None
        except Problem:
            return False

    async def run(self, job_id: str) -> FlowRun | None:
        """The flow run of a job, at most some seconds old; None if there is none."""
        run_id = _run_id(job_id)
        if run_id is None:
            return None
        now = time.monotonic()
        asked = self._asked.get(job_id)
        if asked is None or asked[0] <= now:
            while len(self._asked) >= _MOST_REMEMBERED:
                self._asked.popitem(last=False)
            task = asyncio.create_task(self._read(run_id))
            # Whoever asked may have left by then; asyncio would complain of an error nobody saw.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            asked = self._asked[job_id] = (now + _FRESH_SECONDS, task)
            self._asked.move_to_end(job_id)
        # Several may wait for the one answer: that one of them leaves must not take it from all.
        return await asyncio.shield(asked[1])

    async def runs(
        self, owner: str | None, *, limit: int, offset: int
    ) -> tuple[list[FlowRun], int]:
        """The newest runs of the flow, and how many there are in all.

        Parameters
        ----------
        owner
            Only theirs; None is everybody's.
        """
        tags = None if owner is None else FlowRunFilterTags(all_=[owner_tag(owner)])
        which: dict[str, Any] = {
            "flow_filter": FlowFilter(name=FlowFilterName(any_=[self._deployment.split("/")[0]])),
            "flow_run_filter": None if tags is None else FlowRunFilter(tags=tags),
        }
        newest_first = FlowRunSort.EXPECTED_START_TIME_DESC
        found = await self._ask(
            lambda client: client.read_flow_runs(
                **which, sort=newest_first, limit=limit, offset=offset
            )
        )
        return found, await self._ask(lambda client: client.count_flow_runs(**which))

    async def start(
        self, owner: str, parameters: Mapping[str, Any], *, idempotency_key: str = ""
    ) -> FlowRun:
        """Start a run for somebody.

        Parameters
        ----------
        idempotency_key
            Where the same owner has started a run with the same key before, that one is returned.

        Raises
        ------
        Problem
            503 ``no-deployment``, if there is nothing to start; 502 ``prefect-refused``, if
            Prefect does not take the parameters; `Unanswered`, if there may be a run all the same.
        """
        try:
            deployment = await self._ask(
                lambda client: client.read_deployment_by_name(self._deployment)
            )
        except ObjectNotFound:
            raise Problem(
                503,
                "no-deployment",
                f"Prefect's server has no deployment {self._deployment!r} to start: "
                f"expected one made with 'prefect deploy --all'",
            ) from None
        # With a key, a try whose answer was lost starts no second run. The owner is part of it, so
        # that nobody finds another's run by guessing one.
        key = hashlib.sha256(f"{owner}\n{idempotency_key or uuid.uuid4()}".encode()).hexdigest()
        run = await self._ask(
            lambda client: client.create_flow_run_from_deployment(
                deployment.id,
                parameters=dict(parameters),
                tags=[owner_tag(owner)],
                idempotency_key=key,
            ),
            seconds=_CHANGE_SECONDS,
            unanswered=Unanswered,
        )
        self._remember_owner(run)
        return run

    async def cancel(self, job_id: str) -> Status | None:
        """Cancel a job's run, which ends at once if it has not begun.

        Returns
        -------
        Its status now; None if there is no such run.
        """
        self._asked.pop(job_id, None)
        run = await self.run(job_id)
        if run is None or run.state is None:
            return None
        if run.state.is_final():
            return status_of(run.state)
        # A scheduled one becomes Cancelled by Prefect's own rule. A pending one would wait for a
        # worker that may never come; should it be on its way, it is refused to run.
        pending = run.state.type == StateType.PENDING
        state: State = Cancelled() if pending else Cancelling()
        answer = await self._ask(
            lambda client: client.set_flow_run_state(run.id, state), seconds=_CHANGE_SECONDS
        )
        self._asked.pop(job_id, None)
        return status_of(answer.state)

    async def _read(self, run_id: uuid.UUID) -> FlowRun | None:
        try:
            return await self._ask(lambda client: client.read_flow_run(run_id))
        except ObjectNotFound:
            return None

    async def _ask(
        self,
        question: Callable[[PrefectClient], Awaitable[T]],
        *,
        seconds: float | None = None,
        unanswered: type[Problem] = Problem,
    ) -> T:
        # Prefect's client tries again by itself, for a minute or more: people do not wait so long.
        try:
            async with asyncio.timeout(_READ_SECONDS if seconds is None else seconds):
                answer = await question(await self._connected())
        except httpx.HTTPStatusError as error:
            if error.response.status_code in (409, 422):
                _log.warning("Prefect refuses: %s", error)
                raise Problem(502, "prefect-refused", "Prefect refused what it was asked") from None
            raise self._unavailable(error, unanswered) from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise self._unavailable(error, unanswered) from None
        self._complained = False
        return answer

    async def _connected(self) -> PrefectClient:
        async with self._connecting:
            if self._client is None:
                if not PREFECT_API_URL.value():  # Prefect would start a server of its own
                    raise ValueError("PREFECT_API_URL: expected an address, got none")
                client = get_client(httpx_settings={"timeout": _READ_SECONDS})
                self._client = await client.__aenter__()
            return self._client

    def _unavailable(self, error: Exception, problem: type[Problem]) -> Problem:
        if not self._complained:
            self._complained = True
            _log.warning("Prefect's server does not answer: %r", error)
        return problem(
            503,
            "prefect-unavailable",
            "Prefect's server does not answer: try again in a while",
            headers={"Retry-After": "5"},
        )

    def _remember_owner(self, run: FlowRun) -> None:
        self._owners[str(run.id)] = owner_of(run)
        while len(self._owners) > _MOST_REMEMBERED:
            self._owners.popitem(last=False)


def _run_id(job_id: str) -> uuid.UUID | None:
    """The id of a flow run; None for a job that was given another id."""
    try:
        run_id = uuid.UUID(job_id)
    except ValueError:
        return None
    # One job has one id: not another in capitals, or without hyphens.
    return run_id if str(run_id) == job_id else None
