"""Who calls, and which jobs they may see.

A caller shows a bearer token, or the cookie of a session begun with one; a stream may also be
opened by a ticket for its job. A job is its owner's and the administrators'.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPBearer
from pydantic import BaseModel
from starlette.requests import HTTPConnection

from tracking.keys import check_job_id
from tracking.service.problems import Problem, problem_responses
from tracking.service.redis_jobs import redis_unavailable
from tracking.service.service import service_of
from tracking.service.settings import ServiceSettings
from tracking.service.tokens import Claim

__all__ = ["COOKIE", "CREDENTIALS", "Caller", "known_caller", "owner_of", "router", "viewer_of"]

COOKIE = "horarium_session"
TICKET_SECONDS = 60

_HARMLESS = {"GET", "HEAD", "OPTIONS"}

# For OpenAPI alone: they check nothing.
CREDENTIALS = [
    Depends(HTTPBearer(auto_error=False, scheme_name="bearer")),
    Depends(APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session")),
]

router = APIRouter(tags=["session"], dependencies=CREDENTIALS)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls."""

    name: str
    is_admin: bool


async def known_caller(connection: HTTPConnection) -> Caller:
    """Say who calls, by bearer token or session cookie.

    Raises
    ------
    Problem
        401, if nobody known does; 403, if the cookie alone is shown where something changes, and
        the call may have been made by a page of someone else's; 429, if they call too often.
    """
    claim = await _known_claim(connection)
    await service_of(connection).rates.count("request", f"caller {claim.name}")
    return Caller(claim.name, claim.is_admin)


async def owner_of(connection: HTTPConnection, job_id: str) -> Caller:
    """Say who calls, if the job is theirs, or they are an administrator.

    Raises
    ------
    Problem
        As `known_caller`; and 403, if it is not theirs or there is no such job, which look the
        same to them; 404, if there is no such job and an administrator asks.
    """
    caller = await known_caller(connection)
    await _check_job(connection, caller, job_id)
    return caller


async def viewer_of(connection: HTTPConnection, job_id: str) -> Caller:
    """Say who wants to see a job, as `owner_of`; a ticket for it does as well."""
    ticket = connection.query_params.get("ticket")
    claim = ticket and service_of(connection).signer.read("ticket", ticket, job_id)
    if not claim:
        return await owner_of(connection, job_id)
    # Whoever signed it had seen to it that the job is theirs.
    await service_of(connection).rates.count("request", f"caller {claim.name}")
    return Caller(claim.name, claim.is_admin)


class Session(BaseModel):
    """Who is signed in."""

    name: str
    is_admin: bool


class Ticket(BaseModel):
    """Opens the stream of one job, for those who cannot send headers."""

    ticket: str
    expires_at: int
    url: str


@router.post(
    "/api/session/",
    status_code=204,
    responses=problem_responses(401, 429, 503),
)
async def sign_in(request: Request) -> Response:
    """Begin a session: the bearer token becomes a cookie that scripts cannot read."""
    if "authorization" not in request.headers:
        raise _unknown("a session begins with a bearer token")
    claim = await _known_claim(request)
    await service_of(request).rates.count("request", f"caller {claim.name}")
    service = service_of(request)
    until = min(time.time() + service.settings.session_hours * 3600, claim.until)
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        service.signer.sign("session", claim._replace(until=until)),
        max_age=max(0, int(until - time.time())),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


@router.get("/api/session/", responses=problem_responses(401, 429, 503))
async def who_am_i(caller: Annotated[Caller, Depends(known_caller)]) -> Session:
    """Say who is signed in."""
    return Session(name=caller.name, is_admin=caller.is_admin)


@router.delete(
    "/api/session/",
    status_code=204,
    responses=problem_responses(401, 403, 429, 503),
)
async def sign_out(request: Request, _caller: Annotated[Caller, Depends(known_caller)]) -> Response:
    """End the session of this browser."""
    response = Response(status_code=204)
    response.delete_cookie(
        COOKIE, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return response


@router.post(
    "/api/generation/stream/{job_id}/ticket/",
    responses=problem_responses(401, 403, 404, 429, 503),
)
async def make_ticket(
    request: Request, job_id: str, caller: Annotated[Caller, Depends(owner_of)]
) -> Ticket:
    """Make a ticket that opens one job's stream, or its WebSocket, within a minute."""
    until = int(time.time()) + TICKET_SECONDS
    claim = Claim(caller.name, caller.is_admin, until)
    ticket = service_of(request).signer.sign("ticket", claim, job_id)
    return Ticket(
        ticket=ticket,
        expires_at=until,
        url=f"/api/generation/stream/{job_id}/?ticket={ticket}",
    )


async def _known_claim(connection: HTTPConnection) -> Claim:
    service = service_of(connection)
    header = connection.headers.get("authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        claim = await service.tokens.claim(token.strip()) if scheme.lower() == "bearer" else None
    else:
        cookie = connection.cookies.get(COOKIE)
        claim = service.signer.read("session", cookie) if cookie else None
        if claim:
            _check_own_page(connection, service.settings)
    if claim is None:
        address = connection.client.host if connection.client else "?"
        await service_of(connection).rates.count("request", f"address {address}")
        raise _unknown("expected 'Authorization: Bearer TOKEN', or a session that has not ended")
    return claim


def _check_own_page(connection: HTTPConnection, settings: ServiceSettings) -> None:
    """Browsers send cookies by themselves: see to it that a page of ours made the call."""
    if connection.scope["type"] == "websocket":
        # Neither CORS nor a header of our own is there to protect a WebSocket.
        origin = connection.headers.get("origin")
        own = origin is None or urlsplit(origin).netloc == connection.headers.get("host")
        if not own and origin not in settings.allowed_origins:
            raise Problem(403, "foreign-origin", "expected a WebSocket opened by this site's page")
    elif connection.scope["method"] not in _HARMLESS and not connection.headers.get("x-horarium"):
        raise Problem(
            403,
            "csrf",
            "expected the header 'X-Horarium: 1' with a session cookie, where something changes",
        )


async def _check_job(connection: HTTPConnection, caller: Caller, job_id: str) -> None:
    service, is_id = service_of(connection), _is_job_id(job_id)
    if caller.is_admin:
        if is_id:
            seen = await service.redis.snapshots([job_id])
            if seen or await service.prefect.snapshot(job_id):
                return
            if seen is None:
                raise redis_unavailable()
        raise Problem(404, "no-such-job", "there is no job of this id, or not any more")
    if not is_id or await service.prefect.owner(job_id) != caller.name:
        raise Problem(403, "denied", "expected the id of a job of one's own")


def _is_job_id(job_id: str) -> bool:
    try:
        check_job_id(job_id)
    except ValueError:
        return False
    return job_id.strip(".") != ""  # '.' and '..' would name folders


def _unknown(detail: str) -> Problem:
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
