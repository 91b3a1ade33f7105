"""Files that are not what they should be: each is refused with one error, by file and line."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from timetabling.formats import InputError, read_problem, text

CTT = """\
Name: Small
Courses: 2
Rooms: 2
Days: 2
Periods_per_day: 3
Curricula: 2
Constraints: 2

COURSES:
algebra noether 2 2 30
physics curie 3 1 40

ROOMS:
hall 50
lab 20

CURRICULA:
first 2 algebra physics
second 1 physics

UNAVAILABILITY_CONSTRAINTS:
algebra 0 0
physics 1 2

END.
"""

ECTT = """\
Name: Small
Courses: 2
Rooms: 2
Days: 2
Periods_per_day: 3
Curricula: 2
Min_Max_Daily_Lectures: 1 2
UnavailabilityConstraints: 2
RoomConstraints: 1

COURSES:
algebra noether 2 2 30 1
physics curie 3 1 40 0

ROOMS:
hall 50 north
lab 20 south

CURRICULA:
first 2 algebra physics
second 1 physics

UNAVAILABILITY_CONSTRAINTS:
algebra 0 0
physics 1 2

ROOM_CONSTRAINTS:
algebra lab

END.
"""

Write = Callable[[str | bytes], Path]


@pytest.fixture
def ctt(tmp_path: Path) -> Write:
    return lambda content: _write(tmp_path / "small.ctt", content)


@pytest.fixture
def ectt(tmp_path: Path) -> Write:
    return lambda content: _write(tmp_path / "small.ectt", content)


def _write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def _complaint(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_problem(path)
    return str(caught.value)


def _edit(content: str, old: str, new: str) -> str:
    assert content.count(old) == 1, f"{old!r} must be in the example once"
    return content.replace(old, new)


def test_the_examples_are_right_as_they_stand(ctt: Write, ectt: Write) -> None:
    assert read_problem(ctt(CTT)).num_lectures == 5
    assert read_problem(ectt(ECTT)).daily_lectures == (1, 2)


BROKEN = {
    # headers
    "a count of a thousand million": (
        "Courses: 2",
        "Courses: 1000000000",
        2,
        "expected 1000000000",
    ),
    "a count that is too low": (
        "Rooms: 2",
        "Rooms: 1",
        3,
        "expected 1 lines in section ROOMS, got 2",
    ),
    "a count of curricula off by one": ("Curricula: 2", "Curricula: 3", 6, "got 2"),
    "a negative count": ("Rooms: 2", "Rooms: -2", 3, "'-2'"),
    "a count with a sign": ("Rooms: 2", "Rooms: +2", 3, "'+2'"),
    "a count that is a float": ("Rooms: 2", "Rooms: 2.0", 3, "'2.0'"),
    "a count with an underscore": ("Rooms: 2", "Rooms: 1_0", 3, "'1_0'"),
    "a count in other digits": ("Rooms: 2", "Rooms: ٢", 3, "'٢'"),
    "a count in superscript": ("Rooms: 2", "Rooms: ²", 3, "'²'"),
    "a count in words": ("Rooms: 2", "Rooms: two", 3, "'two'"),
    "a huge count": ("Rooms: 2", f"Rooms: {'9' * 5000}", 3, "at most 18 digits"),
    "a header without a value": ("Rooms: 2", "Rooms:", 3, "expected 1 words after it, got 0"),
    "a header with two values": ("Rooms: 2", "Rooms: 2 2", 3, "expected 1 words after it, got 2"),
    "no days": ("Days: 2", "Days: 0", 4, "Days: expected at least 1, got 0"),
    "too many days": ("Days: 2", "Days: 61", 4, "Days: expected at most 60, got 61"),
    "no periods": ("Periods_per_day: 3", "Periods_per_day: 0", 5, "at least 1"),
    "too many periods": ("Periods_per_day: 3", "Periods_per_day: 1000", 5, "at most 60"),
    "an unknown header": ("Days: 2", "Weeks: 2", 4, "got 'Weeks: 2'"),
    "a header twice": ("Days: 2", "Days: 2\nDays: 2", 5, "expected each header once, got Days:"),
    "a missing header": ("Days: 2\n", "", 10, "expected a header Days: before this line"),
    "a nameless instance": ("Name: Small", "Name:", 1, "expected a name"),
    "words before the sections": ("Days: 2", "Days: 2\nfoo bar", 5, "got 'foo bar'"),
    # sections
    "an unknown section": ("ROOMS:", "HALLS:", 15, "got 'HALLS:'"),
    "a missing section": ("CURRICULA:\n", "", 29, "expected a section CURRICULA:"),
    "a section twice": ("ROOMS:", "COURSES:\n\nROOMS:", 15, "got COURSES: again"),
    "a missing end": ("END.\n", "", 29, "is it cut off?"),
    "words after the end": (
        "END.\n",
        "END.\nmore\n",
        31,
        "expected nothing after END., got 'more'",
    ),
    "words beside the end": ("END.\n", "END. more\n", 30, "expected END. alone"),
    # courses
    "a course with too few words": (
        "algebra noether 2 2 30 1",
        "algebra noether 2 2 30",
        12,
        "got 5",
    ),
    "a course with too many words": ("algebra noether", "algebra emmy noether", 12, "got 7"),
    "a course twice": ("physics curie 3", "algebra curie 3", 13, "got 'algebra' again"),
    "a course with negative lectures": ("curie 3 1 40", "curie -1 1 40", 13, "'-1'"),
    "a course with negative students": ("curie 3 1 40", "curie 3 1 -40", 13, "'-40'"),
    "a course with huge lectures": ("curie 3 1 40", "curie 99999999999 1 40", 13, "0 to 1000"),
    "half a double lecture": (
        "noether 2 2 30 1",
        "noether 2 2 30 2",
        12,
        "expected 0 or 1, got '2'",
    ),
    "a course named like a header": ("physics curie 3", "physics: curie 3", 13, "end in ':'"),
    # rooms
    "a room with too few words": ("lab 20 south", "lab 20", 17, "expected 3 words"),
    "a room with too many words": ("lab 20 south", "lab 20 south wing", 17, "got 4"),
    "a room twice": ("lab 20 south", "hall 20 south", 17, "got 'hall' again"),
    "a room without a number": ("lab 20 south", "lab many south", 17, "capacity"),
    # curricula
    "a curriculum with too few members": ("first 2 algebra", "first 3 algebra", 20, "got 2"),
    "a curriculum with too many members": ("first 2 algebra", "first 1 algebra", 20, "got 2"),
    "a curriculum of 10^9 members": ("first 2 a", "first 1000000000 a", 20, "expected 1000000000"),
    "a curriculum of one word": ("second 1 physics", "second", 21, "got one word"),
    "a curriculum twice": ("second 1", "first 1", 21, "got 'first' again"),
    "a curriculum with a course twice": ("2 algebra physics", "2 algebra algebra", 20, "twice"),
    "a curriculum with a stranger": ("2 algebra physics", "2 algebra magic", 20, "got 'magic'"),
    # constraints
    "an unavailable stranger": ("algebra 0 0", "magic 0 0", 24, "got 'magic'"),
    "a day outside the week": ("physics 1 2", "physics 2 2", 25, "up to 1 2, got 2 2"),
    "a period outside the day": ("physics 1 2", "physics 1 3", 25, "up to 1 2, got 1 3"),
    "a negative period": ("physics 1 2", "physics 1 -1", 25, "'-1'"),
    "an unavailability cut short": ("physics 1 2", "physics 1", 25, "got 2"),
    "a room constraint on a stranger": ("algebra lab", "magic lab", 28, "got 'magic'"),
    "a room constraint on no room": ("algebra lab", "algebra attic", 28, "got 'attic'"),
    "a room by a near name": ("algebra lab", "algebra lap", 28, "got 'lap'; did you mean 'lab'?"),
    "a room constraint too long": ("algebra lab", "algebra lab hall", 28, "got 3"),
    # not a text
    "a null byte": ("algebra lab", "algebra\0lab", 28, "binary"),
    "an escape sequence": ("algebra lab", "algebra \x1b[31m", 28, "U+001B"),
    "a space that does not look like one": ("algebra lab", "algebra\u00a0lab", 28, "U+00A0"),
    "a huge line": ("algebra lab", "algebra lab" + " lab" * 500_000, 28, "characters a line"),
}


@pytest.mark.parametrize(("old", "new", "line", "found"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_named(ectt: Write, old: str, new: str, line: int, found: str) -> None:
    path = ectt(_edit(ECTT, old, new))
    complaint = next(c for c in _complaint(path).splitlines() if found in c)
    assert complaint.startswith(f"{path}:{line}: ")


def test_a_huge_thing_is_not_repeated_in_full(ectt: Write) -> None:
    long_name = "x" * 100_000
    assert len(_complaint(ectt(_edit(ECTT, "algebra lab", f"{long_name} lab")))) < 300
    many_names = " ".join(f"c{i}" for i in range(10_000))
    members = _edit(ECTT, "second 1 physics", f"second 10000 {many_names}")
    assert len(_complaint(ectt(members))) < 300


def test_one_error_names_all_problems_in_the_order_of_the_file(ectt: Write) -> None:
    content = _edit(
        _edit(_edit(ECTT, "lab 20", "lab x"), "Days: 2", "Days: 0"), "noether 2 2", "y 2 z"
    )
    path = ectt(content)
    lines = [complaint.split(": ")[0] for complaint in _complaint(path).splitlines()]
    assert lines == [f"{path}:4", f"{path}:12", f"{path}:17"]


def test_two_problems_of_a_line_are_both_named(ectt: Write) -> None:
    complaint = _complaint(ectt(_edit(ECTT, "physics curie 3 1 40", "physics curie x 1 y")))
    assert "'x'" in complaint
    assert "'y'" in complaint


def test_beyond_twenty_problems_are_only_counted(ectt: Write) -> None:
    complaints = _complaint(ectt(_edit(ECTT, "physics 1 2", "magic 0 0\n" * 50))).splitlines()
    assert len(complaints) == 21
    assert complaints[-1] == "and 31 more"  # 50 strangers and the count of lines, less 20


def test_a_file_of_nothing_but_problems_is_not_read_to_its_end(ectt: Write) -> None:
    complaints = _complaint(ectt("nonsense\n" * 100_000)).splitlines()
    assert complaints[-1] == "and at least 10000 more"


def test_a_missing_section_is_not_complained_about_name_by_name(ectt: Write) -> None:
    content = _edit(ECTT, "COURSES:\nalgebra noether 2 2 30 1\nphysics curie 3 1 40 0\n", "")
    path = ectt(content)
    assert _complaint(path) == f"{path}:27: expected a section COURSES: before this line, got none"


def test_every_cut_of_a_file_is_refused(ctt: Write, ectt: Write) -> None:
    for write, content in ((ctt, CTT), (ectt, ECTT)):
        for length in range(len(content) - len(".\n")):
            path = write(content[:length])
            assert _complaint(path).startswith(f"{path}:")


def test_a_cut_names_where_the_file_ends(ectt: Write) -> None:
    for section in ("COURSES", "ROOMS", "CURRICULA", "UNAVAILABILITY", "ROOM_CONSTRAINTS"):
        middle = ECTT.index("\n", ECTT.index(f"\n{section}") + 1) + 5
        path = ectt(ECTT[:middle])
        last = ECTT[:middle].count("\n") + 1
        assert f"{path}:{last}: expected END., got the end of the file" in _complaint(path)


def test_sections_of_the_other_format_are_refused(ctt: Write, ectt: Write) -> None:
    assert "expected a header (Name:" in _complaint(ctt(ECTT))
    assert "got 'Constraints: 2'" in _complaint(ectt(CTT))


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\t\n"])
def test_an_empty_file_is_called_empty(ectt: Write, content: bytes) -> None:
    path = ectt(content)
    assert _complaint(path) == f"{path}:1: expected a header Name:, got an empty file"


def test_each_line_that_is_not_utf_8_is_named(ectt: Write) -> None:
    path = ectt(ECTT.replace("physics", "thérapie").encode("latin-1"))
    lines = [complaint.split(": ")[0] for complaint in _complaint(path).splitlines()]
    assert lines == [f"{path}:{number}" for number in (13, 20, 21, 25)]
    assert "the byte 0xe9" in _complaint(path)


def test_utf_16_and_a_letter_of_windows_are_called_so(ectt: Write) -> None:
    path = ectt(ECTT.encode("utf-16"))
    assert _complaint(path) == f"{path}:1: expected UTF-8 text, got UTF-16; save it as UTF-8"
    path = ectt(ECTT.replace("north", "nörd").encode("cp1252"))
    assert "'ö' in Windows-1252; save it as UTF-8" in _complaint(path)


def test_a_directory_is_called_one(tmp_path: Path) -> None:
    folder = tmp_path / "folder.ectt"
    folder.mkdir()
    assert _complaint(folder) == f"{folder}: expected a file, got a directory"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.ectt"
    assert _complaint(path) == f"{path}: No such file or directory"
    assert "null byte" in _complaint(tmp_path / "no\0ne.ectt")
    assert "too long" in _complaint(tmp_path / ("x" * 5000 + ".ectt"))


def test_a_pipe_or_device_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.ectt"
    os.mkfifo(pipe)
    device = tmp_path / "zero.ectt"
    device.symlink_to("/dev/zero")
    for path in (pipe, device):
        assert "expected a regular file" in _complaint(path)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.ectt"
    with path.open("wb") as file:
        file.truncate(text.MAX_BYTES + 1)  # sparse: it takes no room on the disk
    assert f"expected at most {text.MAX_BYTES} bytes" in _complaint(path)


def test_a_file_of_too_many_lines_is_refused_before_they_are_read(ectt: Write) -> None:
    path = ectt("x" + "\n" * (text.MAX_LINES + 1))
    assert _complaint(path) == f"{path}: expected at most 2000000 lines, got 2000001"


def test_an_unknown_suffix_is_told_the_known_ones(tmp_path: Path) -> None:
    path = _write(tmp_path / "small.txt", ECTT)
    assert _complaint(path) == (
        f"{path}: expected a folder of .csv files, or a name that ends in "
        ".ctt, .ectt, .xlsx, .fet, got '.txt'"
    )


@pytest.mark.parametrize(
    ("old", "new"), [("\n", "\r\n"), ("\n", "\r"), (" ", "\t "), ("\n", "\n\n \n")], ids=repr
)
def test_line_ends_tabs_and_blank_lines_do_not_matter(ectt: Write, old: str, new: str) -> None:
    expected = read_problem(ectt(ECTT))
    assert read_problem(ectt(ECTT.replace(old, new))) == expected


def test_a_byte_order_mark_or_no_last_line_end_does_not_matter(ectt: Write) -> None:
    expected = read_problem(ectt(ECTT))
    assert read_problem(ectt("\ufeff" + ECTT.removesuffix("\n"))) == expected


def test_the_order_of_sections_and_a_repeated_constraint_do_not_matter(ectt: Write) -> None:
    expected = read_problem(ectt(ECTT))
    rooms, constraints = "ROOMS:\nhall 50 north\nlab 20 south\n", "ROOM_CONSTRAINTS:\n"
    content = _edit(_edit(ECTT, rooms, ""), "END.\n", f"{rooms}\nEND.\n")
    content = _edit(content, constraints, f"{constraints}algebra lab\n")
    content = _edit(content, "RoomConstraints: 1", "RoomConstraints: 2")
    assert read_problem(ectt(content)) == expected


def test_a_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    assert read_problem(_write(tmp_path / "SMALL.CTT", CTT)).name == "Small"


def test_the_error_survives_a_process_border(ectt: Write) -> None:
    with pytest.raises(InputError) as caught:
        read_problem(ectt(""))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
