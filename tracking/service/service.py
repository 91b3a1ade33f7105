"""What the routes of one application work with; `tracking.service.app` puts it together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from starlette.requests import HTTPConnection

if TYPE_CHECKING:  # most of these have routes of their own, which import this
    from tracking.service.hub import Hub
    from tracking.service.limits import Rates
    from tracking.service.metrics import Metrics
    from tracking.service.prefect_jobs import PrefectJobs
    from tracking.service.redis_jobs import RedisJobs
    from tracking.service.settings import ServiceSettings
    from tracking.service.tokens import Signer, Tokens

__all__ = ["Check", "Service", "Weigh", "service_of"]


class Check(Protocol):
    """Reads an instance, and with it pins and the timetable before, if they are given.

    Says the instance's name, what is in it, and what is wrong with any of them; by a formulation
    and weights of soft rules, if one is given, also what rules a timetable out or makes it a bad
    one.
    """

    def __call__(
        self,
        path: Path,
        formulation: str | None,
        weights: Mapping[Any, int],
        *,
        pins: Path | None = None,
        before: Path | None = None,
    ) -> dict[str, Any]: ...


Weigh = Callable[[Path, str, int, int], dict[str, Any]]
"""Says what the other places cost a lecture, from a job's timetable: its file, the name of the
course, the day and the period of the day. LookupError if there is no such lecture; ValueError if
the file does not hold enough."""


@dataclass(frozen=True, slots=True)
class Service:
    """The parts, each made once."""

    settings: ServiceSettings
    hub: Hub
    prefect: PrefectJobs
    redis: RedisJobs
    rates: Rates
    tokens: Tokens
    signer: Signer
    metrics: Metrics
    check: Check | None
    weigh: Weigh | None


def service_of(connection: HTTPConnection) -> Service:
    """The parts of the application that a call came to."""
    service: Service = connection.app.state.service
    return service
