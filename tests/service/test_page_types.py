"""The page's types have the fields that Python writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from tracking.service.places import Obstacle, OtherPlaces, PeriodPlaces, RoomPlace, RuleChange
from tracking.service.stages import PipelineStage, StageDefinitions
from tracking.snapshot import Snapshot, Status

API = Path(__file__).parents[2] / "web" / "src" / "api"
TYPES = (API / "types.ts").read_text()


def fields_of(interface: str, types: str = TYPES) -> set[str]:
    found = re.search(rf"interface {interface}(?: extends \w+)? {{\n(.*?)\n}}", types, re.DOTALL)
    assert found
    return set(re.findall(r"^  (\w+)\??:", found[1], re.MULTILINE))


def test_a_snapshot_has_the_same_fields_on_both_sides() -> None:
    assert fields_of("ProgressInfo") == set(Snapshot.__annotations__)


def test_stages_have_the_same_fields_on_both_sides() -> None:
    assert fields_of("PipelineStage") == set(PipelineStage.__annotations__)
    assert fields_of("StageDefinitions") == set(StageDefinitions.__annotations__)


def test_a_status_is_one_of_the_same_words_on_both_sides() -> None:
    words = re.findall(r"type (?:End|Status) = ([^;]+);", TYPES)
    assert set(re.findall(r'"(\w+)"', " ".join(words))) == set(get_args(Status))


def test_other_places_have_the_same_fields_on_both_sides() -> None:
    types = (API / "places.ts").read_text()
    for model in (OtherPlaces, PeriodPlaces, Obstacle):
        assert fields_of(model.__name__, types) == set(model.model_fields)
    change = fields_of("Change", types)
    assert fields_of("RoomPlace", types) | change == set(RoomPlace.model_fields)
    assert {"rule", "cost"} == set(RuleChange.model_fields)
