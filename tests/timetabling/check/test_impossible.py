"""Each proof on the smallest instance that has it: the numbers, the names and the words."""

from __future__ import annotations

from collections.abc import Iterable

from tests.timetabling.check.instances import course, problem
from timetabling.check import Finding, check
from timetabling.penalties import FORMULATIONS
from timetabling.problem import Curriculum, Pin, Problem, Room

MONDAY, TUESDAY, WEEK = range(4), range(4, 8), range(8)
HALL, LAB = range(2)


def closed(course: int, periods: Iterable[int]) -> set[tuple[int, int]]:
    return {(course, period) for period in periods}


def proofs(of: Problem, rules: str = "UD2") -> list[Finding]:
    return [finding for finding in check(of, FORMULATIONS[rules]) if finding.is_impossible]


def only_proof(of: Problem, rules: str = "UD2") -> Finding:
    found = proofs(of, rules)
    assert len(found) == 1, [finding.message for finding in found]
    return found[0]


def test_a_course_with_more_lectures_than_periods() -> None:
    found = only_proof(problem(course("art", 3), unavailable=frozenset(closed(0, range(2, 8)))))
    assert found.rule == "course_periods"
    assert found.message == "course art: 3 lectures must fit into the 2 periods Mon 1-2"
    assert found.repair == "make it available at 1 more period or leave out 1 lecture"
    assert (found.needed, found.available) == (3, 2)
    assert (found.courses, found.teachers) == (("art",), ("T-art",))
    assert found.periods == ((0, 0), (0, 1))


def test_a_course_that_is_never_available() -> None:
    found = only_proof(problem(course("art"), unavailable=frozenset(closed(0, WEEK))))
    assert found.message == "course art: 1 lecture must fit into no period at all"


def test_a_teacher_with_more_lectures_than_the_week_has_periods() -> None:
    found = only_proof(problem(course("a", 5, teacher="Ada"), course("b", 4, teacher="Ada")))
    assert found.rule == "teacher_periods"
    assert found.message == (
        "teacher Ada: 9 lectures (courses a, b) must fit into the 8 periods Mon-Tue 1-4"
    )
    assert found.repair.startswith("lengthen the week by 1 period, leave out 1 lecture or give")
    assert (found.teachers, found.curricula) == (("Ada",), ())


def test_a_teacher_is_only_asked_about_the_courses_that_share_too_few_periods() -> None:
    # Five lectures in eight periods, but three of them must be on the two first of Monday.
    found = only_proof(
        problem(
            course("a", 2, teacher="Ada"), course("b", teacher="Ada"),
            course("c", 2, teacher="Ada"),
            unavailable=frozenset(closed(0, range(2, 8)) | closed(1, range(2, 8))),
        )
    )  # fmt: skip
    assert found.message == (
        "teacher Ada: 3 lectures (courses a, b) must fit into the 2 periods Mon 1-2"
    )


def test_a_curriculum_with_more_lectures_than_periods() -> None:
    of = problem(
        course("a", 3), course("b", 2), curricula=(Curriculum(id="first", courses=(0, 1)),),
        unavailable=frozenset(closed(0, TUESDAY) | closed(1, TUESDAY)),
    )  # fmt: skip
    found = only_proof(of)
    assert found.rule == "curriculum_periods"
    assert found.message == (
        "curriculum first: 5 lectures (courses a, b) must fit into the 4 periods Mon 1-4"
    )


def test_a_clique_of_a_teacher_and_two_curricula() -> None:
    # Each pair has another reason, and none of the three groups is too large on its own.
    of = problem(
        course("a", 3, teacher="Ada"), course("b", 3, teacher="Ada"), course("c", 3), course("d"),
        curricula=(Curriculum(id="x", courses=(1, 2)), Curriculum(id="y", courses=(2, 0, 3))),
    )  # fmt: skip
    found = only_proof(of)
    assert found.rule == "clique_periods"
    assert found.message == (
        "courses that exclude each other (teacher Ada, curriculum x, curriculum y): 9 lectures "
        "(courses a, b, c) must fit into the 8 periods Mon-Tue 1-4"
    )
    assert (found.teachers, found.curricula) == (("Ada",), ("x", "y"))


def test_a_fault_is_told_once_and_where_it_is() -> None:
    of = problem(
        course("a", 5, teacher="Ada"), course("b", 4, teacher="Ada"), course("c"),
        curricula=(Curriculum(id="x", courses=(0, 1)), Curriculum(id="y", courses=(0, 1, 2))),
    )  # fmt: skip
    assert only_proof(of).rule == "teacher_periods"


def test_two_faults_are_both_told_the_smaller_first() -> None:
    of = problem(
        course("a", 9), course("b", 5, teacher="Ada"), course("c", 4, teacher="Ada"),
        rooms=tuple(Room(id=f"r{r}", capacity=99) for r in range(3)),
    )  # fmt: skip
    assert [found.rule for found in proofs(of)] == ["course_periods", "teacher_periods"]


def test_a_course_that_is_too_long_for_its_periods_is_not_told_again_of_its_only_room() -> None:
    of = problem(course("a", 9), course("b", 1), unsuitable=frozenset({(0, HALL)}))
    assert only_proof(of, "UD4").rule == "course_periods"


def test_more_lectures_than_rooms_and_periods() -> None:
    found = only_proof(problem(*(course(name, 6) for name in "abc")))
    assert found.rule == "rooms_lectures"
    assert found.message == ("18 lectures a week must fit into 2 rooms x 8 periods = 16 places")
    assert found.repair == "add rooms or periods, or leave out 2 lectures"


def test_more_lectures_on_one_day_than_its_rooms_hold() -> None:
    of = problem(
        *(course(name, 3) for name in "abc"),
        unavailable=frozenset(pair for c in range(3) for pair in closed(c, TUESDAY)),
    )
    found = only_proof(of)
    assert found.rule == "rooms_periods"
    assert found.message == (
        "9 lectures (courses a, b, c) may be in all 2 rooms (hall, lab), which at their periods "
        "(Mon 1-4) hold 8 of them"
    )
    assert (found.needed, found.available) == (9, 8)


def test_a_course_without_a_suitable_room_is_impossible_only_where_suitability_is_hard() -> None:
    of = problem(course("a", 2), unsuitable=frozenset({(0, HALL), (0, LAB)}))
    found = only_proof(of, "UD4")
    assert found.rule == "course_rooms"
    assert found.message == "course a: none of the 2 rooms is suitable for its 2 lectures"
    for rules in ("UD2", "UD3", "UD5"):
        assert proofs(of, rules) == []


def test_courses_that_all_need_the_one_room_that_suits_them() -> None:
    of = problem(
        *(course(name, 3) for name in "abc"), unsuitable=frozenset((c, HALL) for c in range(3))
    )
    found = only_proof(of, "UD4")
    assert found.rule == "room_periods"
    assert found.message == (
        "room lab: 9 lectures (courses a, b, c) must fit into the 8 periods Mon-Tue 1-4"
    )
    assert found.rooms == ("lab",)


def test_courses_that_need_two_of_three_rooms_at_the_same_few_periods() -> None:
    of = problem(
        *(course(name, 3) for name in "abc"), course("d", 3),
        rooms=(*(Room(id=f"lab{r}", capacity=9) for r in range(2)), Room(id="hall", capacity=9)),
        unsuitable=frozenset((c, 2) for c in range(3)),
        unavailable=frozenset(pair for c in range(3) for pair in closed(c, TUESDAY)),
    )  # fmt: skip
    found = only_proof(of, "UD4")
    assert found.rule == "rooms_periods"
    assert found.message == (
        "9 lectures (courses a, b, c) may be in only 2 rooms (lab0, lab1), which at their periods "
        "(Mon 1-4) hold 8 of them"
    )


def test_rooms_that_are_too_few_only_when_two_kinds_of_courses_are_taken_together() -> None:
    # Those that may be in r0 or r1, in r1 or r2, in r0 or r2: no two of these kinds fill a room.
    rooms = tuple(Room(id=f"r{r}", capacity=9) for r in range(4))
    of = problem(
        *(course(f"c{c}", 3) for c in range(9)), rooms=rooms,
        unsuitable=frozenset((c, r) for c in range(9) for r in (c % 3, 3)),
    )  # fmt: skip
    found = only_proof(of, "UD4")
    assert (found.rule, found.needed, found.available) == ("rooms_periods", 27, 24)
    assert found.rooms == ("r0", "r1", "r2")


def pinned(*pins: Pin, **values: object) -> Problem:
    courses = (course("a", 2, teacher="Ada"), course("b", 2, teacher="Ada"), course("c", 2))
    return problem(*courses, pins=frozenset(pins), **values)


def test_a_pin_to_a_time_at_which_the_course_is_unavailable() -> None:
    found = only_proof(pinned(Pin(0, 5, None), unavailable=frozenset({(0, 5)})))
    assert found.rule == "pin_unavailable"
    assert found.message == "course a is pinned to Tue 2, when it is unavailable"
    assert found.periods == ((1, 1),)


def test_a_pin_to_a_room_that_is_not_suitable() -> None:
    of = pinned(Pin(0, None, LAB), unsuitable=frozenset({(0, LAB)}))
    found = only_proof(of, "UD4")
    assert found.rule == "pin_unsuitable"
    assert found.message == "course a is pinned to room lab, which is not suitable for it"
    assert proofs(of, "UD2") == []


def test_pins_of_two_courses_that_must_never_meet() -> None:
    of = pinned(
        Pin(0, 0, HALL), Pin(1, 0, LAB), curricula=(Curriculum(id="first", courses=(0, 1)),)
    )
    found = only_proof(of)
    assert found.rule == "pins_at_once"
    assert found.message == (
        "courses a and b are both pinned to Mon 1, but have in common teacher Ada, curriculum first"
    )


def test_pins_of_two_lectures_to_one_room_and_time() -> None:
    found = only_proof(pinned(Pin(0, 3, LAB), Pin(2, 3, LAB)))
    assert found.rule == "pins_without_rooms"
    assert found.message == (
        "2 lectures (a, c) are pinned to Mon 4, but fit only into 1 room (lab)"
    )
    assert (found.needed, found.available, found.rooms) == (2, 1, ("lab",))


def test_pins_of_one_lecture_to_two_rooms() -> None:
    found = only_proof(pinned(Pin(0, None, HALL), Pin(0, 3, LAB)))
    assert found.rule == "pin_two_rooms"
    assert found.message == (
        "all lectures of course a are pinned to room hall, but the one at Mon 4 to room lab"
    )


def test_a_room_to_which_more_is_pinned_than_it_holds() -> None:
    of = problem(
        *(course(name, 3) for name in "abc"), pins=frozenset(Pin(c, None, LAB) for c in range(3))
    )
    found = only_proof(of)
    assert found.rule == "room_periods"
    assert found.message.startswith("room lab: 9 lectures (courses a, b, c) must fit into the 8")


def test_pins_take_periods_away_from_courses_that_clash_with_them() -> None:
    of = pinned(Pin(0, 0, None), Pin(0, 1, None), unavailable=frozenset(closed(1, range(2, 8))))
    found = only_proof(of)
    assert found.message == (
        "course b: 2 lectures must fit into no period at all; "
        "pinned lectures and their places are not counted"
    )


def test_pins_that_can_be_kept_are_no_fault_nor_are_those_of_courses_without_lectures() -> None:
    assert proofs(pinned(Pin(0, 0, HALL), Pin(1, 1, HALL), Pin(2, 0, LAB), Pin(2, None, LAB))) == []
    of = problem(
        course("a"), course("none", 0), pins=frozenset({Pin(1, None, LAB)}),
        unsuitable=frozenset({(1, LAB)}),
    )  # fmt: skip
    assert proofs(of, "UD4") == []
