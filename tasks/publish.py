"""Write the timetable, with what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prefect import task

from tasks.retrying import RETRYING
from timetabling.formats import write_solution
from timetabling.penalties import Formulation, Score, evaluate
from timetabling.problem import Timetable

__all__ = ["Published", "publish"]


@dataclass(frozen=True, slots=True)
class Published:
    """A written timetable.

    Parameters
    ----------
    output
        Its file.
    score
        Its violations and penalties, by rule.
    bound
        What every feasible timetable costs at least.
    cancelled
        Whether the search was cut short.
    """

    output: Path
    score: Score
    bound: int = 0
    cancelled: bool = False


@task(task_run_name="write {output.name}", **RETRYING)
def publish(
    timetable: Timetable, *, formulation: Formulation, output: Path, bound: int = 0
) -> Published:
    """Count every rule once more, from scratch, and write the file whole or not at all."""
    score = evaluate(timetable, formulation)
    write_solution(timetable, output)
    return Published(output, score, bound)
