"""The guide to operations names every setting, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from flows.settings import Settings
from tracking.service.settings import ServiceSettings

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "operations.md"
ROWS = dict(re.findall(r"^\| `(HORARIUM_\w+)` \|([^|]*)\|", GUIDE.read_text("utf-8"), re.MULTILINE))


@pytest.mark.parametrize("settings", [Settings, ServiceSettings])
def test_every_setting_is_in_the_guide_and_says_what_it_is(settings: type[BaseSettings]) -> None:
    for name, field in settings.model_fields.items():
        assert field.description, name
        assert f"HORARIUM_{name.upper()}" in ROWS


def test_the_guide_names_no_other() -> None:
    known = {name for each in (Settings, ServiceSettings) for name in each.model_fields}
    assert {name.removeprefix("HORARIUM_").lower() for name in ROWS} == known
