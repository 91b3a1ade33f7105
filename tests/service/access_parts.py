"""What tests of access and jobs share: the service on a port, and a real Prefect, protected."""

from __future__ import annotations

import asyncio
import atexit
import functools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema

from tests.chaos.servers import PrefectServer
from tests.service import live_parts
from tracking.service.app import create_app
from tracking.service.service import Check
from tracking.service.settings import ServiceSettings

ADMIN_TOKEN, ANN_TOKEN, BOB_TOKEN = "token-of-the-administrator", "token-of-ann", "token-of-bob"
AUTH = "horarium:password"
NO_REDIS = "redis://127.0.0.1:1/0"
INSTANCE = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"

# Of every call that is about one job.
JOB_CALLS = [
    ("GET", "/api/generation-jobs/{}/"),
    ("DELETE", "/api/generation-jobs/{}/cancel/"),
    ("POST", "/api/generation-jobs/{}/finish/"),
    ("GET", "/api/generation-jobs/{}/timetable/"),
    ("GET", "/api/generation-jobs/{}/places/?course=c0&day=0&period=0"),
    ("GET", "/api/generation-jobs/{}/files/"),
    ("GET", "/api/generation-jobs/{}/files/timetable.sol"),
    ("GET", "/api/generation/progress/{}/"),
    ("GET", "/api/generation/stream/{}/"),
    ("POST", "/api/generation/stream/{}/ticket/"),
    ("GET", "/api/status/{}"),
    ("GET", "/status/{}"),
]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


ADMIN, ANN, BOB = bearer(ADMIN_TOKEN), bearer(ANN_TOKEN), bearer(BOB_TOKEN)


def settings_in(folder: Path, **more: Any) -> ServiceSettings:
    """Settings with an administrator, ann and bob; no Redis, unless one is given."""
    given: dict[str, Any] = {
        "redis_url": NO_REDIS,
        "data_folder": folder,
        "admin_token": ADMIN_TOKEN,
        "tokens": {"ann": ANN_TOKEN, "bob": BOB_TOKEN},
    }
    return ServiceSettings(**given | more)


@contextmanager
def serving(settings: ServiceSettings, check: Check | None = None) -> Iterator[httpx.Client]:
    """Run the service; gives a client of it, which shows no token by itself."""
    with (
        live_parts.serving(create_app(settings, check=check)) as server,
        live_parts.client_of(server, headers={}) as client,
    ):
        yield client


@contextmanager
def no_prefect() -> Iterator[None]:
    """For as long as the block lasts, Prefect's server is one that is not there."""
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:1/api"}):
        yield


@contextmanager
def known_prefect() -> Iterator[str]:
    """For as long as the block lasts, Prefect's server is ours, and its password known."""
    url = prefect_server()
    with temporary_settings({PREFECT_API_URL: url, PREFECT_API_AUTH_STRING: AUTH}):
        yield url


@functools.cache
def prefect_server() -> str:
    """Start Prefect's server, behind a password, once for all tests; gives its address.

    It has a deployment ``timetable/on-demand``, which no worker serves: a test decides how its
    runs go.
    """
    home = Path(tempfile.mkdtemp(prefix="horarium-service-"))
    server = PrefectServer(home, PREFECT_SERVER_API_AUTH_STRING=AUTH)
    atexit.register(server.close)
    server.wait()
    with temporary_settings({PREFECT_API_URL: server.url, PREFECT_API_AUTH_STRING: AUTH}):
        asyncio.run(_deploy())
    return server.url


@flow(name="timetable")
def _timetable(
    instance: str,
    formulation: str = "UD2",
    time_limit_seconds: float = 120,
    plan: str = "default",
    seed: int = 0,
) -> None:
    """The parameters that the real one has, of those that the service gives."""


async def _deploy() -> None:
    async with get_client() as client:
        flow_id = await client.create_flow(_timetable)
        await client.create_deployment(
            flow_id,
            "on-demand",
            tags=["timetable"],
            parameter_openapi_schema=parameter_schema(_timetable).model_dump_for_openapi(),
            enforce_parameter_schema=True,
        )
