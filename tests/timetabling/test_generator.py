"""Generated instances: solvable, repeatable, and like real ones in the figures promised."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timetabling.formats import ectt, read_problem, write_solution
from timetabling.generator import generate
from timetabling.penalties import FORMULATIONS, evaluate

EXAMPLES = Path(__file__).parents[2] / "examples"

sizes = st.integers(1, 90)
seeds = st.integers(0, 2**32)


@settings(max_examples=25, deadline=None)
@given(size=sizes, seed=seeds, num_days=st.integers(2, 7), periods_per_day=st.integers(3, 12))
def test_the_witness_breaks_no_hard_rule_of_any_formulation(
    size: int, seed: int, num_days: int, periods_per_day: int
) -> None:
    problem, witness = generate(size, seed=seed, num_days=num_days, periods_per_day=periods_per_day)
    assert len(problem.courses) == size
    assert problem.num_days == num_days
    assert problem.periods_per_day == periods_per_day
    for rules in FORMULATIONS.values():
        assert evaluate(witness, rules).num_violations == 0


@pytest.mark.parametrize("formulation", FORMULATIONS)
def test_an_independent_judge_finds_the_witness_feasible(
    formulation: str, tmp_path: Path, judge: Callable[[Path, Path, str], dict[str, Any]]
) -> None:
    problem, witness = generate(60, seed=2)
    ectt.write(problem, tmp_path / "made.ectt")
    write_solution(witness, tmp_path / "made.sol")
    answer = judge(tmp_path / "made.ectt", tmp_path / "made.sol", formulation)
    assert answer["violations"] == 0
    assert answer["cost"] == evaluate(witness, FORMULATIONS[formulation]).cost


@settings(max_examples=10, deadline=None)
@given(size=sizes, seed=seeds)
def test_the_witness_seats_everybody_and_keeps_each_course_in_one_room(
    size: int, seed: int
) -> None:
    penalties = evaluate(generate(size, seed=seed).witness, FORMULATIONS["UD2"]).penalties
    assert penalties["room_capacity"] == 0
    assert penalties["room_stability"] == 0


@settings(max_examples=5, deadline=None)
@given(size=sizes, seed=seeds)
def test_the_same_arguments_make_the_same_instance(size: int, seed: int) -> None:
    assert generate(size, seed=seed) == generate(size, seed=seed)


def test_another_seed_makes_another_instance() -> None:
    instances = [generate(30, seed=seed, name="one name").problem for seed in range(10)]
    assert all(a != b for i, a in enumerate(instances) for b in instances[:i])


@settings(max_examples=15, deadline=None, derandomize=True)
@given(size=st.integers(40, 200), seed=seeds)
def test_the_figures_are_those_promised(size: int, seed: int) -> None:
    problem = generate(size, seed=seed).problem
    week = problem.num_periods
    assert 0.5 <= problem.num_lectures / (len(problem.rooms) * week) <= 0.75

    of_course = [course.num_lectures for course in problem.courses]
    assert min(of_course) >= 1
    assert max(of_course) <= 6
    of_curriculum = [sum(of_course[c] for c in q.courses) for q in problem.curricula]
    assert max(of_curriculum) <= 0.75 * week
    assert 0.35 <= mean(of_curriculum) / week <= 0.65
    assert {c for q in problem.curricula for c in q.courses} == set(range(size))

    assert max(Counter(course.teacher for course in problem.courses).values()) <= 4
    assert 4.5 <= mean(map(len, problem.conflicts)) <= 11.5
    assert 0.05 <= len(problem.unavailable) / (size * week) <= 0.35
    assert 0.03 <= len(problem.unsuitable) / (size * len(problem.rooms)) <= 0.35


def test_curricula_share_courses_with_each_other_and_with_other_departments() -> None:
    problem = generate(120, seed=1).problem
    curricula_of_course = Counter(c for q in problem.curricula for c in q.courses)
    assert mean(curricula_of_course.values()) > 1.5
    department = [re.sub(r"\d+", "", course.id) for course in problem.courses]
    assert any(len({department[c] for c in q.courses}) > 1 for q in problem.curricula)


def test_large_rooms_are_few() -> None:
    capacities = sorted(room.capacity for room in generate(400, seed=1).problem.rooms)
    assert capacities[-1] > 5 * capacities[len(capacities) // 2]


def test_teachers_are_away_for_whole_days_or_halves_of_them() -> None:
    problem = generate(60, seed=1, periods_per_day=6).problem
    away: dict[int, set[int]] = {}
    for c, p in problem.unavailable:
        away.setdefault(c, set()).add(p)
    for periods in away.values():
        halves = Counter(p // 3 for p in periods)
        assert set(halves.values()) == {3}


def test_names_are_unique_and_have_no_spaces_even_with_hundreds_of_departments() -> None:
    problem = generate(2_000, seed=1).problem
    names = [
        *(course.id for course in problem.courses),
        *{course.teacher for course in problem.courses},
        *(room.id for room in problem.rooms),
        *(room.building for room in problem.rooms),
        *(curriculum.id for curriculum in problem.curricula),
        problem.name,
    ]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9-]+", name)] == []
    assert len({course.id for course in problem.courses}) == 2_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 5, 6), "courses: expected 1 to 10000, got 0"),
        ((10_001, 5, 6), "courses: expected 1 to 10000, got 10001"),
        ((10, 1, 6), "days: expected 2 to 7, got 1"),
        ((10, 5, 2), "periods a day: expected 3 to 20, got 2"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: tuple[int, int, int], message: str) -> None:
    size, num_days, periods_per_day = arguments
    with pytest.raises(ValueError, match=message):
        generate(size, seed=0, num_days=num_days, periods_per_day=periods_per_day)


def test_the_examples_are_what_their_readme_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    program = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
    assert program
    (tmp_path / "examples").mkdir()
    monkeypatch.chdir(tmp_path)
    exec(program[1], {})
    made = sorted((tmp_path / "examples").iterdir())
    assert [path.name for path in made] == sorted(path.name for path in EXAMPLES.glob("*.ectt"))
    for path in made:
        assert path.read_bytes() == (EXAMPLES / path.name).read_bytes()
        problem = read_problem(path)
        figures = (
            len(problem.courses),
            problem.num_lectures,
            len(problem.rooms),
            len(problem.curricula),
            f"{problem.num_days} days of {problem.periods_per_day} periods",
        )
        assert f"| `{path.name}` | {' | '.join(map(str, figures))} |" in readme
