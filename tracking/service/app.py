"""The application: every route and what lies around them, put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.routing import APIRoute

from tracking.service import (
    access,
    instances,
    jobs,
    metrics,
    pages,
    places,
    results,
    stages,
    streams,
)
from tracking.service.hub import Hub, Pace
from tracking.service.limits import Rates
from tracking.service.metrics import Metrics
from tracking.service.openapi import describe
from tracking.service.pages import protect
from tracking.service.prefect_jobs import PrefectJobs
from tracking.service.problems import add_problem_handlers
from tracking.service.redis_jobs import RedisJobs
from tracking.service.service import Check, Service, Weigh
from tracking.service.settings import ServiceSettings
from tracking.service.tokens import Signer, Tokens

__all__ = ["create_app"]


def create_app(
    settings: ServiceSettings,
    *,
    check: Check | None = None,
    weigh: Weigh | None = None,
    pace: Pace | None = None,
) -> FastAPI:
    """Make the service's application; `tracking.service.server.Server` runs it.

    Parameters
    ----------
    settings
        What is configured.
    check
        Reads instances; without it, they are taken as they are.
    weigh
        Says what other places cost a lecture; without it, nothing is said of them.
    pace
        How often things are done.
    """
    counted, prefect = Metrics(), PrefectJobs(settings.deployment)
    hub = Hub(settings.redis_url, prefect, counted, pace=pace)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            async with hub.running():
                yield
        finally:
            await prefect.close()

    app = FastAPI(
        title="Horarium",
        version=version("horarium"),
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
        docs_url=None,  # they load scripts from elsewhere, which no page of ours may
        redoc_url=None,
    )
    app.state.service = Service(
        settings=settings,
        hub=hub,
        prefect=prefect,
        redis=RedisJobs(settings.redis_url),
        rates=Rates(settings),
        tokens=Tokens(settings),
        signer=Signer(settings.secret.get_secret_value() if settings.secret else ""),
        metrics=counted,
        check=check,
        weigh=weigh,
    )
    add_problem_handlers(app)
    for part in (access, instances, jobs, results, places, streams, stages, metrics, pages):
        app.include_router(part.router)
    protect(app, settings)
    app.openapi = cache(partial(describe, app))  # type: ignore[method-assign]
    return app


def _operation_id(route: APIRoute) -> str:
    """What generated clients call it: the function's name."""
    return route.name
