"""The built page, and what browsers are told to keep it safe."""

from __future__ import annotations

import functools
import gzip
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracking.service.forms import CloseUnread
from tracking.service.problems import Problem
from tracking.service.settings import ServiceSettings

__all__ = ["STATIC", "SecurityHeaders", "protect", "router"]

STATIC = Path(__file__).parent / "static"

_MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}

_NOT_BUILT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Horarium</title>
<h1>The page is not built</h1>
<p>The service runs. Its page is built by <code>make page</code>, or in the folder
<code>web</code> by <code>npm ci &amp;&amp; npm run build</code>.</p>
</html>
"""

_A_YEAR = "public, max-age=31536000, immutable"

_SAFE_HEADERS = {
    # Our own scripts and styles, and nothing inline: what somebody names a course is no program.
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

router = APIRouter(include_in_schema=False)


class SecurityHeaders:
    """Sends the safe headers with every answer, streams too: it holds nothing back.

    Answers that do not say so themselves are kept in no cache: most are somebody's own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SAFE_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


def protect(app: FastAPI, settings: ServiceSettings) -> None:
    """Send the safe headers, and read no body for ever.

    No other site's pages may call, but those that the settings name.
    """
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Idempotency-Key", "Last-Event-ID", "X-Horarium"],
            expose_headers=["Location", "Retry-After"],
        )
    app.add_middleware(CloseUnread)
    app.add_middleware(SecurityHeaders)


@router.get("/")
@router.get("/jobs/{job_id}")
def read_page(request: Request) -> Response:
    """Send the page; its program reads the address."""
    if not (STATIC / "index.html").is_file():
        return Response(_NOT_BUILT, media_type="text/html")
    return _send(request, STATIC / "index.html", "no-cache")


@router.get("/assets/{name}")
def read_asset(request: Request, name: str) -> Response:
    """Send a part of the page. Its name changes when it does, so that it may be kept for long."""
    return _send(request, _inside(STATIC / "assets", name), _A_YEAR)


@router.get("/{name}")
def read_file(request: Request, name: str) -> Response:
    """Send what lies beside the page, such as its icon."""
    return _send(request, _inside(STATIC, name), "public, max-age=3600")


def _inside(folder: Path, name: str) -> Path:
    """A file of a folder: one of those that are listed there, whatever the name says."""
    found = next((file for file in folder.glob("*") if file.name == name and file.is_file()), None)
    if found is None:
        raise Problem(404, "not-found", "there is nothing here")
    return found


def _send(request: Request, file: Path, cache: str) -> Response:
    plain, compressed = _contents(file, file.stat().st_mtime_ns)
    wants_compressed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"Cache-Control": cache, "Vary": "Accept-Encoding"}
    if wants_compressed:
        headers["Content-Encoding"] = "gzip"
    return Response(
        compressed if wants_compressed else plain,
        media_type=_MEDIA_TYPES.get(file.suffix, "application/octet-stream"),
        headers=headers,
    )


@functools.lru_cache(maxsize=64)
def _contents(file: Path, _changed: int) -> tuple[bytes, bytes]:
    """A file, as it is and compressed: that is done once for all who load the page."""
    plain = file.read_bytes()
    return plain, gzip.compress(plain, mtime=0)
