"""Mutated files: whatever the damage, reading ends with a valid problem or with `InputError`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from timetabling.formats import InputError, ectt, read_problem, read_solution
from timetabling.generator import generate
from timetabling.problem import Problem

T = TypeVar("T")
NASTY = [
    *("", " ", "-1", "0", "1", "+3", "1_000", "1.5", "1e9", "nan", "inf", "0x10", "٣", "²", "⅔"),
    *(
        "1000000000",
        "9" * 30,
        "9" * 5000,
        "x" * 500,
        "é",
        "\ufeff",
        "\u2028",
        "\x85",
        "\x00",
        "\x1b",
    ),
    *(
        ":",
        "END.",
        "Days:",
        "Name:",
        "COURSES:",
        "ROOMS:",
        "HALLS:",
        "Courses: 3",
        "ROOMS:\nROOMS:",
    ),
]
Mutation = tuple[str, int, int, str]
MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "drop", "double", "swap", "replace", "insert", "cut"]),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.sampled_from(NASTY),
    ),
    max_size=5,
)


def _mutate(data: bytes, mutations: list[Mutation]) -> bytes:
    for kind, a, b, word in mutations:
        lines = data.split(b"\n")
        i, j = a % len(lines), b % len(lines)
        if kind == "flip":
            at = a % max(1, len(data))
            data = data[:at] + bytes([b % 256]) + data[at + 1 :]
        elif kind == "cut":
            data = data[: a % (len(data) + 1)]
        else:
            if kind == "drop":
                del lines[i]
            elif kind == "double":
                lines.insert(j, lines[i])
            elif kind == "swap":
                lines[i], lines[j] = lines[j], lines[i]
            else:
                words = lines[i].split(b" ")
                at = b % len(words)
                words[at : at + (kind == "replace")] = [word.encode()]
                lines[i] = b" ".join(words)
            data = b"\n".join(lines)
    return data


def _value_or_complaint(read: Callable[[], T]) -> T | str:
    try:
        return read()
    except InputError as error:
        return str(error)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(scope="session")
def problem() -> Problem:
    return generate(8, seed=3).problem


@pytest.fixture(scope="session")
def healthy(folder: Path, problem: Problem) -> bytes:
    ectt.write(problem, folder / "healthy.ectt")
    return (folder / "healthy.ectt").read_bytes()


@given(mutations=MUTATIONS)
@example(mutations=[])
@settings(max_examples=400, deadline=None, derandomize=True)
def test_a_mutated_instance_is_a_problem_or_an_input_error(
    folder: Path, healthy: bytes, mutations: list[Mutation]
) -> None:
    path = folder / "mutated.ectt"
    path.write_bytes(_mutate(healthy, mutations))
    read = _value_or_complaint(lambda: read_problem(path))
    if isinstance(read, str):
        assert read.startswith(f"{path}:")
    else:
        ectt.write(read, folder / "again.ectt")
        assert read_problem(folder / "again.ectt") == read


@given(mutations=MUTATIONS)
@example(mutations=[])
@settings(max_examples=200, deadline=None, derandomize=True)
def test_a_mutated_solution_is_a_timetable_or_an_input_error(
    folder: Path, problem: Problem, mutations: list[Mutation]
) -> None:
    path = folder / "mutated.sol"
    lines = [
        f"{course.id} {problem.rooms[0].id} {c % problem.num_days} 0"
        for c, course in enumerate(problem.courses)
    ]
    path.write_bytes(_mutate("\n".join(lines).encode(), mutations))
    timetable = _value_or_complaint(lambda: read_solution(path, problem))
    if isinstance(timetable, str):
        assert timetable.startswith(f"{path}:")
    else:
        assert timetable.problem is problem


@given(data=st.binary(max_size=200))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_random_bytes_are_an_input_error(folder: Path, data: bytes) -> None:
    path = folder / "random.ctt"
    path.write_bytes(data)
    with pytest.raises(InputError):
        read_problem(path)
