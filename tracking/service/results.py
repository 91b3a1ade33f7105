"""What a job has made: its timetable, and files to download."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel

from tracking.job_files import DOCUMENT, files_of
from tracking.service.access import CREDENTIALS, Caller, owner_of
from tracking.service.problems import Problem, problem_responses
from tracking.service.service import service_of
from tracking.service.timetables import Timetable

__all__ = ["router"]

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".ics": "text/calendar",
    ".json": "application/json",
    ".sol": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

router = APIRouter(
    prefix="/api/generation-jobs/{job_id}",
    tags=["results"],
    dependencies=CREDENTIALS,
    responses=problem_responses(401, 403, 404, 429, 503),
)

Owner = Annotated[Caller, Depends(owner_of)]


class ResultFile(BaseModel):
    """A file that a job has written."""

    name: str
    media_type: str
    size_bytes: int
    url: str


class ResultFiles(BaseModel):
    """All of them."""

    files: list[ResultFile]


@router.get(
    "/timetable/",
    response_class=FileResponse,
    response_model=Timetable,
    responses={
        200: {
            "description": "The timetable, what it costs, and why",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Timetable"}}},
        }
    },
)
def read_timetable(request: Request, job_id: str, _owner: Owner) -> FileResponse:
    """Send the timetable, with what each lecture costs and why."""
    file = _files(request, job_id).get(DOCUMENT)
    if file is None:
        raise Problem(404, "no-timetable", "the job has made no timetable yet")
    return FileResponse(
        file, media_type="application/json", headers={"Cache-Control": "private, no-cache"}
    )


@router.get("/files/")
def list_files(request: Request, job_id: str, _owner: Owner) -> ResultFiles:
    """List the files that a job has written."""
    return ResultFiles(
        files=[
            ResultFile(
                name=name,
                media_type=_media_type(name),
                size_bytes=file.stat().st_size,
                url=f"/api/generation-jobs/{job_id}/files/{quote(name)}",
            )
            for name, file in _files(request, job_id).items()
        ]
    )


@router.get(
    "/files/{name}",
    response_class=FileResponse,
    responses={
        200: {
            "description": "The file",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
def download_file(request: Request, job_id: str, name: str, _owner: Owner) -> FileResponse:
    """Send a file, to be saved and not shown."""
    file = _files(request, job_id).get(name)
    if file is None:
        raise Problem(404, "no-such-file", "the job has written no file of this name")
    return FileResponse(
        file,
        media_type=_media_type(name),
        filename=name,
        headers={"Cache-Control": "private, no-cache"},
    )


def _files(request: Request, job_id: str) -> dict[str, Path]:
    return files_of(service_of(request).settings.data_folder, job_id)


def _media_type(name: str) -> str:
    """Of a file, by its name."""
    return _MEDIA_TYPES.get(Path(name).suffix.lower(), "application/octet-stream")
