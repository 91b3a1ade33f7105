"""Temperatures follow from the instance's figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from timetabling.generator import generate
from timetabling.kernels.model import Model, compile_model
from timetabling.penalties import formulation, price_changes
from timetabling.problem import Lecture, Problem, Room
from timetabling.solvers.cooling import (
    COOLEST_START,
    END_OF_COOLING,
    Cooling,
    Heat,
    choose_heat,
    plan_generation,
)

PROBLEM = generate(60, seed=1).problem


def with_rooms(number: int, rules: str = "UD2") -> Model:
    """The problem with so many rooms, in which all courses fit."""
    rooms = tuple(Room(id=f"r{i}", capacity=1000) for i in range(number))
    problem = replace(PROBLEM, rooms=rooms, unsuitable=frozenset())
    return compile_model(problem, formulation(rules))


def with_curricula(copies: int) -> Problem:
    """The problem with so many of each curriculum."""
    curricula = enumerate(PROBLEM.curricula * copies)
    return replace(PROBLEM, curricula=tuple(replace(q, id=f"q{i}") for i, q in curricula))


def test_the_more_rooms_to_choose_from_the_colder_the_end() -> None:
    ends = [choose_heat(with_rooms(number)).end for number in (2, 8, 80, 800)]
    assert ends == sorted(ends, reverse=True)
    assert ends[0] == END_OF_COOLING
    assert ends[-1] < ends[-2] < END_OF_COOLING


@pytest.mark.parametrize("name", ["UD1", "UD4"])
def test_where_rooms_cost_nothing_their_number_does_not_matter(name: str) -> None:
    assert "room_stability" not in formulation(name).weights
    assert choose_heat(with_rooms(800, name)).end == END_OF_COOLING


@pytest.mark.parametrize(("price", "is_mild"), [(0, False), (1, True)])
def test_cooling_starts_mild_where_changes_to_a_timetable_before_cost(
    price: int, is_mild: bool
) -> None:
    rules = price_changes(formulation("UD2"), price)
    usual = choose_heat(compile_model(PROBLEM, rules))
    past = replace(PROBLEM, before=(Lecture(0, 0, 0),))
    heat = choose_heat(compile_model(past, rules))
    assert heat.end < heat.start
    assert (heat.start < usual.start) == is_mild
    assert heat._replace(start=usual.start) == usual


@pytest.mark.parametrize("lingers", [False, True])
def test_a_cooling_falls_from_its_start_to_its_end(lingers: bool) -> None:
    heat = Heat(sweep=20.0, start=15.0, end=0.14, violation_weight=200.0, lingers=lingers)
    falling = [heat.after(share / 50) for share in range(51)]
    assert falling == sorted(falling, reverse=True)
    assert [falling[0], falling[-1]] == pytest.approx([15.0, 0.14])


def test_a_cooling_that_lingers_has_more_time_around_a_fifth_of_its_start() -> None:
    usual = Heat(sweep=20.0, start=15.0, end=0.14, violation_weight=200.0)

    def share_of_time_there(heat: Heat) -> float:
        return sum(1.5 < heat.after(share / 1000) < 6.0 for share in range(1000)) / 1000

    assert share_of_time_there(usual._replace(lingers=True)) > 1.5 * share_of_time_there(usual)


def test_where_courses_have_many_curricula_cooling_lingers() -> None:
    few, many = (compile_model(with_curricula(copies), formulation("UD2")) for copies in (1, 20))
    assert (choose_heat(few).lingers, choose_heat(many).lingers) == (False, True)


@pytest.mark.parametrize("many", [1, 3, 20])
@pytest.mark.parametrize("copies", [1, 20])
def test_temperatures_rise_as_all_weights_do(many: int, copies: int) -> None:
    rules = formulation("UD2")
    dear = replace(rules, weights={rule: many * w for rule, w in rules.weights.items()})
    problem = with_curricula(copies)
    usual, heat = (choose_heat(compile_model(problem, each)) for each in (rules, dear))
    assert heat == pytest.approx(tuple(many * x for x in usual[:4]) + usual[4:])


def test_it_ends_no_warmer_than_a_seat_that_costs_as_little_as_ever_allows() -> None:
    rooms = tuple(replace(room, capacity=20) for room in PROBLEM.rooms)
    problem = replace(PROBLEM, rooms=rooms)
    usual = formulation("UD2")
    dear = {rule: 10 * w for rule, w in usual.weights.items() if rule != "room_capacity"}
    heat, hot = (
        choose_heat(compile_model(problem, rules)) for rules in (usual, formulation("UD2", dear))
    )
    assert hot.end == heat.end
    assert hot.start == pytest.approx(10 * heat.start)


@pytest.mark.parametrize("name", ["UD1", "UD2", "UD3", "UD4", "UD5"])
def test_no_formulation_has_weights_that_are_raised(name: str) -> None:
    heat = choose_heat(compile_model(PROBLEM, formulation(name)))
    assert heat.start == COOLEST_START
    assert heat.end <= END_OF_COOLING


@pytest.mark.parametrize(
    ("rule", "is_of_periods"),
    [("isolated_lectures", True), ("min_working_days", True), ("room_stability", False)],
)
def test_a_weight_raised_alone_makes_the_start_hotter_if_it_is_of_periods(
    rule: str, is_of_periods: bool
) -> None:
    usual = choose_heat(compile_model(PROBLEM, formulation("UD2")))
    heat = choose_heat(compile_model(PROBLEM, formulation("UD2", {rule: 50})))
    assert usual.start <= heat.start < 10 * usual.start
    assert (usual.start < heat.start) == is_of_periods
    assert heat.end == usual.end


def test_a_cooling_ends_at_its_end() -> None:
    heat = choose_heat(with_rooms(80))
    last = plan_generation(1, 59, heat, 0.9, 1.0, Cooling(0.1, 1.0, 0))
    assert last.temperatures[1] == pytest.approx(heat.end)
