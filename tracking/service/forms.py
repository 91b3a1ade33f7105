"""Forms with files, read no further than allowed."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracking.service.problems import Problem

__all__ = ["CloseUnread", "read_form"]

_FORM_BYTES = 64 * 1024  # of all that is no file: fields, and what holds the parts together
_FIELD_BYTES = 4096
_MOST_FIELDS = 16
_MOST_FILES = 3  # an instance, pins, the timetable before
_DISCARD_SECONDS = 5
_SILENCE_SECONDS = 30


async def read_form(request: Request, max_file_bytes: int) -> FormData:
    """Read a multipart form with some files, which have so many bytes together at most.

    FastAPI would read a form before it looks at who sends it; this is called when that is known.

    Raises
    ------
    Problem
        If it is none, too large, ends before it is whole, or is waited for in vain.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise Problem(415, "no-form", "content-type: expected multipart/form-data")
    most = max_file_bytes + _FORM_BYTES
    counted = Request(request.scope, _counted(request, most))
    try:
        return await counted.form(
            max_files=_MOST_FILES, max_fields=_MOST_FIELDS, max_part_size=_FIELD_BYTES
        )
    except TimeoutError:
        raise Problem(408, "too-slow", f"nothing came for {_SILENCE_SECONDS} s") from None
    except ClientDisconnect:
        raise Problem(400, "cut-off", "the form ends before it is whole") from None
    except _TooLargeError:
        await _discard(request.receive, most)
        problem = Problem(
            413, "too-large", f"form: expected at most {max_file_bytes} bytes of files"
        )
        raise problem from None


class CloseUnread:
    """Closes a connection after the answer, if a body was not read to its end.

    The server would go on reading it, for as long as somebody sends. A small rest is read first:
    whose connection is cut while they send do not see the answer.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        unread = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"

        async def receive_and_see() -> Message:
            nonlocal unread
            message = await receive()
            if not message.get("more_body", False):
                unread = False
            return message

        async def send_and_close(message: Message) -> None:
            if unread and message["type"] == "http.response.start":
                await _discard(receive_and_see, _FORM_BYTES)
                if unread:
                    MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, receive_and_see, send_and_close)


class _TooLargeError(Exception):
    """There is more than is read."""


def _counted(request: Request, most: int) -> Receive:
    """Receive as before, up to so many bytes: what a client says of the length may not be true."""
    length = request.headers.get("content-length", "")
    says_too_large = length.isdecimal() and (len(length) > 15 or int(length) > most)
    received = 0

    async def counted() -> Message:
        nonlocal received
        message: Message = {}
        if not says_too_large:
            async with asyncio.timeout(_SILENCE_SECONDS):
                message = await request.receive()
        received += len(message.get("body", b""))
        if says_too_large or received > most:
            raise _TooLargeError
        return message

    return counted


async def _discard(receive: Receive, most: int) -> None:
    """Read on for a while, so that who sends sees the answer."""
    discarded = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while discarded <= most:
                message = await receive()
                discarded += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
