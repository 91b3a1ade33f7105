"""The service's OpenAPI, such that clients generated from it work."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from tracking.service.problems import MEDIA_TYPE

__all__ = ["describe"]

_ABOUT = """\
Runs that make a university's timetable: started, watched live, finished early, downloaded.

Every call but the health check needs a bearer token, or the cookie of a session begun with one.
With the cookie, a call that changes something needs the header `X-Horarium: 1` as well.

The events of a stream are `StreamEvent`s. OpenAPI has no words for WebSockets:
`/api/generation/ws/{job_id}/` takes what the stream takes, token, cookie or ticket, and the cursor,
and sends the same events, a message each."""


def describe(app: FastAPI) -> dict[str, Any]:
    """All that the service does, as FastAPI has collected it, and nothing that it does not do."""
    document = get_openapi(
        title=app.title, version=app.version, description=_ABOUT, routes=app.routes
    )
    for path in document["paths"].values():
        for operation in path.values():
            _correct(operation["responses"])
    for unused in ("HTTPValidationError", "ValidationError"):
        del document["components"]["schemas"][unused]
    return document


def _correct(responses: dict[str, Any]) -> None:
    """Say what is answered: an error is a problem, and a stream of events is a text."""
    for status, response in list(responses.items()):
        content = response.get("content", {})
        if MEDIA_TYPE in content:
            content.pop("application/json", None)
        elif status == "422":  # FastAPI's own, at every call with a parameter; ours are problems
            del responses[status]
        elif "text/event-stream" in content:
            content["text/event-stream"]["schema"] = {
                "type": "string",
                "description": "Events, each a `StreamEvent`",
            }
