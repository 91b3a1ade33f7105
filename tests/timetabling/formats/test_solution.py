"""Reading and writing timetables."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from timetabling.formats import InputError, read_before, read_pins, read_solution, write_solution
from timetabling.problem import Course, Lecture, Pin, Problem, Room, Timetable

PROBLEM = Problem(
    name="small",
    num_days=2,
    periods_per_day=3,
    courses=tuple(
        Course(id=name, teacher=name, num_lectures=2, min_working_days=1, num_students=9)
        for name in ("algebra", "physics")
    ),
    rooms=(Room(id="hall", capacity=50), Room(id="lab", capacity=20)),
)
TIMETABLE = Timetable(PROBLEM, (Lecture(1, 4, 0), Lecture(0, 5, 1), Lecture(0, 0, 0)))


def _read(path: Path, content: str) -> Timetable:
    path.write_text(content, encoding="utf-8")
    return read_solution(path, PROBLEM)


def test_a_lecture_is_course_room_day_and_period(tmp_path: Path) -> None:
    timetable = _read(tmp_path / "a.sol", "physics hall 1 1\r\n\n\talgebra lab 1 2")
    assert timetable.lectures == (Lecture(1, 4, 0), Lecture(0, 5, 1))


def test_a_timetable_is_written_by_course_and_period(tmp_path: Path) -> None:
    write_solution(TIMETABLE, tmp_path / "a.sol")
    assert (
        tmp_path / "a.sol"
    ).read_text() == "algebra hall 0 0\nalgebra lab 1 2\nphysics hall 1 1\n"


def test_what_was_written_reads_back_the_same_lectures(tmp_path: Path) -> None:
    write_solution(TIMETABLE, tmp_path / "a.sol")
    assert sorted(read_solution(tmp_path / "a.sol", PROBLEM).lectures) == sorted(TIMETABLE.lectures)


def test_of_a_course_twice_at_one_period_the_first_stays_first(tmp_path: Path) -> None:
    doubled = (Lecture(0, 0, 1), Lecture(0, 0, 0))
    write_solution(Timetable(PROBLEM, doubled), tmp_path / "a.sol")
    assert read_solution(tmp_path / "a.sol", PROBLEM).lectures == doubled


@pytest.mark.parametrize("content", ["", "\n", "algebra hall 0 0\n" * 9], ids=repr)
def test_missing_and_surplus_lectures_are_not_input_errors(tmp_path: Path, content: str) -> None:
    assert len(_read(tmp_path / "a.sol", content).lectures) == content.count("hall")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("magic hall 0 0", "course: expected one of the instance, got 'magic'"),
        ("algebra attic 0 0", "room: expected one of the instance, got 'attic'"),
        ("algebra hall 2 0", "day: expected 0 to 1, got 2"),
        ("algebra hall 0 3", "period: expected 0 to 2, got 3"),
        ("algebra hall -1 0", "day: expected a whole number, in digits only, got '-1'"),
        ("algebra hall 0 +1", "'+1'"),
        ("algebra hall 0 1.0", "'1.0'"),
        ("algebra hall 0 ١", "'١'"),
        ("algebra hall 0 " + "9" * 5000, "at most 18 digits"),
        ("algebra hall 0", "expected 4 words (course room day period), got 3"),
        ("algebra hall 0 0 0", "expected 4 words (course room day period), got 5"),
        ("algebra\0hall 0 0", "binary"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, found: str) -> None:
    path = tmp_path / "a.sol"
    with pytest.raises(InputError) as caught:
        _read(path, f"algebra hall 0 0\n\n{line}\nphysics hall 0 0\n")
    assert str(caught.value).startswith(f"{path}:3: ")
    assert found in str(caught.value)


def test_one_error_names_all_problems_even_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        _read(tmp_path / "a.sol", "magic attic 7 x\nalgebra\n")
    assert all(word in str(caught.value) for word in ("magic", "attic", "7", "'x'", "a.sol:2"))


def test_a_missing_solution_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.sol: No such file"):
        read_solution(tmp_path / "none.sol", PROBLEM)


def test_a_failed_write_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(_: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.sol"
    path.write_text("before")
    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OSError, match="No space left"):
        write_solution(TIMETABLE, path)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unwritable_target_is_an_os_error_and_stays_what_it_is(tmp_path: Path) -> None:
    folder, pipe = tmp_path / "folder", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    for target in (folder, pipe, tmp_path / "none" / "a.sol", folder / ("x" * 300)):
        with pytest.raises(OSError, match=target.name[:9]):
            write_solution(TIMETABLE, target)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert not list(folder.iterdir())


def test_a_symbolic_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "link.sol").symlink_to(tmp_path / "real.sol")
    write_solution(TIMETABLE, tmp_path / "link.sol")
    assert (tmp_path / "link.sol").is_symlink()
    assert len((tmp_path / "real.sol").read_text().splitlines()) == 3


def _named(course: str, room: str) -> Problem:
    return Problem(
        name="x",
        num_days=1,
        periods_per_day=1,
        courses=(
            Course(id=course, teacher="x", num_lectures=1, min_working_days=0, num_students=0),
        ),
        rooms=(Room(id=room, capacity=1),),
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("two words", '"two words"'),
        ('5" disk', '"5"" disk"'),
        ('5"', '5"'),
        ('"x"', '"""x"""'),
        ('"', '""""'),
        (' " ', '" "" "'),
        ("می\u200cشود", "می\u200cشود"),
    ],
)
def test_a_name_with_spaces_is_put_between_quotes(tmp_path: Path, name: str, written: str) -> None:
    timetable = Timetable(_named(name, name), (Lecture(0, 0, 0),))
    write_solution(timetable, tmp_path / "a.sol")
    assert (tmp_path / "a.sol").read_text() == f"{written} {written} 0 0\n"
    assert read_solution(tmp_path / "a.sol", timetable.problem) == timetable


@pytest.mark.parametrize("name", ["a\nb", "a\x1bb", "a\u00a0b", "a\u202eb"])
def test_a_name_that_the_format_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    for problem, what in ((_named(name, "r"), "course"), (_named("c", name), "room")):
        with pytest.raises(ValueError, match=f"{what}: expected a name on one line"):
            write_solution(Timetable(problem), tmp_path / "a.sol")
    assert not list(tmp_path.iterdir())


def test_of_a_timetable_before_what_is_gone_is_told_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "old.sol"
    path.write_text("algebra hall 0 0\nalgebra attic 0 1\nmusic hall 9 0\nalgebra lab 0 0\n")
    lectures, gone = read_before(path, PROBLEM)
    assert lectures == (Lecture(0, 0, 0),)
    assert gone == (
        "old.sol:2: room: expected one of the instance, got 'attic'",
        "old.sol:3: course: expected one of the instance, got 'music'; day: expected 0 to 1, got 9",
        "old.sol:4: the course is held then already",
    )


def test_a_timetable_before_is_refused_where_it_is_none(tmp_path: Path) -> None:
    path = tmp_path / "old.sol"
    path.write_text("algebra hall 0\nattic hall today 0\n")
    with pytest.raises(InputError) as error:
        read_before(path, PROBLEM)
    first, second = str(error.value).splitlines()
    assert first == f"{path}:1: expected 4 words (course room day period), got 3"
    assert second.startswith(f"{path}:2: course: expected one of the instance, got 'attic'; day: ")


def test_pins_are_lines_of_a_timetable_with_dashes(tmp_path: Path) -> None:
    path = tmp_path / "pins"
    path.write_text("algebra hall 0 1\nalgebra - 1 1\n\nphysics lab - -\n")
    assert read_pins(path, PROBLEM) == {Pin(0, 1, 0), Pin(0, 4, None), Pin(1, None, 1)}


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("algebra - - -", ":1: expected a room, or a day and a period, got neither"),
        ("algebra - 0 -", ":1: expected a day and a period, or - for both, got 0 -"),
        ("algebra attic 0 7", ":1: room: expected one of the instance, got 'attic'; period: "),
        ("algebra - x 0", ":1: day: expected a whole number"),
        ("algebra - 0 0\nalgebra lab 0 0", ": pins: expected one for a course and period"),
        ("algebra - 0 0\nalgebra - 0 1\nalgebra - 0 2", ": pins: expected at most the 2 lectures"),
    ],
)
def test_wrong_pins_are_one_clear_error(tmp_path: Path, line: str, complaint: str) -> None:
    path = tmp_path / "pins"
    path.write_text(line)
    with pytest.raises(InputError) as error:
        read_pins(path, PROBLEM)
    assert f"{path}{complaint}" in str(error.value)
