"""What tests of orders and of jobs share: how one is placed, and what became of it."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State

from tests.service.access_parts import ANN
from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.snapshot import Snapshot

JOBS = "/api/generation-jobs/"
GENERATE = f"{JOBS}generate/"
SMALL_BYTES = 100_000
"""The largest file that the service of these tests takes."""


def form(content: bytes = b"", name: str = "tiny.ectt", **fields: Any) -> dict[str, Any]:
    """A form with a file, or with fields alone."""
    file = {"instance": (name, content, "text/plain")} if content else {}
    parts = {key: (None, str(value)) for key, value in fields.items()}
    return {"files": file | parts}


def start(service: httpx.Client, who: dict[str, str] = ANN, **fields: Any) -> str:
    answer = service.post(GENERATE, headers=who, **form(instance_name="tiny.ectt", **fields))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def run_of(job_id: str) -> FlowRun:
    async def read() -> FlowRun:
        async with get_client() as client:
            return await client.read_flow_run(uuid.UUID(job_id))

    return asyncio.run(read())


def set_state(job_id: str, state: State[Any]) -> None:
    async def put() -> None:
        async with get_client() as client:
            await client.set_flow_run_state(uuid.UUID(job_id), state, force=True)

    asyncio.run(put())


def snapshot_of(job_id: str, **fields: Any) -> Snapshot:
    progress = Progress(DEFAULT, job_id, time.time(), run_id=job_id)
    progress.start_stage("clustering", time.time())
    return progress.next(time.time()) | fields  # type: ignore[return-value]


def uploads(data: Path) -> list[Path]:
    return sorted((data / "uploads").rglob("*.ectt")) if (data / "uploads").exists() else []


def problem_of(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"/problems/{slug}"
    return document
