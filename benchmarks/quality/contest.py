"""What every contestant but the command itself has in common: a process of its own, and one clock.

A contestant is a function like an engine's ``solve``. Everything it needs to start (imports,
compiled kernels, a Java machine) is there before the clock starts, as for ``horarium generate``;
reading, solving and writing are on the clock. What it finds it prints, a line of JSON each.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from timetabling.formats import read_problem, write_solution
from timetabling.penalties import Formulation, evaluate
from timetabling.penalties import formulation as find_formulation
from timetabling.problem import Problem, Timetable
from timetabling.search import Observer

__all__ = ["Contestant", "take_part"]

WRITING_SHARE = 0.03
"""Of the time limit: `flows.timetable` keeps back as much."""


class Contestant(Protocol):
    """Makes a timetable within `seconds`, telling the observer of each better one."""

    def __call__(
        self,
        problem: Problem,
        *,
        formulation: Formulation,
        seconds: float,
        seed: int,
        num_threads: int,
        observer: Observer,
    ) -> Timetable:
        """Solve the problem."""


class _Teller:
    """Prints what is better than all before it, with the seconds on the clock."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._best = (float("inf"), float("inf"))

    def update_stage_progress(self, completed: int, total: int) -> None:
        """Ignore it."""

    def update(self, message: str, **figures: float) -> None:  # noqa: ARG002
        """Print the figures, if they are a timetable's."""
        if not {"violations", "cost"} <= figures.keys():
            return
        found = figures["violations"], figures["cost"]
        if found < self._best:
            self._best = found
            self.say(violations=int(found[0]), cost=int(found[1]))

    def say(self, **words: int | str) -> None:
        """Print a line."""
        seconds = round(time.monotonic() - self._started, 3)
        print(json.dumps({"seconds": seconds, **words}), flush=True)


def take_part(contestant: Contestant, arguments: Sequence[str] | None = None) -> None:
    """Solve the instance that the command line names, and write the timetable."""
    parser = argparse.ArgumentParser()
    parser.add_argument("instance", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--formulation", default="UD2")
    parser.add_argument("--time-limit", type=float, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args(arguments)
    rules = find_formulation(chosen.formulation)

    started = time.monotonic()
    teller = _Teller(started)
    problem = read_problem(chosen.instance)
    timetable = contestant(
        problem,
        formulation=rules,
        seconds=chosen.time_limit * (1 - WRITING_SHARE) - (time.monotonic() - started),
        seed=chosen.seed,
        num_threads=chosen.threads,
        observer=teller,
    )
    score = evaluate(timetable, rules)
    write_solution(timetable, chosen.output)
    teller.say(violations=score.num_violations, cost=score.cost, end="written")
