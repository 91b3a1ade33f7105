"""What went wrong, as RFC 9457 problem documents with stable types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

__all__ = [
    "MEDIA_TYPE",
    "FieldError",
    "Problem",
    "ProblemDocument",
    "add_problem_handlers",
    "field_errors",
    "invalid",
    "problem_responses",
    "shown",
]

MEDIA_TYPE = "application/problem+json"

_EXPECTED = {"missing": "a value", "extra_forbidden": "no field of this name"}

_MOST_SHOWN = 100  # characters of what somebody sent: an error is no way to send a megabyte back


class FieldError(BaseModel):
    """One thing that was wrong in a request."""

    where: str = Field(examples=["seed"])
    found: str = Field(examples=["'-1'"])
    expected: str = Field(examples=["greater than or equal to 0"])


class ProblemDocument(BaseModel):
    """What every error answers with (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="Stable; what programs decide by", examples=["/problems/denied"])
    title: str
    status: int
    detail: str
    errors: list[FieldError | str] | None = Field(
        default=None, description="All that was wrong, where there may be more than one thing"
    )


class Problem(Exception):  # noqa: N818 - it is called so in RFC 9457
    """An answer that is an error.

    Parameters
    ----------
    status
        Of HTTP, 400 to 599.
    type
        Its slug, such as ``denied``: stable, for programs.
    detail
        What happened this time, for people: where, what was found, what was expected.
    title
        Of the type; by default the name of the status.
    headers
        Sent along, such as ``Retry-After``.
    extra
        More members of the document.
    """

    def __init__(
        self,
        status: int,
        type: str,  # noqa: A002 - it is called so in RFC 9457
        detail: str,
        *,
        title: str = "",
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(f"{status} {type}: {detail}")
        self.status = status
        self.type = type
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra

    def response(self) -> JSONResponse:
        """The answer to send."""
        document = {
            "type": f"/problems/{self.type}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        safe = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return JSONResponse(
            document, self.status, headers={**safe, **self.headers}, media_type=MEDIA_TYPE
        )


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error of an application be a problem document, on WebSockets too."""
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(WebSocketRequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_unexpected)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Errors of a route, for its OpenAPI."""
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": ProblemDocument,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """What pydantic found wrong."""
    return [
        FieldError(
            where=".".join(str(part) for part in error["loc"] if part != "[key]") or "request",
            found="nothing" if error["type"] == "missing" else shown(error["input"]),
            expected=_EXPECTED.get(error["type"])
            or str(error["msg"]).removeprefix("Input should be "),
        )
        for error in errors
    ]


def invalid(errors: Sequence[FieldError]) -> Problem:
    """A request that is not what was expected: all that is wrong with it."""
    lines = (f"{error.where}: expected {error.expected}, got {error.found}" for error in errors)
    listed = [error.model_dump() for error in errors]
    return Problem(422, "invalid-request", "; ".join(lines), errors=listed)


def shown(value: object) -> str:
    """What somebody sent, short enough to be shown to them."""
    text = repr(value if not isinstance(value, str) else value[: _MOST_SHOWN + 1])
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


async def _answer_problem(_connection: Request | WebSocket, problem: Any) -> Response:
    answer: Response = problem.response()
    return answer


async def _answer_http(connection: Request | WebSocket, error: Any) -> Response:
    slug = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-").replace("'", "")
    problem = Problem(error.status_code, slug, str(error.detail), headers=error.headers)
    return await _answer_problem(connection, problem)


async def _answer_invalid(connection: Request | WebSocket, error: Any) -> Response:
    return await _answer_problem(connection, invalid(field_errors(error.errors())))


async def _answer_unexpected(connection: Request | WebSocket, _error: Exception) -> Response:
    # Starlette raises it again after this, and the server logs it: nothing is told to the caller.
    return await _answer_problem(
        connection, Problem(500, "internal-error", "something went wrong here, and was logged")
    )
