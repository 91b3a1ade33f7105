"""Does the repair agent learn anything? Its choices against choices at random.

Both choose among the same candidates, with the same number of moves priced, from the same
timetables: a generated one with lectures taken out and misplaced, and an empty one.
The figure is the objective at the end (100 a violation, plus the cost); lower is better.

    python -m benchmarks.quality.repair_choice [MOVES]
"""

from __future__ import annotations

import sys
from random import Random
from statistics import fmean
from typing import Literal

from benchmarks.quality.intervals import confidence_interval
from timetabling.generator import generate
from timetabling.penalties import formulation
from timetabling.problem import Timetable
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers import repair

RULES = formulation("UD2")
SIZES = (40, 80)
SEEDS = range(20)


def damage(timetable: Timetable, seed: int) -> Timetable:
    """Take 15 lectures out, and put 15 others anywhere."""
    random = Random(seed)
    problem = timetable.problem
    lectures = random.sample(timetable.lectures, len(timetable.lectures))
    misplaced = [
        lecture._replace(
            period=random.randrange(problem.num_periods), room=random.randrange(len(problem.rooms))
        )
        for lecture in lectures[:15]
    ]
    return Timetable(problem, (*misplaced, *lectures[30:]))


def objective(
    start: Timetable, choice: Literal["learned", "uniform"], seed: int, moves: int
) -> float:
    """The objective that one run ends with."""
    result = repair.solve(
        start.problem,
        formulation=RULES,
        start=start,
        stop=WorkLimit(moves),
        seed=seed,
        observer=SilentObserver(),
        choice=choice,
    )
    return repair.VIOLATION_WEIGHT * result.violations + result.cost


def main(moves: int) -> None:
    """Print the table."""
    print(f"{len(SEEDS)} seeds, {moves:,} moves each; gain with a 95 % confidence interval")
    print(f"{'start':<24}{'uniform':>10}{'learned':>10}{'gain':>10}{'+-':>8}")
    for num_courses in SIZES:
        problem, witness = generate(num_courses, seed=num_courses)
        for name, start in (
            ("damaged", damage(witness, num_courses)),
            ("empty", Timetable(problem)),
        ):
            uniform, learned = (
                [objective(start, choice, seed, moves) for seed in SEEDS]
                for choice in ("uniform", "learned")
            )
            gains = [u - v for u, v in zip(uniform, learned, strict=True)]
            gain, margin = confidence_interval(gains)
            print(
                f"{f'{num_courses} courses, {name}':<24}{fmean(uniform):>10.1f}"
                f"{fmean(learned):>10.1f}{gain:>10.1f}{margin:>8.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["1000000"])[0]))
