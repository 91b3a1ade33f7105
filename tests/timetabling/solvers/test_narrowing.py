"""Whole universities: a quick search says where to look, and what is found there is proved."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from itertools import islice
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.timetabling.solvers.clash_cases import can_hold, problems
from timetabling.generator import generate
from timetabling.penalties import FORMULATIONS, evaluate
from timetabling.problem import Course, Pin, Problem, Room
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers.attempt import HARD, attempt, only
from timetabling.solvers.cpsat_plans import plans
from timetabling.solvers.cpsat_rules import Rule, every_rule
from timetabling.solvers.explain import Explanation, explain
from timetabling.solvers.judging import LARGE, Asked, Judge
from timetabling.solvers.narrowing import Narrowing

UD4 = FORMULATIONS["UD4"]
NO_LIMIT = WorkLimit(1)


def some_of(rules: list[Rule], chance: Random) -> list[Rule]:
    return [rule for rule in rules if chance.random() < 0.8]


@settings(max_examples=40, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_a_judge_is_right_about_every_set_of_rules_whatever_it_was_asked_before(
    problem: Problem, chance: Random
) -> None:
    judge = Judge(problem, NO_LIMIT, seed=0)
    for _ in range(4):
        rules = some_of(every_rule(problem, UD4), chance)
        assert judge.clash(rules) == (not can_hold(problem, rules))


@settings(max_examples=60, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_an_instance_of_some_rules_only_can_be_solved_when_these_can_hold(
    problem: Problem, chance: Random
) -> None:
    rules = [Rule("lectures", (0,)), *some_of(every_rule(problem, UD4), chance)]
    asked = only(problem, rules)
    assert can_hold(asked, every_rule(asked, UD4)) == can_hold(problem, set(rules))


@settings(max_examples=25, deadline=None)
@given(problems())
def test_a_search_that_misses_nothing_keeps_all_rules_and_each_other_says_who_is_in_the_way(
    problem: Problem,
) -> None:
    rules = every_rule(problem, UD4)
    found = attempt(problem, rules, stop=NO_LIMIT, seed=0)
    assert evaluate(found.timetable, HARD).is_feasible == (not found.missing)
    assert can_hold(problem, rules) or found.missing
    for c in found.missing:
        near = list(found.near(c))
        assert near[0] == c
        assert len(set(near)) == len(near)


@settings(max_examples=25, deadline=None)
@given(problems())
def test_what_narrowing_gives_clashes_and_nothing_is_left_where_it_gives_nothing(
    problem: Problem,
) -> None:
    rules = every_rule(problem, UD4)
    part = Narrowing(Judge(problem, NO_LIMIT, seed=0)).clashing(Asked(problem, rules), ())
    if part is None:
        assert can_hold(problem, rules)
    elif part:
        assert set(rules).issuperset(part)
        assert not can_hold(problem, part)


def test_a_course_pinned_to_one_room_and_a_lecture_of_it_to_another_clash() -> None:
    problem = Problem(
        name="two rooms",
        num_days=1,
        periods_per_day=2,
        courses=(Course(id="c", teacher="t", num_lectures=1, min_working_days=1, num_students=1),),
        rooms=(Room(id="one", capacity=1), Room(id="other", capacity=1)),
        pins=frozenset({Pin(0, None, 0), Pin(0, 0, 1)}),
    )
    rules = every_rule(problem, UD4)
    assert attempt(problem, rules, stop=NO_LIMIT, seed=0).missing == (0,)
    part = Narrowing(Judge(problem, NO_LIMIT, seed=0)).clashing(Asked(problem, rules), ())
    assert part
    assert {rule.kind for rule in part} >= {"lectures", "pin"}


def university() -> Problem:
    """More lectures than are tried as a whole; it can be solved."""
    problem = generate(220, seed=5).problem
    assert problem.num_lectures > LARGE
    return problem


def explained(problem: Problem) -> Explanation:
    return explain(problem, formulation=UD4, stop=NO_LIMIT, seed=0, observer=SilentObserver())


def test_a_university_with_a_timetable_is_said_to_have_one() -> None:
    assert explained(university()) == Explanation(True, (), is_complete=True)


def test_clashes_of_a_university_are_found_each_with_its_rows_and_plans_end_them_all() -> None:
    problem = university()
    crowd = [c for c, course in enumerate(problem.courses) if course.num_lectures == 4][:8]
    lone = next(c for c, course in enumerate(problem.courses) if course.num_lectures == 3)
    rooms = range(1, len(problem.rooms))
    unsuitable = {place for place in problem.unsuitable if place[0] not in crowd}
    problem = replace(
        problem,
        unavailable=problem.unavailable | {(lone, p) for p in range(2, problem.num_periods)},
        unsuitable=frozenset(unsuitable | {(c, r) for c in crowd for r in rooms}),
    )
    found = explained(problem)
    assert found.is_complete
    assert all(clash.is_minimal for clash in found.clashes)
    assert {lone} in [set(clash.courses) for clash in found.clashes]
    (crowded,) = [clash for clash in found.clashes if set(clash.courses) == set(crowd)]
    rows = {rule.of for rule in crowded.rules if rule.kind == "suitability"}
    assert rows == {(c, r) for c in crowd for r in rooms}, "32 lectures, and one room for 30"

    best = plans(problem, found.clashes, formulation=UD4, stop=NO_LIMIT, seed=0)[0]
    changed = reduce(lambda so_far, repair: repair.apply(so_far), best.repairs, problem)
    solved = attempt(changed, every_rule(changed, UD4), stop=NO_LIMIT, seed=1)
    assert evaluate(solved.timetable, HARD).is_feasible


def test_those_in_the_way_of_a_course_without_a_place_come_before_all_others() -> None:
    problem = university()
    crowd = [c for c, course in enumerate(problem.courses) if course.num_lectures == 4][:8]
    rows = {(c, r) for c in crowd for r in range(1, len(problem.rooms))}
    problem = replace(problem, unsuitable=frozenset(rows))
    rules = [Rule("lectures", (c,)) for c in range(len(problem.courses))]
    rules += [Rule("suitability", row) for row in rows]
    found = attempt(problem, [*rules, Rule("rooms")], stop=NO_LIMIT, seed=0)
    assert found.missing
    near = list(islice(found.near(found.missing[0]), len(crowd)))
    assert len(set(near) & set(crowd)) >= len(crowd) - 1, "they hold the room it needs"
