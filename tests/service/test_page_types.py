"""The page's types have the fields that Python writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from timetabling.penalties import FORMULATIONS, RULES, formulation
from timetabling.problem import MAX_WEIGHT
from tracking.service.documents import PipelineStage, SnapshotDocument
from tracking.service.orders import Order, SoftRule
from tracking.service.places import Obstacle, OtherPlaces, PeriodPlaces, RoomPlace, RuleChange
from tracking.service.stages import StageDefinitions
from tracking.snapshot import Snapshot, Status

API = Path(__file__).parents[2] / "web" / "src" / "api"
TYPES = (API / "types.ts").read_text()


def fields_of(interface: str, types: str = TYPES) -> set[str]:
    found = re.search(rf"interface {interface}(?: extends \w+)? {{\n(.*?)\n}}", types, re.DOTALL)
    assert found
    return set(re.findall(r"^  (\w+)\??:", found[1], re.MULTILINE))


def test_a_snapshot_has_the_same_fields_on_both_sides() -> None:
    assert fields_of("ProgressInfo") == set(SnapshotDocument.model_fields)
    assert set(SnapshotDocument.model_fields) == {*Snapshot.__annotations__, "lost"}


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


def test_soft_rules_and_their_usual_weights_are_the_same_on_all_sides() -> None:
    """The service and the page import nothing of timetabling: they have lists of their own."""
    words = (API.parent / "components" / "rules.ts").read_text()
    listed = re.search(r"SOFT_RULES = \[(.*?)\]", words, re.DOTALL)
    assert listed
    # The price of a change is a parameter of its own.
    always_hard = set[str].intersection(*(set(rules.hard) for rules in FORMULATIONS.values()))
    known = set(RULES) - always_hard - {"changes"}
    assert set(re.findall(r'"(\w+)"', listed[1])) == set(get_args(SoftRule)) == known
    told = re.findall(r'name: "(\w+)",.*?weights: \{(.*?)\}', words, re.DOTALL)
    assert {
        name: {rule: int(weight) for rule, weight in re.findall(r"(\w+): (\d+)", weights)}
        for name, weights in told
    } == {name: rules.weights for name, rules in FORMULATIONS.items()}


@pytest.mark.parametrize("name", FORMULATIONS)
@pytest.mark.parametrize("rule", get_args(SoftRule))
def test_a_weight_is_taken_where_timetabling_takes_it(name: str, rule: str) -> None:
    words = (API.parent / "components" / "rules.ts").read_text()
    is_hard = rule in FORMULATIONS[name].hard
    assert (f'{name}: "{rule}"' in words) == is_hard
    for weight in (0, MAX_WEIGHT, MAX_WEIGHT + 1):
        weights = {rule: weight}
        if is_hard or weight > MAX_WEIGHT:
            with pytest.raises(ValueError, match=rule):
                formulation(name, weights)
            with pytest.raises(ValidationError, match=rule):
                Order.model_validate({"formulation": name, "weights": weights})
        else:
            formulation(name, weights)
            Order.model_validate({"formulation": name, "weights": weights})
