"""Requests made up from the OpenAPI, right and wrong ones: none is answered with a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.service.access_parts import (
    ADMIN,
    ANN,
    INSTANCE,
    known_prefect,
    serving,
    settings_in,
)
from tracking.service.app import create_app

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SCHEMA = schemathesis.openapi.from_dict(create_app(settings_in(Path("nowhere"))).openapi())
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def service(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "instances").mkdir()
    (folder / "instances" / "tiny.ectt").write_bytes(INSTANCE.read_bytes())
    rates = {"request_rate": "1000000/minute", "job_rate": "1000000/minute"}
    with known_prefect(), serving(settings_in(folder, redis_url=redis_url, **rates)) as client:
        yield client


@SCHEMA.parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@pytest.mark.parametrize("who", [ADMIN, ANN], ids=["admin", "ann"])
def test_any_request_is_answered_as_openapi_says(
    case: schemathesis.Case[Any], service: httpx.Client, who: dict[str, str]
) -> None:
    case.call_and_validate(base_url=str(service.base_url), headers=who, checks=CHECKS, timeout=60)
