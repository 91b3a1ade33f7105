"""A clash is one, is as small as can be, and is found whenever there is no timetable."""

from __future__ import annotations

from functools import reduce
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.solvers.clash_cases import can_hold, problems
from timetabling.penalties import FORMULATIONS, Formulation
from timetabling.problem import Course, Curriculum, Pin, Problem, Room
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers.cpsat_plans import plans
from timetabling.solvers.cpsat_rules import Rule, every_rule, try_rules
from timetabling.solvers.explain import Explanation, explain, relax
from timetabling.solvers.mending import Repair, mend
from timetabling.solvers.telling import tell_repairs, tell_rules, tell_sum

FORMULATION = st.sampled_from([FORMULATIONS["UD2"], FORMULATIONS["UD4"]])
NO_LIMIT = WorkLimit(1)


def explained(problem: Problem, name: str = "UD2") -> Explanation:
    return explain(
        problem,
        formulation=FORMULATIONS[name],
        stop=NO_LIMIT,
        seed=0,
        observer=SilentObserver(),
    )


def small(**changes: object) -> Problem:
    """Three courses of two lectures, a day of four periods, two rooms."""
    what: dict[str, object] = {
        "name": "small",
        "num_days": 1,
        "periods_per_day": 4,
        "courses": tuple(
            Course(id=f"C{c}", teacher=f"T{c}", num_lectures=2, min_working_days=1, num_students=1)
            for c in range(3)
        ),
        "rooms": (Room(id="R0", capacity=9), Room(id="R1", capacity=9)),
    }
    return Problem(**(what | changes))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(problems(), FORMULATION, st.randoms(use_true_random=False))
def test_some_rules_can_hold_when_some_choice_of_periods_and_rooms_keeps_them(
    problem: Problem, formulation: Formulation, chance: Random
) -> None:
    rules = [r for r in every_rule(problem, formulation) if chance.random() < 0.8]
    answer = try_rules(problem, rules, stop=NO_LIMIT, seed=0, work=10)
    assert answer.is_possible == can_hold(problem, rules)


@settings(max_examples=50, deadline=None)
@given(problems(), st.sampled_from(["UD2", "UD4"]))
def test_without_a_timetable_every_clash_is_one_and_no_rule_of_it_can_be_left_out(
    problem: Problem, name: str
) -> None:
    rules = every_rule(problem, FORMULATIONS[name])
    found = explained(problem, name)
    assert found.is_solvable == can_hold(problem, rules)
    assert found.is_complete
    assert bool(found.clashes) != found.is_solvable
    left = set(rules)
    for clash in found.clashes:
        assert left.issuperset(clash.rules), "nothing that is not asked for, or relaxed"
        left = set(relax(left, clash))
        assert not left.issuperset(clash.rules)
        assert clash.is_minimal
        assert not can_hold(problem, clash.rules)
        for rule in clash.rules:
            assert can_hold(problem, [other for other in clash.rules if other != rule])
    assert not found.clashes or can_hold(problem, left), "there is no other clash"


@settings(max_examples=40, deadline=None)
@given(problems(), st.sampled_from(["UD2", "UD4"]))
def test_repairs_end_their_clash_and_plans_make_the_instance_solvable(
    problem: Problem, name: str
) -> None:
    found = explained(problem, name)
    for clash in found.clashes:
        repairs = mend(problem, clash, stop=NO_LIMIT, seed=0)
        assert [each.price for each in repairs] == sorted(each.price for each in repairs)
        for repair in repairs:
            changed = repair.apply(problem)
            asked = set(every_rule(changed, FORMULATIONS[name]))
            # Rules that ask for nothing now, such as of a curriculum of one course, are not there.
            assert can_hold(changed, asked.intersection(clash.rules))
        assert tell_rules(problem, clash.rules)
        assert tell_repairs(problem, repairs, together=False) or not repairs
    if found.clashes:
        ways = plans(problem, found.clashes, formulation=FORMULATIONS[name], stop=NO_LIMIT, seed=0)
        assert [way.price for way in ways] == sorted(way.price for way in ways)
        for way in ways:
            changed = reduce(lambda so_far, repair: repair.apply(so_far), way.repairs, problem)
            assert can_hold(changed, every_rule(changed, FORMULATIONS[name]))


def words(problem: Problem, name: str = "UD2") -> list[list[str]]:
    found = explained(problem, name)
    return [tell_rules(problem, clash.rules) for clash in found.clashes]


def test_a_teacher_with_too_much_to_do_is_named_with_courses_and_periods() -> None:
    courses = tuple(
        Course(id=f"C{c}", teacher="Ada", num_lectures=2, min_working_days=1, num_students=1)
        for c in range(2)
    )
    assert words(small(courses=courses, unavailable=frozenset({(0, 3), (1, 3)}))) == [
        [
            "course C0 has 2 lectures",
            "course C1 has 2 lectures",
            "teacher Ada holds one lecture at a time: C0, C1",
            "course C0 cannot be held at Mon 4",
            "course C1 cannot be held at Mon 4",
        ]
    ]


def test_rooms_that_are_too_few_are_told_with_their_number() -> None:
    rooms = (Room(id="R0", capacity=9),)
    (clash,) = words(small(rooms=rooms))
    assert clash[-1] == "each of the 1 room holds one lecture at a time"
    (found,) = explained(small(rooms=rooms)).clashes
    repairs = tell_repairs(
        small(rooms=rooms), mend(small(rooms=rooms), found, stop=NO_LIMIT, seed=0), together=False
    )
    assert "have 1 more room" in repairs


def test_the_sum_that_shows_a_clash_is_told_where_there_is_one() -> None:
    courses = tuple(
        Course(id=f"C{c}", teacher="Ada", num_lectures=2, min_working_days=1, num_students=1)
        for c in range(2)
    )
    busy = small(courses=courses, unavailable=frozenset({(0, 3), (1, 3)}))
    crowded = small(rooms=(Room(id="R0", capacity=9),))
    told = [
        [tell_sum(problem, clash.rules) for clash in explained(problem).clashes]
        for problem in (busy, crowded, small(pins=frozenset({Pin(0, 0, 1), Pin(1, 0, 1)})))
    ]
    assert told == [
        ["4 lectures, one at a time, and 3 periods open to them"],
        ["6 lectures, and 1 room at 4 periods open to them: 4 places"],
        [""],
    ]


def test_two_clashes_that_have_nothing_to_do_with_each_other_are_both_found() -> None:
    curricula = (Curriculum(id="Q", courses=(0, 1, 2)),)
    pins = frozenset({Pin(2, 0, 1), Pin(1, 0, None)})
    problem = small(curricula=curricula, pins=pins, unavailable=frozenset({(0, 1), (0, 2), (0, 3)}))
    told = words(problem)
    assert ["course C0 has 2 lectures", "course C0 cannot be held at Mon 2-4"] in told
    assert len(told) == 2


def test_where_rooms_have_to_suit_a_course_without_one_is_told() -> None:
    problem = small(unsuitable=frozenset({(1, 0), (1, 1)}))
    assert words(problem) == []
    assert words(problem, "UD4") == [["course C1 has 2 lectures", "course C1 fits no room"]]


def test_of_the_rooms_that_do_not_suit_a_course_only_those_that_matter_are_told() -> None:
    rooms = tuple(Room(id=f"R{r}", capacity=9) for r in range(20))
    pinned = small(rooms=rooms, pins=frozenset({Pin(1, None, 3)}),
                   unsuitable=frozenset((1, r) for r in range(19)))  # fmt: skip
    assert words(pinned, "UD4") == [
        [
            "course C1 has 2 lectures",
            "course C1 is pinned, all its lectures, in room R3",
            "course C1 does not fit R3",
        ]
    ]
    (clash,) = explained(pinned, "UD4").clashes
    repairs = mend(pinned, clash, stop=NO_LIMIT, seed=0)
    assert "make R3 suitable for course C1" in tell_repairs(pinned, repairs, together=False)


def test_courses_that_crowd_one_room_share_a_line_and_their_sum_is_told() -> None:
    rooms = tuple(Room(id=f"R{r}", capacity=9) for r in range(20))
    crowd = small(rooms=rooms, unsuitable=frozenset((c, r) for c in range(3) for r in range(19)))
    (clash,) = explained(crowd, "UD4").clashes
    assert tell_rules(crowd, clash.rules)[-1] == "each of C0, C1, C2 fits only R19"
    assert tell_sum(crowd, clash.rules) == (
        "6 lectures, and 1 room for them at 4 periods open to them: 4 places"
    )
    repairs = mend(crowd, clash, stop=NO_LIMIT, seed=0)
    told = tell_repairs(crowd, repairs, together=False)
    assert (
        "make one of R0, R1, R2, R3, R4, R5, R6, R7 and 11 more rooms suitable for course C0"
        in told
    )


def test_a_pin_that_cannot_be_kept_is_told_and_lifting_it_is_a_repair() -> None:
    problem = small(pins=frozenset({Pin(0, 1, 1)}), unavailable=frozenset({(0, 1)}))
    (clash,) = explained(problem).clashes
    assert tell_rules(problem, clash.rules)[1:] == [
        "course C0 is pinned at Mon 2 in room R1",
        "course C0 cannot be held at Mon 2",
    ]
    repairs = mend(problem, clash, stop=NO_LIMIT, seed=0)
    assert Repair("unpin", Rule("pin", (0, 1, 1)), 0) in repairs


def test_a_budget_that_is_spent_leaves_it_unknown() -> None:
    found = explain(
        small(),
        formulation=FORMULATIONS["UD2"],
        stop=WorkLimit(0),
        seed=0,
        observer=SilentObserver(),
    )
    assert found == Explanation(None)
