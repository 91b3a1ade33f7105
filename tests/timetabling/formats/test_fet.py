"""Files of FET: what maps is taken over, what does not is told, what is wrong is named by line."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from timetabling.formats import InputError, read_problem, write_problem
from timetabling.problem import Pin, Problem

FET = """\
<?xml version="1.0" encoding="UTF-8"?>
<fet version="6.20.0">
<Institution_Name>Hill School</Institution_Name>
<Days_List><Number_of_Days>2</Number_of_Days><Day><Name>Mon</Name></Day><Day><Name>Tue</Name></Day></Days_List>
<Hours_List><Hour><Name>8:00</Name></Hour><Hour><Name>9:00</Name></Hour><Hour><Name>10:00</Name></Hour></Hours_List>
<Subjects_List><Subject><Name>Maths</Name></Subject></Subjects_List>
<Activity_Tags_List><Activity_Tag><Name>quiet</Name></Activity_Tag></Activity_Tags_List>
<Teachers_List>
<Teacher><Name>Ada</Name></Teacher>
<Teacher><Name>Ben</Name></Teacher>
</Teachers_List>
<Students_List>
<Year><Name>1</Name><Number_of_Students>50</Number_of_Students>
<Group><Name>1a</Name><Number_of_Students>20</Number_of_Students></Group>
<Group><Name>1b</Name><Number_of_Students>30</Number_of_Students></Group>
</Year>
</Students_List>
<Activities_List>
<Activity><Teacher>Ada</Teacher><Subject>Maths</Subject><Students>1a</Students><Duration>2</Duration><Id>1</Id><Activity_Group_Id>1</Activity_Group_Id><Active>true</Active></Activity>
<Activity><Teacher>Ada</Teacher><Subject>Maths</Subject><Students>1a</Students><Duration>1</Duration><Id>2</Id><Activity_Group_Id>1</Activity_Group_Id><Active>true</Active></Activity>
<Activity><Teacher>Ben</Teacher><Teacher>Ada</Teacher><Subject>Sport</Subject><Students>1</Students><Duration>1</Duration><Id>3</Id><Activity_Group_Id>0</Activity_Group_Id><Active>true</Active></Activity>
<Activity><Subject>Lunch</Subject><Students>1b</Students><Duration>1</Duration><Id>4</Id><Activity_Group_Id>0</Activity_Group_Id><Active>true</Active></Activity>
<Activity><Teacher>Ben</Teacher><Subject>Chess</Subject><Duration>1</Duration><Id>5</Id><Activity_Group_Id>0</Activity_Group_Id><Active>false</Active></Activity>
</Activities_List>
<Rooms_List>
<Room><Name>Gym</Name><Building>B</Building><Capacity>60</Capacity><Virtual>false</Virtual></Room>
<Room><Name>R1</Name><Building></Building><Capacity>30</Capacity><Virtual>false</Virtual></Room>
<Room><Name>Any</Name><Capacity>30</Capacity><Virtual>true</Virtual></Room>
</Rooms_List>
<Time_Constraints_List>
<ConstraintBasicCompulsoryTime><Weight_Percentage>100</Weight_Percentage><Active>true</Active></ConstraintBasicCompulsoryTime>
<ConstraintTeacherNotAvailableTimes><Weight_Percentage>100</Weight_Percentage><Teacher>Ada</Teacher><Not_Available_Time><Day>Mon</Day><Hour>10:00</Hour></Not_Available_Time><Active>true</Active></ConstraintTeacherNotAvailableTimes>
<ConstraintStudentsSetNotAvailableTimes><Weight_Percentage>100</Weight_Percentage><Students>1b</Students><Not_Available_Time><Day>Tue</Day><Hour>8:00</Hour></Not_Available_Time><Active>true</Active></ConstraintStudentsSetNotAvailableTimes>
<ConstraintBreakTimes><Weight_Percentage>100</Weight_Percentage><Break_Time><Day>Tue</Day><Hour>10:00</Hour></Break_Time><Active>true</Active></ConstraintBreakTimes>
<ConstraintMinDaysBetweenActivities><Weight_Percentage>95</Weight_Percentage><Activity_Id>1</Activity_Id><Activity_Id>2</Activity_Id><MinDays>1</MinDays><Active>true</Active></ConstraintMinDaysBetweenActivities>
<ConstraintActivityPreferredStartingTime><Weight_Percentage>100</Weight_Percentage><Activity_Id>1</Activity_Id><Preferred_Day>Mon</Preferred_Day><Preferred_Hour>8:00</Preferred_Hour><Active>true</Active></ConstraintActivityPreferredStartingTime>
<ConstraintActivityPreferredStartingTime><Weight_Percentage>50</Weight_Percentage><Activity_Id>3</Activity_Id><Day>Mon</Day><Hour>8:00</Hour><Active>true</Active></ConstraintActivityPreferredStartingTime>
<ConstraintTeachersMaxGapsPerWeek><Weight_Percentage>100</Weight_Percentage><Max_Gaps>1</Max_Gaps><Active>true</Active></ConstraintTeachersMaxGapsPerWeek>
<ConstraintTeachersMaxGapsPerWeek><Weight_Percentage>100</Weight_Percentage><Max_Gaps>2</Max_Gaps><Active>false</Active></ConstraintTeachersMaxGapsPerWeek>
</Time_Constraints_List>
<Space_Constraints_List>
<ConstraintActivityPreferredRoom><Weight_Percentage>100</Weight_Percentage><Activity_Id>3</Activity_Id><Room>Gym</Room><Active>true</Active></ConstraintActivityPreferredRoom>
<ConstraintActivityPreferredRoom><Weight_Percentage>100</Weight_Percentage><Activity_Id>1</Activity_Id><Room>R1</Room><Active>true</Active></ConstraintActivityPreferredRoom>
<ConstraintSubjectPreferredRooms><Weight_Percentage>100</Weight_Percentage><Subject>Lunch</Subject><Number_of_Preferred_Rooms>1</Number_of_Preferred_Rooms><Preferred_Room>Gym</Preferred_Room><Active>true</Active></ConstraintSubjectPreferredRooms>
<ConstraintRoomNotAvailableTimes><Weight_Percentage>100</Weight_Percentage><Room>Gym</Room><Not_Available_Time><Day>Mon</Day><Hour>8:00</Hour></Not_Available_Time><Active>true</Active></ConstraintRoomNotAvailableTimes>
</Space_Constraints_List>
</fet>
"""


def read(tmp_path: Path, text: str = FET) -> tuple[Problem, list[str]]:
    path = tmp_path / "hill.fet"
    path.write_text(text)
    told: list[str] = []
    return read_problem(path, tell=told.append), told


def test_activities_become_courses_and_sets_of_students_curricula(tmp_path: Path) -> None:
    problem, _ = read(tmp_path)
    assert (problem.name, problem.num_days, problem.periods_per_day) == ("Hill School", 2, 3)
    maths, sport, lunch = problem.courses
    assert (maths.id, maths.teacher, maths.num_lectures) == ("Maths 1a", "Ada", 3)
    assert (maths.num_students, maths.min_working_days) == (20, 2)
    assert maths.wants_double_lectures
    assert (sport.id, sport.teacher, sport.num_students) == ("Sport 1", "Ben", 50)
    assert lunch.teacher == "(none: Lunch 1b)"
    assert [(room.id, room.capacity, room.building) for room in problem.rooms] == [
        ("Gym", 60, "B"), ("R1", 30, ""),
    ]  # fmt: skip
    # Ada shares Sport with Ben, and has Maths: her courses are those of 1a, which stands for both.
    assert {frozenset(q.courses) for q in problem.curricula} == {
        frozenset({0, 1}), frozenset({1, 2}),
    }  # fmt: skip


def test_times_and_rooms_become_periods_pins_and_unsuitable_rooms(tmp_path: Path) -> None:
    problem, _ = read(tmp_path)
    assert problem.unavailable == {
        (0, 2), (1, 2),  # Ada
        (1, 3), (2, 3),  # 1b
        (0, 5), (1, 5), (2, 5),  # the break
    }  # fmt: skip
    assert problem.pins == {Pin(0, 0, 1), Pin(0, 1, 1), Pin(1, None, 0)}
    assert problem.unsuitable == {(2, 1)}


def test_what_does_not_map_is_told_with_its_number(tmp_path: Path) -> None:
    _, told = read(tmp_path)
    for said in (
        "left out: 1 x ConstraintTeachersMaxGapsPerWeek: there is no such rule here",
        "left out: 1 x ConstraintTeachersMaxGapsPerWeek: switched off",
        "left out: 1 x ConstraintRoomNotAvailableTimes: there is no such rule here",
        "left out: 1 x ConstraintActivityPreferredStartingTime: a wish (below 100 %)",
        "left out: 1 x an activity that is switched off",
        "left out: 1 x an activity tag",
        "left out: 1 x a virtual room",
        "changed: each hour of the 1 activities of several hours",
        "changed: 1 teachers share activities",
        "changed: 1 courses have no teacher",
    ):
        assert sum(line.startswith(said) for line in told) == 1, told


def test_rooms_of_which_one_is_virtual_rule_no_room_out(tmp_path: Path) -> None:
    gym = "<Preferred_Room>Gym</Preferred_Room>"
    problem, told = read(tmp_path, FET.replace(gym, f"{gym}{gym.replace('Gym', 'Any')}"))
    assert not problem.unsuitable
    said = "left out: 1 x ConstraintSubjectPreferredRooms: it names no room, or a virtual one"
    assert said in told


def test_of_two_lists_of_rooms_with_none_in_common_the_first_is_kept(tmp_path: Path) -> None:
    lists = "".join(
        "<ConstraintActivityPreferredRooms><Activity_Id>4</Activity_Id>"
        f"<Preferred_Room>{room}</Preferred_Room></ConstraintActivityPreferredRooms>"
        for room in ("Gym", "R1")
    )
    subject = FET.index("<ConstraintSubjectPreferredRooms>"), FET.index("<ConstraintRoomNot")
    problem, told = read(tmp_path, FET[: subject[0]] + lists + FET[subject[1] :])
    assert problem.unsuitable == {(2, 1)}
    assert [line for line in told if "ConstraintActivityPreferredRooms" in line] == [
        "left out: 1 x ConstraintActivityPreferredRooms: the activity has others already, none of "
        "these"
    ]


@pytest.mark.parametrize("kind", ["Subject", "Activity"])
def test_rooms_of_a_subject_stay_where_another_list_has_none_of_them(
    tmp_path: Path, kind: str
) -> None:
    before, whole = read(tmp_path, FET)
    what = {"Subject": "<Subject>Lunch</Subject>", "Activity": "<Activity_Id>4</Activity_Id>"}[kind]
    other = (
        f"<Constraint{kind}PreferredRooms>{what}<Preferred_Room>R1</Preferred_Room>"
        f"</Constraint{kind}PreferredRooms>"
    )
    at = FET.index("<ConstraintRoomNot")
    problem, told = read(tmp_path, FET[:at] + other + FET[at:])
    assert problem.unsuitable == before.unsuitable
    (said,) = set(told) - set(whole)
    assert said.startswith(f"left out: 1 x Constraint{kind}PreferredRooms: the subject has others")


def test_whoever_does_not_ask_is_warned(tmp_path: Path) -> None:
    (tmp_path / "hill.fet").write_text(FET)
    _, told = read(tmp_path)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        read_problem(tmp_path / "hill.fet")
    assert [str(warning.message) for warning in warned] == told


def test_without_rooms_there_is_one_for_each_teacher(tmp_path: Path) -> None:
    start, end = FET.index("<Rooms_List>"), FET.index("</Rooms_List>")
    space = FET.index("<Space_Constraints_List>")
    text = f"{FET[:start]}<Rooms_List>{FET[end:space]}</fet>"
    problem, told = read(tmp_path, text)
    assert [room.capacity for room in problem.rooms] == [50, 50, 50]
    assert "changed: there is no room; a room for each of 3 teachers stands for them" in told


def test_what_was_read_can_be_kept_as_tables(tmp_path: Path) -> None:
    problem, _ = read(tmp_path)
    write_problem(problem, tmp_path / "hill.xlsx")
    assert read_problem(tmp_path / "hill.xlsx") == problem


BROKEN: dict[str, tuple[Callable[[str], str | bytes], int, str]] = {
    "another document": (lambda t: "<html/>", 1, "expected an element fet, as FET writes"),
    "nothing": (lambda t: "", 1, "expected XML, got no element found"),
    "no XML": (lambda t: "PK\3\4", 1, "expected XML"),
    "cut off": (lambda t: t[: t.index("<Rooms_List>") + 4], 25, "expected XML"),
    "a document type": (lambda t: t.replace("<fet ", "<!DOCTYPE fet>\n<fet "), 2, "document type"),
    "an entity": (lambda t: t.replace("Hill", "&hill;"), 3, "undefined entity"),
    "Windows-1252": (lambda t: t.replace("Hill", "Hüll").encode("cp1252"), 3, "expected XML"),
    "no days": (lambda t: t.replace("Day>", "Dya>"), 4, "Days_List: expected 1 to 60, got 0"),
    "a day twice": (lambda t: t.replace(">Tue<", ">Mon<", 1), 4, "got 'Mon' again"),
    "a long activity": (
        lambda t: t.replace("<Duration>2", "<Duration>many"), 19, "Duration: expected a whole",
    ),
    "no duration": (
        lambda t: t.replace("<Duration>2</Duration>", ""), 19, "Duration: expected a whole number",
    ),
    "an activity twice": (lambda t: t.replace("<Id>2<", "<Id>1<"), 20, "got '1' again"),
    "an unknown teacher": (
        lambda t: t.replace("<Teacher>Ben</Teacher><Teacher>", "<Teacher>Benn</Teacher><Teacher>"),
        21, "one of the teachers of this file, got 'Benn'; did you mean 'Ben'?",
    ),
    "unknown students": (
        lambda t: t.replace("<Students>1</Students>", "<Students>1c</Students>"), 21,
        "one of the sets of students of this file, got '1c'; did you mean '1",
    ),
    "no activities": (
        lambda t: t.replace("true</Active></Activity>", "false</Active></Activity>"),
        18, "expected at least one activity, got none",
    ),
    "a room twice": (lambda t: t.replace("<Name>R1", "<Name>Gym"), 27, "got 'Gym'"),
    "a huge room": (lambda t: t.replace(">60<", ">9999999<"), 26, "Capacity: expected 0 to"),
    "an unknown hour": (
        lambda t: t.replace("<Hour>10:00</Hour></Not", "<Hour>10.00</Hour></Not"), 32,
        "one of the hours of this file, got '10.00'; did you mean '10:00'?",
    ),
    "a weight in words": (lambda t: t.replace(">95<", ">most<"), 35, "a number, got 'most'"),
    "an activity past the day": (
        lambda t: t.replace("<Preferred_Hour>8:00", "<Preferred_Hour>10:00"), 36,
        "from which 2 hours fit into the day, got hour 3 of 3",
    ),
    "an unknown room": (
        lambda t: t.replace("<Room>R1<", "<Room>R7<"), 43,
        "one of the rooms of this file, got 'R7'",
    ),
    "an unknown activity": (
        lambda t: t.replace(">3</Activity_Id><Room>", ">33</Activity_Id><Room>"),
        42, "one of the activities of this file, got '33'",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edit", "line", "found"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_named(
    tmp_path: Path, edit: Callable[[str], str | bytes], line: int, found: str
) -> None:
    path = tmp_path / "hill.fet"
    text = edit(FET)
    assert text != FET
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        read_problem(path)
    lines = [x for x in str(caught.value).splitlines() if found in x]
    assert lines, caught.value
    assert lines[0].startswith(f"{path}:{line}: "), lines


def test_every_cut_of_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hill.fet"
    for length in range(0, len(FET) - len("</fet>\n"), 41):
        path.write_text(FET[:length])
        with pytest.raises(InputError):
            read_problem(path)
