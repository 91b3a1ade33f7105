"""What earlier runs say of the next one."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.accuracy import Look, accuracy
from tracking.history import Record, forecast, learned
from tracking.plan import DEFAULT, Plan, Stage
from tracking.store import Store

TWO = Plan("two", (Stage("a", "First", 0, 50), Stage("b", "Second", 50, 100)), learned=True)


def run(
    a: float,
    b: float,
    *,
    size: float | None = None,
    expected: dict[str, float] | None = None,
    status: str = "completed",
) -> Record:
    return Record("job", "two", "", status, 0, {"a": a, "b": b}, expected or {}, size)


def test_without_earlier_runs_nothing_is_forecast() -> None:
    assert forecast([], expected={"a": 5}, size=3) == {}


def test_runs_alike_forecast_the_next_one_and_more_of_them_narrow_the_range() -> None:
    one = forecast([run(10, 20)], expected={}, size=None)["a"]
    many = forecast([run(10, 20)] * 20, expected={}, size=None)["a"]
    assert one.seconds == many.seconds == pytest.approx(10)
    assert one.low < many.low < 10 < many.high < one.high


def test_runs_that_were_not_completed_say_nothing() -> None:
    runs = [run(10, 20), run(1, 1, status="cancelled"), run(99, 99, status="failed")]
    assert forecast(runs, expected={}, size=None)["b"].seconds == pytest.approx(20)


def test_a_larger_problem_takes_as_much_longer_as_earlier_ones_did() -> None:
    runs = [run(size**2 / 100, size / 10, size=size) for size in (50, 100, 200, 400) for _ in "xy"]
    found = forecast(runs, expected={}, size=800)
    assert found["a"].seconds == pytest.approx(6400, rel=0.25)  # quadratic
    assert found["b"].seconds == pytest.approx(80, rel=0.05)  # linear
    alone = forecast(runs[:1], expected={}, size=100)
    assert alone["a"].seconds == pytest.approx(2 * 25)  # from one run alone: linear


def test_what_the_caller_expects_is_corrected_by_how_that_went_before() -> None:
    runs = [run(12, 20, expected={"a": 10}), run(24, 21, expected={"a": 20})]
    found = forecast(runs, expected={"a": 100, "b": 5}, size=None)
    assert found["a"].seconds == pytest.approx(120)
    assert "b" not in found, "it was never expected before: nothing is known of such expectations"


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            run,
            st.floats(0, 1e6),
            st.floats(0, 1e6),
            size=st.none() | st.floats(0, 1e9),
            expected=st.fixed_dictionaries({}, optional={"a": st.floats(0, 1e6)}),
        ),
        max_size=6,
    ),
    st.fixed_dictionaries({}, optional={"a": st.floats(0, 1e6)}),
    st.none() | st.floats(0, 1e9),
)
def test_forecasts_are_numbers_within_their_range(
    runs: list[Record], expected: dict[str, float], size: float | None
) -> None:
    for found in forecast(runs, expected=expected, size=size).values():
        assert 0 < found.low <= found.seconds <= found.high < math.inf


def test_learned_weights_follow_the_durations_and_every_stage_stays_visible() -> None:
    plan = learned(TWO, {"a": 30, "b": 10})
    assert plan.stages[0].weight == pytest.approx(75, abs=0.5)
    tiny = learned(TWO, {"a": 1000, "b": 0.001})
    assert tiny.stages[1].weight >= 0.2
    assert [stage.label for stage in plan.stages] == ["First", "Second"]
    assert plan.learned


def test_nothing_is_learned_while_a_stage_is_unknown() -> None:
    assert learned(TWO, {"a": 30}) is TWO
    assert learned(TWO, {"a": 0, "b": 0}) is TWO


@settings(deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=5, max_size=5))
def test_learned_weights_always_make_a_plan(seconds: list[float]) -> None:
    ids = [stage.id for stage in DEFAULT.stages]
    plan = learned(DEFAULT, dict(zip(ids, seconds, strict=True)))
    assert [stage.id for stage in plan.stages] == ids
    assert plan.stages[-1].end == 100


def test_a_record_survives_its_journey_through_redis(redis_url: str) -> None:
    store = Store(redis_url)
    first, second = run(1, 2, size=7, expected={"a": 3}), run(2, 3)
    for record in (first, second):
        store.remember(record)
    assert store.history("two", "") == [second, first]
    assert store.history("two", "nightly") == []
    assert sorted(record.seconds["a"] for record in store.histories()) == [1, 2]


def test_only_the_last_fifty_runs_are_remembered(redis_url: str) -> None:
    store = Store(redis_url)
    for seconds in range(60):
        store.remember(run(seconds, 1))
    kept = [record.seconds["a"] for record in store.history("two", "")]
    assert kept == list(range(59, 9, -1))


def test_a_perfect_time_left_has_no_error_and_a_constant_one_has_much() -> None:
    perfect = [Look(t, 10 * t, 10 - t, 9 - t, 11 - t) for t in range(10)]
    judged = accuracy(perfect, 10)
    assert judged is not None
    assert judged.eta_error == judged.bar_error == 0
    assert judged.in_range == 1
    constant = accuracy([Look(t, 50, 10, 20, 30) for t in range(10)], 10)
    assert constant is not None
    assert constant.eta_error == pytest.approx(1.0, abs=0.15)
    assert constant.in_range == 0


def test_nothing_said_is_an_error_of_all_that_is_left() -> None:
    judged = accuracy([Look(t, 0, None) for t in range(10)], 10)
    assert judged is not None
    assert judged.eta_error == 1
    assert accuracy([], 10) is None
