"""A job's progress as Server-Sent Events, by WebSocket, and once."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response, WebSocket
from fastapi.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from tracking.service.access import CREDENTIALS, Caller, viewer_of
from tracking.service.documents import SnapshotDocument, StreamEvent
from tracking.service.encoding import COMMENT, sse_retry
from tracking.service.feed import LAST_ID, Event, Viewer
from tracking.service.hub import Hub
from tracking.service.line import Line
from tracking.service.metrics import Metrics
from tracking.service.problems import Problem, problem_responses
from tracking.service.service import service_of

__all__ = ["EventStream", "look", "router"]

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
    (b"content-encoding", b"identity"),  # and so would who compresses them
    (b"connection", b"close"),  # it is for this stream alone, and ends with it
]
_COME_BACK_MILLISECONDS = (500, 3000)  # not all in the same moment
_RESTARTS = 1012  # RFC 6455 and its registry: the service restarts, come back

router = APIRouter(tags=["progress"], dependencies=CREDENTIALS)

Cursor = Annotated[
    int | None,
    Query(
        ge=0,
        le=LAST_ID,
        description="Id of the last event seen: what was missed since comes first. "
        "0 is everything that is kept.",
    ),
]
Tell = Callable[[Sequence[Event]], Awaitable[None]]
Ticket = Annotated[
    str | None, Query(description="Opens this one stream, where no header can be sent")
]


class EventStream(Response):
    """Server-Sent Events of one job: `connected`, `progress` ..., `done`.

    Parameters
    ----------
    request
        Its application holds the hub.
    caller
        Whose stream it is.
    job_id
        The job.
    last_id
        Id of the last event that the viewer has seen; None if it has seen none.
    """

    media_type = "text/event-stream"

    def __init__(
        self, request: Request, caller: Caller, job_id: str, *, last_id: int | None
    ) -> None:
        self._service = service_of(request)
        self._caller = caller
        self._job_id = job_id
        self._last_id = last_id
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what has happened; what follows is sent on a `Line`, without this call.

        Raises
        ------
        Problem
            429, if the caller has too many streams.
        """
        hub, metrics = self._service.hub, self._service.metrics
        with ExitStack() as stay:
            stay.enter_context(self._service.rates.one_stream_more(self._caller.name))
            viewer = stay.enter_context(_watching(hub, self._job_id, self._last_id))
            if viewer.is_back:
                await hub.settled(viewer)
            if viewer.has_seen_end:
                # The one answer after which an EventSource does not come back.
                await Response(status_code=204)(scope, receive, send)
                return
            metrics.sse_connections.inc()
            stay.enter_context(metrics.sse_open.track_inprogress())

            async def tell(events: Sequence[Event]) -> None:
                body = _body(viewer, events)
                await send({"type": "http.response.body", "body": body, "more_body": True})

            await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
            if await _catch_up(hub, metrics, viewer, tell):
                await send({"type": "http.response.body", "body": b""})
            elif line := Line.taken_from(scope):
                _Live(hub, metrics, viewer, line, stay.pop_all()).tell()


class _Live:
    """A stream that has caught up with its job. No task waits for it: the feed calls."""

    __slots__ = ("_hub", "_line", "_metrics", "_stay", "_viewer")

    def __init__(
        self, hub: Hub, metrics: Metrics, viewer: Viewer, line: Line, stay: ExitStack
    ) -> None:
        self._hub = hub
        self._metrics = metrics
        self._viewer = viewer
        self._line = line
        self._stay = stay
        line.teller = self
        viewer.call(self.tell)

    def tell(self) -> None:
        """Say what there is to say, if there is room for it; else it is called again."""
        line, viewer = self._line, self._viewer
        if not line.is_ready:
            return
        if viewer.is_over:
            line.end(_come_back() if self._hub.is_stopped else b"")
        elif (events := viewer.news()) is not None:
            now = time.time()
            line.write(_body(viewer, events))
            if _note(self._metrics, viewer, events, now):
                line.end()

    def hung_up(self) -> None:
        """Forget the viewer."""
        self._stay.close()


def _body(viewer: Viewer, events: Sequence[Event]) -> bytes:
    return b"".join([event.sse(viewer.last_id) for event in events]) or COMMENT


def _come_back() -> bytes:
    return sse_retry(random.randint(*_COME_BACK_MILLISECONDS))  # noqa: S311 - spreads them


@router.get(
    "/api/generation/stream/{job_id}/",
    status_code=200,
    response_class=EventStream,
    response_model=StreamEvent,
    responses={
        200: {
            "description": "Events, until the job has ended",
            "content": {
                EventStream.media_type: {
                    "schema": {"type": "object", "$ref": "#/components/schemas/StreamEvent"}
                }
            },
        },
        204: {"description": "The job has ended, and whoever asks has seen its end"},
        **problem_responses(401, 403, 404, 422, 429, 503),
    },
)
async def stream_progress(
    request: Request,
    job_id: str,
    caller: Annotated[Caller, Depends(viewer_of)],
    cursor: Cursor = None,
    ticket: Ticket = None,  # noqa: ARG001 - for OpenAPI; viewer_of reads it
    last_event_id: Annotated[
        str | None, Header(description="As browsers send it; goes before the cursor")
    ] = None,
) -> EventStream:
    """Follow a job by Server-Sent Events.

    `connected` comes at once, `progress` whenever something has changed, twice a second at most,
    and `done` at the end. Every event has an id; who comes back with it misses nothing and gets
    nothing twice. Where what was missed is not kept any more, `snapshot` says how far the job is.
    """
    # A browser that comes back asks for the same address again, cursor included.
    last_id = _seq(last_event_id)
    return EventStream(request, caller, job_id, last_id=cursor if last_id is None else last_id)


@router.websocket("/api/generation/ws/{job_id}/")
async def socket_progress(
    websocket: WebSocket,
    job_id: str,
    caller: Annotated[Caller, Depends(viewer_of)],
    cursor: Cursor = None,
) -> None:
    """Follow a job by WebSocket: the events of the stream, each as `{"event", "id", "data"}`.

    It is closed with 1000 after the end, and with 1012 when the service restarts.
    """
    service = service_of(websocket)
    hub, metrics = service.hub, service.metrics

    async def tell(events: Sequence[Event]) -> None:
        for event in events:
            await websocket.send({"type": "websocket.send", "text": event.ws(viewer.last_id)})
            viewer.note([event])

    with (
        service.rates.one_stream_more(caller.name),
        _watching(hub, job_id, cursor) as viewer,
    ):
        await websocket.accept()
        metrics.ws_connections.inc()
        with metrics.ws_open.track_inprogress():
            gone = asyncio.create_task(_leave_with_client(websocket.receive, viewer))
            try:
                if viewer.is_back:
                    await hub.settled(viewer)
                if not viewer.has_seen_end:
                    await _follow(hub, metrics, viewer, tell)
                if not gone.done():
                    await websocket.close(_RESTARTS if hub.is_stopped else 1000)
            except WebSocketDisconnect:
                pass
            finally:
                gone.cancel()


@router.get(
    "/api/generation/progress/{job_id}/",
    response_model=SnapshotDocument,
    responses=problem_responses(401, 403, 404, 429, 503),
)
async def show_progress(
    request: Request, job_id: str, _caller: Annotated[Caller, Depends(viewer_of)]
) -> Response:
    """How far a job is, once."""
    snapshot = await look(request, job_id)
    return JSONResponse(snapshot, headers={"cache-control": "no-store"})


async def look(request: Request, job_id: str) -> Any:
    """The newest snapshot of a job.

    Raises
    ------
    Problem
        404, if there is none; 503, if nobody can be asked.
    """
    snapshot = await service_of(request).hub.look(job_id)
    if snapshot is None:
        raise Problem(404, "no-such-job", "there is no job of this id, or not any more")
    return snapshot


async def _follow(hub: Hub, metrics: Metrics, viewer: Viewer, tell: Tell) -> None:
    """Tell a viewer everything, until the job has ended or the viewer or the service is gone."""
    if await _catch_up(hub, metrics, viewer, tell):
        return
    while (events := await viewer.next()) is not None:
        now = time.time()
        await tell(events)
        if _note(metrics, viewer, events, now):
            return


async def _catch_up(hub: Hub, metrics: Metrics, viewer: Viewer, tell: Tell) -> bool:
    """Tell a viewer what has happened until now, and give whether that was all."""
    job = {"job_id": viewer.feed.job_id}
    connected = [Event("connected", json.dumps(job, separators=(",", ":")).encode())]
    await tell(connected)
    _note(metrics, viewer, connected, time.time())
    await hub.settled(viewer)
    async for missed in hub.missed(viewer):
        now = time.time()
        await tell(missed)
        if _note(metrics, viewer, missed, now):
            return True
    return False


def _note(metrics: Metrics, viewer: Viewer, events: Sequence[Event], now: float) -> bool:
    """Count what a viewer was told at that time, and give whether that was the end."""
    viewer.note(events)
    metrics.sent.inc(len(events))
    for event in events:
        if event.at is not None:
            metrics.delay.observe(max(0.0, now - event.at))
    return bool(events) and events[-1].name == "done"


@contextmanager
def _watching(hub: Hub, job_id: str, last_id: int | None) -> Iterator[Viewer]:
    viewer = hub.join(job_id, last_id)
    try:
        yield viewer
    finally:
        hub.leave(viewer)


async def _leave_with_client(receive: Callable[[], Awaitable[Message]], viewer: Viewer) -> None:
    """Wait until the client is gone; what it says does not matter."""
    while not (await receive())["type"].endswith(".disconnect"):
        pass
    viewer.leave()


def _seq(last_event_id: str | None) -> int | None:
    """What a browser sends back; anything that is no id of ours is none at all."""
    text = last_event_id or ""
    is_ours = text.isascii() and text.isdecimal() and len(text) <= 16
    return min(int(text), LAST_ID) if is_ours else None
