"""Writing instances: what was written reads back as the same problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from timetabling.formats import ectt, read_problem
from timetabling.problem import Course, Curriculum, Problem, Room

SMALL = Problem(
    name="A small école",
    num_days=2,
    periods_per_day=3,
    courses=(
        Course(id="algebra", teacher="Noether", num_lectures=2, min_working_days=2, num_students=9),
        Course(
            id="physics",
            teacher="Müller",
            num_lectures=1,
            min_working_days=0,
            num_students=0,
            wants_double_lectures=True,
        ),
    ),
    rooms=(
        Room(id="hall", capacity=50, building="north"),
        Room(id="lab", capacity=0, building="s"),
    ),
    curricula=(Curriculum(id="first", courses=(1, 0)),),
    unavailable=frozenset({(0, 0), (1, 5)}),
    unsuitable=frozenset({(1, 0)}),
    daily_lectures=(1, 2),
)
WORDS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=6)
IDS = WORDS.filter(lambda word: word != "END." and not word.endswith(":"))


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    num_days, periods_per_day = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    course_ids = draw(st.lists(IDS, min_size=1, max_size=5, unique=True))
    room_ids = draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    places = st.integers(0, len(course_ids) - 1)
    periods = st.integers(0, num_days * periods_per_day - 1)
    fewest = draw(st.integers(0, 5))
    return Problem(
        name=" ".join(draw(st.lists(WORDS, min_size=1, max_size=3))),
        num_days=num_days,
        periods_per_day=periods_per_day,
        courses=tuple(
            Course(
                id=course_id,
                teacher=draw(WORDS),
                num_lectures=draw(st.integers(1, 9)),
                min_working_days=draw(st.integers(0, 9)),
                num_students=draw(st.integers(0, 999)),
                wants_double_lectures=draw(st.booleans()),
            )
            for course_id in course_ids
        ),
        rooms=tuple(
            Room(id=room_id, capacity=draw(st.integers(0, 999)), building=draw(WORDS))
            for room_id in room_ids
        ),
        curricula=tuple(
            Curriculum(
                id=curriculum_id, courses=tuple(draw(st.lists(places, min_size=1, unique=True)))
            )
            for curriculum_id in draw(st.lists(IDS, max_size=3, unique=True))
        ),
        unavailable=draw(st.frozensets(st.tuples(places, periods), max_size=5)),
        unsuitable=draw(
            st.frozensets(st.tuples(places, st.integers(0, len(room_ids) - 1)), max_size=5)
        ),
        daily_lectures=(fewest, fewest + draw(st.integers(0, 5))),
    )


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ectt") / "scratch.ectt"


@given(problem=problems())
@settings(max_examples=60, deadline=None, derandomize=True)
def test_a_written_problem_reads_back_equal(scratch: Path, problem: Problem) -> None:
    ectt.write(problem, scratch)
    assert read_problem(scratch) == problem


FAMILIES = ["itc2007", "udine", "dds", "easyacademy", "test"]


@pytest.mark.parametrize("family", [*FAMILIES, pytest.param("erlangen", marks=pytest.mark.slow)])
def test_every_real_instance_reads_and_survives_a_round_trip(
    shared_instances: Path, tmp_path: Path, family: str
) -> None:
    paths = sorted((shared_instances / family).glob("*.*tt"))
    assert paths
    for path in paths:
        problem = read_problem(path)
        if path.suffix == ".ctt":  # which does not say these
            rooms = tuple(replace(room, building="?") for room in problem.rooms)
            problem = replace(problem, rooms=rooms, daily_lectures=(0, 9))
        ectt.write(problem, tmp_path / "again.ectt")
        assert read_problem(tmp_path / "again.ectt") == problem, path


def test_both_formats_of_a_real_instance_say_the_same(
    instance_path: Callable[[str], Path],
) -> None:
    plain, extended = (read_problem(instance_path(f"itc2007/comp01.{s}")) for s in ("ctt", "ectt"))
    rooms = tuple(replace(room, building="") for room in extended.rooms)
    courses = tuple(replace(course, wants_double_lectures=False) for course in extended.courses)
    assert plain == replace(
        extended, rooms=rooms, courses=courses, unsuitable=frozenset(), daily_lectures=None
    )


def _renamed(**names: str) -> Problem:
    """Rename the problem, its first course, teacher, room, building or curriculum."""
    course, room, curriculum = SMALL.courses[0], SMALL.rooms[0], SMALL.curricula[0]
    course = replace(
        course, id=names.get("course", course.id), teacher=names.get("teacher", course.teacher)
    )
    room = replace(room, id=names.get("room", room.id), building=names.get("building", "north"))
    curriculum = replace(curriculum, id=names.get("curriculum", curriculum.id))
    return replace(
        SMALL,
        name=names.get("name", SMALL.name),
        courses=(course, *SMALL.courses[1:]),
        rooms=(room, *SMALL.rooms[1:]),
        curricula=(curriculum,),
    )


@pytest.mark.parametrize(
    ("what", "name"),
    [
        *[(what, "two words") for what in ("course", "teacher", "room", "building", "curriculum")],
        *[(what, "colon:") for what in ("course", "room", "curriculum")],
        *[(what, "END.") for what in ("course", "room", "curriculum")],
        ("building", ""),
        ("teacher", "a\u00a0b"),
        ("course", "a\nb"),
        ("room", "a\x1bb"),
        ("name", ""),
        ("name", "two  spaces"),
        ("name", " space before"),
    ],
)
def test_a_name_that_would_not_read_back_is_refused(tmp_path: Path, what: str, name: str) -> None:
    with pytest.raises(ValueError, match=what):
        ectt.write(_renamed(**{what: name}), tmp_path / "out.ectt")
    assert not list(tmp_path.iterdir())


def test_a_problem_without_daily_lectures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="daily lectures"):
        ectt.write(replace(SMALL, daily_lectures=None), tmp_path / "out.ectt")
