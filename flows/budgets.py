"""How a run's time, or its work, is shared out, and what each stage should take."""

from __future__ import annotations

import time

from tasks.budget import Budget
from tracking.unit import Unit

__all__ = ["PUBLISHING_SHARE", "QUICK_SECONDS", "QUICK_STAGES", "SHARES", "expect"]

# Annealed populations gain most from time. Placing the clusters is soon done, except in a large
# problem; the lower bound, proven beside that, has the whole of the first share.
SHARES = {"cpsat_solving": 0.04, "ga_optimization": 0.94, "rl_refinement": 0.02}

# Stages without a budget, and what each should take until earlier runs say better.
QUICK_STAGES = ("loading", "clustering", "finalize")
QUICK_SECONDS = 0.2

# Units of work a second of two cores, roughly: where work is the limit, the time left of a first
# run rests on it.
WORK_A_SECOND = {"cpsat_solving": 4e6, "ga_optimization": 15e6, "rl_refinement": 2.5e6}

# Kept back from a time limit for counting every rule once more and writing the file.
PUBLISHING_SHARE = 0.03


def expect(reporter: Unit, budget: Budget, stage: str, *, is_optimal: bool = False) -> None:
    """Say how long a searching stage and those after it should take, from now on.

    Said again before each: what one has left over, the next may use. What is optimal is not
    searched for any more.
    """
    stages = list(SHARES)
    if is_optimal:
        reporter.expect(dict.fromkeys(stages[stages.index(stage) :], QUICK_SECONDS))
    elif budget.work is None:
        reporter.expect(budget.expected_seconds(stage, now=time.time()))
    else:
        reporter.expect(
            {name: budget.work * SHARES[name] / speed for name, speed in WORK_A_SECOND.items()}
        )
