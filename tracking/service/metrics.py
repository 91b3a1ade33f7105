"""What is counted, for Prometheus, and whether the service is well."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from pydantic import BaseModel

from tracking.service.access import CREDENTIALS, Caller, known_caller
from tracking.service.problems import Problem, problem_responses
from tracking.service.service import service_of

__all__ = ["Metrics", "router"]

_DELAY_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """The counters of one application. No label names a job or a person: they have no end."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.sse_connections = Counter(
            "sse_connections", "Streams of Server-Sent Events opened", registry=registry
        )
        self.sse_open = Gauge(
            "sse_connections_open",
            "Streams of Server-Sent Events that are open",
            registry=registry,
        )
        self.ws_connections = Counter("ws_connections", "WebSockets opened", registry=registry)
        self.ws_open = Gauge("ws_connections_open", "WebSockets that are open", registry=registry)
        self.jobs_watched = Gauge(
            "stream_jobs_watched", "Jobs that have viewers", registry=registry
        )
        self.sent = Counter("stream_events_sent", "Events sent to viewers", registry=registry)
        self.skips = Counter(
            "stream_skips",
            "Times a viewer was too slow and went to the newest snapshot",
            registry=registry,
        )
        self.replays = Counter(
            "stream_replays",
            "Viewers that came back and had what they missed read anew",
            registry=registry,
        )
        self.delay = Histogram(
            "stream_publish_to_send_seconds",
            "From the publishing of a snapshot to its sending to a viewer",
            buckets=_DELAY_SECONDS,
            registry=registry,
        )
        self.redis_misses = Counter(
            "sse_redis_misses", "Times Redis was away or did not know a job", registry=registry
        )
        self.prefect_fallback = Counter(
            "sse_prefect_fallback", "Times Prefect was asked instead", registry=registry
        )
        self.redis_up = Gauge("redis_up", "Whether Redis is there: 1 or 0", registry=registry)


class Health(BaseModel):
    """Whether the service can do its work."""

    status: Literal["healthy", "unhealthy"]
    redis: bool
    prefect: bool


router = APIRouter()


@router.get(
    "/api/generation/health/",
    tags=["health"],
    responses={503: {"model": Health, "description": "Redis does not answer"}},
)
async def health(request: Request, response: Response) -> Health:
    """Say whether the service is well: needs no token, and tells nothing of jobs.

    Without Redis there is no live progress, which is why that is not healthy.
    """
    service = service_of(request)
    redis = await service.hub.reaches_redis()
    response.status_code = 200 if redis else 503
    response.headers["cache-control"] = "no-store"
    return Health(
        status="healthy" if redis else "unhealthy",
        redis=redis,
        prefect=await service.prefect.is_up(),
    )


@router.get(
    "/metrics",
    tags=["health"],
    dependencies=CREDENTIALS,
    response_class=Response,
    responses={
        200: {"content": {CONTENT_TYPE_LATEST: {"schema": {"type": "string"}}}},
        **problem_responses(401, 403, 429),
    },
)
async def metrics(request: Request, caller: Annotated[Caller, Depends(known_caller)]) -> Response:
    """All counters, as Prometheus reads them; for administrators."""
    if not caller.is_admin:
        raise Problem(403, "denied", "expected an administrator")
    counted = service_of(request).metrics
    return Response(
        generate_latest(counted.registry),
        media_type=CONTENT_TYPE_LATEST,
        headers={"cache-control": "no-store"},
    )
