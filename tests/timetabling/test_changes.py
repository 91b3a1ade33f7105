"""What changed: as few changes as there are, whom they concern, across two instances."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS, PROBLEM
from timetabling.changes import Change, Concerned, Place, compare
from timetabling.penalties import evaluate, formulation, price_changes
from timetabling.problem import Lecture, Problem, Room, Timetable

OLD = Timetable(
    PROBLEM,
    (Lecture(ALGEBRA, 0, HALL), Lecture(ALGEBRA, 5, HALL), Lecture(PHYSICS, 1, HALL)),
)


def _changed(*places: tuple[int, int, int], problem: Problem = PROBLEM) -> Timetable:
    return Timetable(problem, tuple(Lecture(*place) for place in places))


def test_the_same_timetable_in_another_order_has_no_change() -> None:
    difference = compare(OLD, Timetable(PROBLEM, OLD.lectures[::-1]))
    assert difference == compare(OLD, OLD)
    assert (difference.changes, difference.teachers, difference.freed) == ((), (), ())


def test_a_lecture_that_keeps_its_time_is_matched_with_the_one_there() -> None:
    new = _changed((ALGEBRA, 5, LAB), (ALGEBRA, 2, HALL), (PHYSICS, 1, HALL))
    assert compare(OLD, new).changes == (
        Change("algebra", Place(1, 1, "hall"), Place(1, 3, "hall")),
        Change("algebra", Place(2, 2, "hall"), Place(2, 2, "lab")),
    )


def test_it_says_who_is_concerned_and_which_bookings_change() -> None:
    new = _changed((ALGEBRA, 0, HALL), (ALGEBRA, 5, LAB), (MUSIC, 7, HALL))
    difference = compare(OLD, new)
    assert difference.changes == (
        Change("algebra", Place(2, 2, "hall"), Place(2, 2, "lab")),
        Change("music", None, Place(2, 4, "hall")),
        Change("physics", Place(1, 2, "hall"), None),
    )
    assert difference.teachers == (Concerned("Curie", 2, 1), Concerned("Noether", 1, 2))
    assert difference.curricula == (Concerned("first", 2, 3),)
    assert difference.freed == (("hall", 2),)
    assert difference.booked == (("hall", 1), ("lab", 1))


def test_things_are_known_by_their_names_in_another_instance() -> None:
    # The hall is closed, another room is first, and days are longer.
    other = replace(
        PROBLEM,
        periods_per_day=6,
        rooms=(Room(id="annex", capacity=9), Room(id="lab", capacity=9)),
        unsuitable=frozenset(),
    )
    new = _changed((ALGEBRA, 0, 1), (ALGEBRA, 7, 1), (PHYSICS, 1, 1), problem=other)
    assert [(x.before, x.after) for x in compare(OLD, new).changes] == [
        (Place(1, 1, "hall"), Place(1, 1, "lab")),
        (Place(2, 2, "hall"), Place(2, 2, "lab")),
        (Place(1, 2, "hall"), Place(1, 2, "lab")),
    ]


@given(seed=st.integers(0, 10**6))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_there_are_as_many_changes_as_the_rule_counts_and_they_lead_to_the_new_one(
    seed: int,
) -> None:
    random = Random(seed)

    def draw() -> Timetable:
        places = {
            (c, random.randrange(PROBLEM.num_periods)): random.randrange(2)
            for c in PROBLEM.lecture_courses
        }
        return _changed(*((c, p, room) for (c, p), room in places.items()))

    old, new = draw(), draw()
    changes = compare(old, new).changes
    known = Timetable(replace(PROBLEM, before=old.lectures), new.lectures)
    counted = evaluate(known, price_changes(formulation("UD2"), 1)).penalties["changes"]
    assert sum(x.before is not None for x in changes) == counted
    alone = {x.course for x in changes if x.before is None} & {
        x.course for x in changes if x.after is None
    }
    assert not alone, "those could have been one change"

    def places(timetable: Timetable) -> Counter[tuple[str, Place | None]]:
        return Counter(
            (PROBLEM.courses[c].id, Place(p // 4 + 1, p % 4 + 1, PROBLEM.rooms[r].id))
            for c, p, r in timetable.lectures
        )

    ended: Counter[tuple[str, Place | None]] = Counter(
        (x.course, x.before) for x in changes if x.before is not None
    )
    begun: Counter[tuple[str, Place | None]] = Counter(
        (x.course, x.after) for x in changes if x.after is not None
    )
    assert places(old) - ended + begun == places(new)
