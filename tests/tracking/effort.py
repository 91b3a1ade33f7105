"""How long the random walks go: a little in every run of the tests, very long at night.

At night::

    HORARIUM_NIGHTLY=1 .venv/bin/pytest tests/tracking/test_stateful*.py
"""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, settings

__all__ = ["NIGHTLY", "effort", "tell"]

NIGHTLY = os.environ.get("HORARIUM_NIGHTLY") == "1"


def effort(*, examples: int, nightly_examples: int) -> settings:
    """Settings of a walk: the same steps every time by day, others each night."""
    return settings(
        max_examples=nightly_examples if NIGHTLY else examples,
        stateful_step_count=150 if NIGHTLY else 40,
        derandomize=not NIGHTLY,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def tell(capsys: pytest.CaptureFixture[str], what: str) -> None:
    """Say something to whoever runs the tests."""
    with capsys.disabled():
        sys.stdout.write(f"\n{what}\n")
