"""A timetable is read back from its document as it was."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.random_problem import random_problem, random_timetable, with_preferences
from timetabling.penalties import FORMULATIONS
from timetabling.problem import Pin, Timetable
from timetabling.recall import recall
from timetabling.view import document


@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_read_back_is_what_was_told(seed: int) -> None:
    rng = random.Random(seed)
    rules = FORMULATIONS[rng.choice(list(FORMULATIONS))]
    pins = frozenset({Pin(0, None, 0), Pin(0, 0, None)})
    problem = replace(with_preferences(random_problem(rng), rng), pins=pins)
    timetable = Timetable(problem, random_timetable(problem, rng).lectures)
    told = json.loads(json.dumps(document(timetable, rules)))
    again, by = recall(told)
    assert (again.problem, by) == (problem, rules)
    assert sorted(again.lectures) == sorted(timetable.lectures)
    assert json.loads(json.dumps(document(again, by))) == told


@pytest.mark.parametrize("missing", ["pins", "daily_lectures", "weights", "courses"])
def test_a_document_that_tells_too_little_is_refused(missing: str) -> None:
    rng = random.Random(1)
    told = json.loads(
        json.dumps(document(random_timetable(random_problem(rng), rng), FORMULATIONS["UD2"]))
    )
    del told[missing]
    with pytest.raises(ValueError, match="expected a document of this version"):
        recall(told)
