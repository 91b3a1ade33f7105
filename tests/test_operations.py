"""The guide to operations names every setting, and no other."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import pytest
from pydantic import ValidationError
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


@pytest.mark.parametrize("settings", [Settings, ServiceSettings])
def test_a_misspelt_variable_is_refused_with_the_name_that_was_meant(
    monkeypatch: pytest.MonkeyPatch, settings: type[BaseSettings]
) -> None:
    for wrong in ("HORARIUM_REDIS_ULR", "HORARIUM_DATAFOLDER", "HORARIUM_REDIS_URLS"):
        monkeypatch.setenv(wrong, "x")
        with pytest.raises(ValidationError, match=f"{wrong}: expected a setting's name, perhaps"):
            settings()
        monkeypatch.delenv(wrong)
    monkeypatch.setenv("HORARIUM_OF_SOMEBODY_ELSE", "x")
    settings()


def test_no_setting_is_taken_for_another_that_is_misspelt() -> None:
    for one, other in combinations(sorted(ROWS), 2):
        assert SequenceMatcher(None, one, other).ratio() < 0.9, (one, other)
