"""Temperatures follow from the instance's figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from timetabling.generator import generate
from timetabling.kernels.model import Model, compile_model
from timetabling.penalties import formulation, price_changes
from timetabling.problem import Lecture, Room
from timetabling.solvers.cooling import END_OF_COOLING, Cooling, choose_heat, plan_generation

PROBLEM = generate(60, seed=1).problem


def with_rooms(number: int, rules: str = "UD2") -> Model:
    """The problem with so many rooms, in which all courses fit."""
    rooms = tuple(Room(id=f"r{i}", capacity=1000) for i in range(number))
    problem = replace(PROBLEM, rooms=rooms, unsuitable=frozenset())
    return compile_model(problem, formulation(rules))


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


def test_a_cooling_ends_at_its_end() -> None:
    heat = choose_heat(with_rooms(80))
    last = plan_generation(1, 59, heat, 0.9, 1.0, Cooling(0.1, 1.0))
    assert last.temperatures[1] == pytest.approx(heat.end)
