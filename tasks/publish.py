"""Write the timetable, with what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prefect import task

from tasks.retrying import RETRYING
from timetabling.formats import write_solution
from timetabling.penalties import Formulation, Score, evaluate
from timetabling.problem import Timetable
from tracking.hooks import current_reporter

__all__ = ["Published", "publish"]


@dataclass(frozen=True, slots=True)
class Published:
    """A written timetable: the file, its score by rule, and whether the search was cut short."""

    output: Path
    score: Score
    cancelled: bool = False


@task(task_run_name="write {output.name}", **RETRYING)
def publish(timetable: Timetable, *, formulation: Formulation, output: Path) -> Published:
    """Count every rule once more, from scratch, and write the file whole or not at all."""
    score = evaluate(timetable, formulation)
    write_solution(timetable, output)
    current_reporter().update(
        f"published: cost {score.cost}", cost=score.cost, violations=score.num_violations
    )
    return Published(output, score)
