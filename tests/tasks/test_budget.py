"""How a budget is split, and how a job is told to stop."""

from __future__ import annotations

import time

import pytest

from tasks.budget import Allowance, Budget
from tasks.stopping import is_cancelled, is_stopped, searching, stop_searching

SHARES = {"first": 0.25, "second": 0.5, "third": 0.25}


def test_a_stopped_job_stops_its_searches_and_its_id_can_be_used_again() -> None:
    stop = Allowance("job", seconds=3600).stop()
    with searching("job"):
        assert not stop()
        stop_searching("job", cancel=False)
        assert is_stopped("job")
        assert stop()
        assert not is_stopped("another")
    assert not is_stopped("job")


def test_a_cancelled_job_is_stopped_and_stays_cancelled_when_it_is_told_to_finish() -> None:
    with searching("job"):
        stop_searching("job", cancel=True)
        stop_searching("job", cancel=False)
        assert is_stopped("job")
        assert is_cancelled("job")
        assert not is_cancelled("another")
    assert not is_cancelled("job")


@pytest.mark.parametrize(
    ("passed", "stage", "turns_left", "expected"),
    [
        (0, "first", 1, 25),
        (0, "second", 1, 75),  # what the first does not use is the second's
        (30, "second", 1, 45),
        (30, "second", 9, 5),
        (30, "first", 1, 0),
        (90, "third", 1, 10),
        (200, "third", 1, 0),
    ],
)
def test_a_stage_has_the_time_until_its_end_shared_by_its_turns(
    passed: float, stage: str, turns_left: int, expected: float
) -> None:
    budget = Budget("job", time.time() - passed, 100, None, SHARES)
    allowance = budget.allow(stage, turns_left=turns_left)
    assert allowance.work is None
    assert allowance.seconds == pytest.approx(expected, abs=1)


def test_what_a_stage_leaves_over_is_expected_of_the_next() -> None:
    budget = Budget("job", 1000.0, 100, None, SHARES)
    assert budget.expected_seconds("first", now=1000) == {"first": 25, "second": 50, "third": 25}
    assert budget.expected_seconds("second", now=1010) == {"second": 65, "third": 25}
    assert budget.expected_seconds("third", now=1200) == {"third": 0}
    assert Budget("job", 0.0, 100, 1000, SHARES).expected_seconds("first", now=0) == {}


def test_a_call_in_spans_ends_when_it_would_have_at_one_go_and_a_resumed_one_has_its_rest() -> None:
    call = Budget("job", time.time(), 100, None, SHARES).allow("second")
    late = Budget("job", time.time() - 45, 100, None, SHARES)
    rest = late.go_on("second", call, used=0.5)  # should have been reached after 37.5 s
    assert rest.used == 0.5
    assert (1 - rest.used) * rest.seconds == pytest.approx(30, abs=1)
    again = Budget("job", time.time(), 100, None, SHARES)
    assert again.go_on("second", call, used=0.5).seconds == pytest.approx(75, abs=1)
    assert again.go_on("second", call, used=1.0).stop().fraction() == 1.0
    by_work = Budget("job", 0.0, 100, 1000, SHARES)
    stop = by_work.go_on("second", by_work.allow("second"), used=0.2).stop()
    assert stop.work_left == 400


def test_work_is_shared_by_the_calls_of_a_stage_whatever_the_time() -> None:
    budget = Budget("job", 0.0, 100, 1000, SHARES)
    assert budget.allow("second", calls=5).work == 100
    stop = budget.allow("second", calls=5).stop()
    stop.spend(99)
    assert not stop()
    stop.spend(1)
    assert stop()
