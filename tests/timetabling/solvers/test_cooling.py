"""Temperatures follow from the instance's figures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from timetabling.generator import generate
from timetabling.kernels.model import Model, compile_model
from timetabling.penalties import formulation
from timetabling.problem import Problem, Room
from timetabling.solvers.cooling import END_OF_COOLING, Cooling, choose_heat, plan_generation

PROBLEM = generate(60, seed=1).problem


def with_rooms(problem: Problem, number: int) -> Model:
    """The same with so many rooms, in which all courses fit."""
    rooms = tuple(Room(id=f"r{i}", capacity=1000) for i in range(number))
    return compile_model(replace(problem, rooms=rooms, unsuitable=frozenset()), formulation("UD2"))


def test_the_more_rooms_to_choose_from_the_colder_the_end() -> None:
    ends = [choose_heat(with_rooms(PROBLEM, number)).end for number in (2, 8, 80, 800)]
    assert ends == sorted(ends, reverse=True)
    assert ends[0] == END_OF_COOLING
    assert ends[-1] < ends[-2] < END_OF_COOLING


@pytest.mark.parametrize("name", ["UD1", "UD4"])
def test_where_rooms_cost_nothing_their_number_does_not_matter(name: str) -> None:
    rules = formulation(name)
    assert "room_stability" not in rules.weights
    rooms = tuple(Room(id=f"r{i}", capacity=1000) for i in range(800))
    many = replace(PROBLEM, rooms=rooms, unsuitable=frozenset())
    assert choose_heat(compile_model(many, rules)).end == END_OF_COOLING


def test_a_cooling_ends_at_its_end() -> None:
    heat = choose_heat(with_rooms(PROBLEM, 80))
    last = plan_generation(1, 59, heat, 0.9, 1.0, Cooling(0.1, 1.0))
    assert last.temperatures[1] == pytest.approx(heat.end)
