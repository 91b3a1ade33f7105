"""How well planted clashes are found: real instances made impossible on purpose.

    python -m benchmarks.quality.clashes INSTANCES --seeds 3 --time-limit 60
    python -m benchmarks.quality.clashes ERLANGEN 1000 3000 --formulation UD4

Each instance (a file, or a number of courses for a generated one) gets one to three clashes, of
kinds and at places that a seed chooses: a course or a teacher with too few periods, a curriculum
too large for the week, two pins that exclude each other, too few rooms (where rooms must suit, two
rooms too few for courses that fit only these), three courses of which each two fit into some
periods but not all three. A planted clash is found if a clash that is shown holds a rule that was
planted. Beside it, of instances that are solved as a whole: the core of assumptions that CP-SAT
itself gives for the same rules, in courses; it promises no minimum.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

from timetabling.formats import read_problem as read
from timetabling.generator import generate
from timetabling.penalties import Formulation, formulation
from timetabling.problem import Curriculum, Pin, Problem
from timetabling.search import SilentObserver, TimeLimit
from timetabling.solvers.cpsat_rules import Rule, every_rule, try_rules
from timetabling.solvers.explain import explain
from timetabling.solvers.judging import LARGE

Planted = tuple[Problem, set[Rule]]
CORE_WORK = 60.0


def close(problem: Problem, courses: list[int], left: int, rng: random.Random) -> Planted:
    """Leave some courses the same few periods."""
    kept = set(rng.sample(range(problem.num_periods), left))
    rows = {(c, p) for c in courses for p in range(problem.num_periods) if p not in kept}
    added = rows - problem.unavailable
    changed = replace(problem, unavailable=problem.unavailable | added)
    return changed, {Rule("unavailable", row) for row in added}


def course(problem: Problem, free: list[int], rng: random.Random) -> Planted:
    """A course with one period too few."""
    chosen = rng.choice([c for c in free if problem.courses[c].num_lectures > 1])
    return close(problem, [chosen], problem.courses[chosen].num_lectures - 1, rng)


def teacher(problem: Problem, free: list[int], rng: random.Random) -> Planted:
    """Two courses of one teacher with one period too few."""
    first, second = rng.sample(free, 2)
    name = problem.courses[first].teacher
    courses = list(problem.courses)
    courses[second] = replace(courses[second], teacher=name)
    number = courses[first].num_lectures + courses[second].num_lectures
    return close(replace(problem, courses=tuple(courses)), [first, second], number - 1, rng)


def curriculum(problem: Problem, free: list[int], rng: random.Random) -> Planted:
    """A curriculum with more lectures than the week has periods."""
    members: list[int] = []
    for c in rng.sample(free, len(free)):
        if sum(problem.courses[x].num_lectures for x in members) <= problem.num_periods:
            members.append(c)
    added = Curriculum(id="planted", courses=tuple(members))
    changed = replace(problem, curricula=(*problem.curricula, added))
    return changed, {Rule("curriculum", (len(problem.curricula),))}


def pins(problem: Problem, free: list[int], rng: random.Random) -> Planted:
    """Two courses that exclude each other, pinned to one period."""
    first = rng.choice([c for c in free if problem.conflicts[c]])
    second = rng.choice(sorted(problem.conflicts[first]))
    period = rng.randrange(problem.num_periods)
    added = {Pin(first, period, None), Pin(second, period, None)}
    changed = replace(problem, pins=problem.pins | added)
    return changed, {Rule("pin", (pin.course, period, -1)) for pin in added}


def rooms(problem: Problem, free: list[int], rng: random.Random) -> Planted:  # noqa: ARG001
    """One room too few for all lectures of the week."""
    number = (problem.num_lectures - 1) // problem.num_periods
    kept = problem.rooms[:number]
    fits = frozenset((c, r) for c, r in problem.unsuitable if r < number)
    held = frozenset(pin for pin in problem.pins if pin.room is None or pin.room < number)
    return replace(problem, rooms=kept, unsuitable=fits, pins=held), {Rule("rooms")}


def labs(problem: Problem, free: list[int], rng: random.Random) -> Planted:
    """Courses that only two rooms suit, with a lecture more than these have periods."""
    labs = rng.sample(range(len(problem.rooms)), 2)
    chosen: set[int] = set()
    for c in rng.sample(free, len(free)):
        if sum(problem.courses[x].num_lectures for x in chosen) <= 2 * problem.num_periods:
            chosen.add(c)
    rows = {(c, r) for c in chosen for r in range(len(problem.rooms)) if r not in labs}
    others = {(c, r) for c, r in problem.unsuitable if c not in chosen}
    changed = replace(problem, unsuitable=frozenset(others | rows))
    return changed, {Rule("suitability", row) for row in rows}


def triangle(problem: Problem, free: list[int], rng: random.Random) -> Planted:
    """Three courses of which each two fit into some periods, by curricula of two."""
    chosen = rng.sample(free, 3)
    number = sum(problem.courses[c].num_lectures for c in chosen)
    first = len(problem.curricula)
    added = tuple(
        Curriculum(id=f"planted-{a}-{b}", courses=(a, b))
        for a, b in ((chosen[0], chosen[1]), (chosen[1], chosen[2]), (chosen[0], chosen[2]))
    )
    changed, rows = close(
        replace(problem, curricula=(*problem.curricula, *added)), chosen, number - 1, rng
    )
    return changed, rows | {Rule("curriculum", (first + i,)) for i in range(3)}


KINDS: tuple[Callable[[Problem, list[int], random.Random], Planted], ...] = (
    course,
    teacher,
    curriculum,
    pins,
    rooms,
    triangle,
)


def plant(
    problem: Problem, seed: int, rules: Formulation
) -> tuple[Problem, list[tuple[str, set[Rule]]]]:
    """Plant one to three clashes."""
    rng = random.Random(f"{problem.name} {seed}")
    planted: list[tuple[str, set[Rule]]] = []
    must_suit = "room_suitability" in rules.hard
    kinds = [labs if kind is rooms and must_suit else kind for kind in KINDS]
    # Rooms last: fewer of them would be no clash any more if lectures were pinned or moved.
    chosen = sorted(rng.sample(kinds, rng.randint(1, 3)), key=lambda kind: kind is rooms)
    for kind in chosen:
        taken = {rule.of[0] for _, rules in planted for rule in rules if rule.kind != "curriculum"
                 and rule.of}  # fmt: skip
        free = [c for c in range(len(problem.courses)) if c not in taken]
        problem, added = kind(problem, free, rng)
        planted.append((kind.__name__, added))
    return problem, planted


def main() -> None:
    """Plant, explain, and print a line an instance and a summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("instances", nargs="+")
    parser.add_argument("--formulation", default="UD2")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--time-limit", type=float, default=60.0)
    asked = parser.parse_args()
    rules, times, sizes = formulation(asked.formulation), [], []
    found_all = minimal_all = num = 0
    for name in asked.instances:
        for seed in range(asked.seeds):
            whole = generate(int(name), seed=seed).problem if name.isdigit() else read(Path(name))
            problem, planted = plant(whole, seed, rules)
            began = time.monotonic()
            stop = TimeLimit(asked.time_limit, time.monotonic)
            told = explain(problem, formulation=rules, stop=stop, seed=0, observer=SilentObserver())
            times.append(time.monotonic() - began)
            shown = {rule for clash in told.clashes for rule in clash.rules}
            missed = [name for name, added in planted if not added & shown]
            is_minimal = all(clash.is_minimal for clash in told.clashes)
            began = time.monotonic()
            limit = TimeLimit(
                asked.time_limit if problem.num_lectures <= LARGE else 0, time.monotonic
            )
            core = try_rules(
                problem, every_rule(problem, rules), seed=0, work=CORE_WORK, says_whose=True,
                stop=limit,
            )  # fmt: skip
            took = time.monotonic() - began
            courses = [sum(r.kind == "lectures" for r in clash.rules) for clash in told.clashes]
            num += 1
            found_all += not missed
            minimal_all += is_minimal and bool(told.clashes)
            sizes.append((min(courses, default=0), len(core.courses)))
            print(
                f"{problem.name} seed {seed}: planted {', '.join(name for name, _ in planted)}; "
                f"{len(told.clashes)} clashes of {courses} courses in {times[-1]:.1f} s, "
                f"{'all minimal' if is_minimal else 'not all minimal'}, "
                f"{'complete' if told.is_complete else 'time was over'}; "
                f"missed: {', '.join(missed) or 'none'}; "
                f"CP-SAT's core: {len(core.courses) or 'none'} courses in {took:.1f} s",
                flush=True,
            )
    print(
        f"{num} instances: all planted clashes found in {found_all}, all clashes minimal in "
        f"{minimal_all}, median {median(times):.1f} s, longest {max(times):.1f} s; "
        f"CP-SAT gave a core in {sum(core > 0 for _, core in sizes)}"
    )


if __name__ == "__main__":
    main()
