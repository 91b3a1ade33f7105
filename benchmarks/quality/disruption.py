"""What a disruption costs people: a timetable mended with a price on changes, or made anew.

A timetable is made; then a room closes, a teacher's day becomes unavailable, or a curriculum gains
a course. The new problem is solved in several ways, in the same time:

- mended: what is still allowed stays, CP-SAT places the rest, then all is searched with a price;
- repaired: as mended, by the learned repair in place of CP-SAT and of the search;
- anew: from nothing, and without a price.

Told are the seconds to the first feasible timetable; how many lectures changed when it was there,
and at the end; and the cost without the price. Two threads, one run at a time.

    python -m benchmarks.quality.disruption INSTANCE ... [--seconds 20] [--seeds 1] [--price 5]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from benchmarks.quality.markdown import table
from benchmarks.quality.pipeline import solve as make_anew
from timetabling.changes import compare
from timetabling.formats import read_problem
from timetabling.kernels import warm_up
from timetabling.penalties import evaluate, formulation, price_changes
from timetabling.problem import Lecture, Problem, Timetable
from timetabling.search import SilentObserver, TimeLimit
from timetabling.solvers import cpsat, genetic, repair

UD2 = formulation("UD2")
NUM_THREADS = 2
MENDING_SHARE = 0.5  # of the time at most, for CP-SAT to place what is missing

HEAD = (
    "instance", "disruption", "forced", "way", "feasible after", "changed then", "changed", "cost",
)  # fmt: skip


@dataclass
class FirstFeasible(SilentObserver):
    """When a search was first feasible."""

    clock: Callable[[], float]
    after: float | None = None

    def update(self, message: str, **figures: float) -> None:  # noqa: ARG002
        if self.after is None and figures.get("violations") == 0:
            self.after = self.clock()


@dataclass(frozen=True)
class Outcome:
    """What one way led to."""

    feasible_after: float | None
    then: Timetable | None
    last: Timetable


def close_room(old: Timetable, rng: Random) -> Problem | None:
    """Close a room that is in use, if there are enough without it."""
    problem = old.problem
    if (len(problem.rooms) - 1) * problem.num_periods < problem.num_lectures:
        return None
    closed = rng.choice(sorted({x.room for x in old.lectures}))
    place = {r: i for i, r in enumerate(r for r in range(len(problem.rooms)) if r != closed)}
    return replace(
        problem,
        rooms=tuple(problem.rooms[r] for r in place),
        unsuitable=frozenset((c, place[r]) for c, r in problem.unsuitable if r in place),
        before=tuple(x._replace(room=place[x.room]) for x in old.lectures if x.room in place),
    )


def lose_day(old: Timetable, rng: Random) -> Problem | None:
    """Let a teacher be unavailable on a day with lectures, all day."""
    problem, per_day = old.problem, old.problem.periods_per_day
    course, period, _ = rng.choice(old.lectures)
    day = period // per_day
    teacher = problem.courses[course].teacher
    closed = {
        (c, p)
        for c, other in enumerate(problem.courses)
        if other.teacher == teacher
        for p in range(day * per_day, (day + 1) * per_day)
    }
    return replace(problem, unavailable=problem.unavailable | closed, before=old.lectures)


def gain_course(old: Timetable, rng: Random) -> Problem | None:
    """Let a curriculum gain a course that is held at the same time as one of its own."""
    problem, at = old.problem, [set[int]() for _ in old.problem.courses]
    for lecture in old.lectures:
        at[lecture.course].add(lecture.period)
    pairs = [
        (q, c)
        for q, curriculum in enumerate(problem.curricula)
        for c in range(len(problem.courses))
        if c not in curriculum.courses and any(at[c] & at[other] for other in curriculum.courses)
    ]
    q, c = rng.choice(pairs)
    curricula = list(problem.curricula)
    curricula[q] = replace(curricula[q], courses=(*curricula[q].courses, c))
    return replace(problem, curricula=tuple(curricula), before=old.lectures)


DISRUPTIONS: dict[str, Callable[[Timetable, Random], Problem | None]] = {
    "a room closes": close_room,
    "a teacher's day": lose_day,
    "a course more": gain_course,
}


def mend(problem: Problem, seconds: float, seed: int, price: int) -> Outcome:
    """Place with few changes what has lost its place, then search with a price on changes."""
    rules, stop = price_changes(UD2, price), TimeLimit(seconds, time.monotonic)
    begun, silent = time.monotonic(), SilentObserver()
    kept = cpsat.keep(Timetable(problem, problem.before), rules)
    placing = TimeLimit(seconds * MENDING_SHARE, time.monotonic)
    placed = cpsat.place_missing(
        problem, formulation=rules, start=kept, stop=placing, seed=seed, observer=silent
    )
    first = time.monotonic() - begun if placed.violations == 0 else None
    observer = FirstFeasible(lambda: time.monotonic() - begun, first)
    found = genetic.solve(
        problem,
        formulation=rules,
        start=placed.timetable,
        stop=stop,
        seed=seed,
        observer=observer,
        num_threads=NUM_THREADS,
    )
    then = placed.timetable if placed.violations == 0 else None
    return Outcome(observer.after, then, found.timetable)


def repair_alone(problem: Problem, seconds: float, seed: int, price: int) -> Outcome:
    """The same by the learned repair alone."""
    rules, begun = price_changes(UD2, price), time.monotonic()
    observer = FirstFeasible(lambda: time.monotonic() - begun)
    found = repair.solve(
        problem,
        formulation=rules,
        start=cpsat.keep(Timetable(problem, problem.before), rules),
        stop=TimeLimit(seconds, time.monotonic),
        seed=seed,
        observer=observer,
    )
    return Outcome(observer.after, None, found.timetable)


def begin_anew(problem: Problem, seconds: float, seed: int, price: int) -> Outcome:  # noqa: ARG001
    """Make a timetable as for the first time."""
    forgotten, begun = replace(problem, before=()), time.monotonic()
    observer = FirstFeasible(lambda: time.monotonic() - begun)
    found = make_anew(
        forgotten,
        formulation=UD2,
        seconds=seconds,
        seed=seed,
        num_threads=NUM_THREADS,
        observer=observer,
    )
    return Outcome(observer.after, None, found)


WAYS = {"mended": mend, "repaired": repair_alone, "anew": begin_anew}


def rows_of(path: Path, seconds: float, seed: int, price: int) -> Iterator[Sequence[str]]:
    """Disrupt one instance in each way, and solve it in each."""
    first = read_problem(path)
    old = make_anew(
        first,
        formulation=UD2,
        seconds=seconds,
        seed=seed,
        num_threads=NUM_THREADS,
        observer=SilentObserver(),
    )
    for name, disrupt in DISRUPTIONS.items():
        problem = disrupt(old, Random(f"{path.stem} {name} {seed}"))
        if problem is None:
            yield path.stem, name, *("-",) * (len(HEAD) - 2)
            continue
        kept = cpsat.keep(Timetable(problem, problem.before), UD2)
        forced = len(old.lectures) - len(kept.lectures)
        for way, solve in WAYS.items():
            outcome = solve(problem, seconds, seed, price)
            score = evaluate(Timetable(problem, outcome.last.lectures), UD2)
            after = outcome.feasible_after
            yield (
                path.stem,
                name,
                str(forced),
                way,
                "-" if after is None else f"{after:.1f} s",
                "" if outcome.then is None else str(changed(old, outcome.then.lectures, problem)),
                str(changed(old, outcome.last.lectures, problem)),
                str(score.cost) if score.is_feasible else f"{score.num_violations} broken",
            )


def changed(old: Timetable, lectures: tuple[Lecture, ...], problem: Problem) -> int:
    """Lectures that people have to learn anew."""
    return len(compare(old, Timetable(problem, lectures)).changes)


def main() -> None:
    """Print the table, each row when it is there."""
    parser = argparse.ArgumentParser(description="Mend disrupted timetables, or make them anew.")
    parser.add_argument("instances", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--price", type=int, default=5)
    chosen = parser.parse_args()
    import flows.making  # noqa: F401 - off the clock, as for the command

    warm_up()
    rows = []
    for path in chosen.instances:
        for seed in range(chosen.seeds):
            for row in rows_of(path, chosen.seconds, seed, chosen.price):
                rows.append(row)
                print(*row, sep="  ", flush=True)
    print(table(HEAD, rows))


if __name__ == "__main__":
    main()
