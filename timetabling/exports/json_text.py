"""The timetable for programs: its document in JSON, with its certificate."""

from __future__ import annotations

import json

from timetabling.exports.certificate import Certificate
from timetabling.view import Document

__all__ = ["json_text"]


def json_text(found: Document, certificate: Certificate) -> str:
    """All of a document, and under `certificate` what is certified of it."""
    whole = {**found, "certificate": certificate.model_dump(mode="json")}
    return json.dumps(whole, separators=(",", ":"), allow_nan=False)
