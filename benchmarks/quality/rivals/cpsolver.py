"""A rival: CPSolver with the settings that won track 3 of ITC-2007, on UD2.

    python -m benchmarks.quality.rivals.cpsolver INSTANCE OUTPUT --time-limit 60

It searches in one thread, so each of the threads is a search of its own, with a seed of its own,
and the best timetable of them counts. ``HORARIUM_CPSOLVER`` is the class path of the solver;
docs/decisions/0011-quality.md says how to build it.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from shutil import which

from benchmarks.quality.contest import take_part
from timetabling.penalties import Formulation, evaluate
from timetabling.problem import Lecture, Problem, Timetable
from timetabling.search import Observer

__all__ = ["find_class_path", "solve"]

BETTER = re.compile(r"\*\*BEST\[\d+\]\*\* V:(\d+)/\1, P:(\d+) ")
"""How it tells of a timetable without missing lectures, and of its cost."""


def solve(
    problem: Problem,
    *,
    formulation: Formulation,
    seconds: float,
    seed: int,
    num_threads: int,
    observer: Observer,
) -> Timetable:
    """Run a search a thread, side by side. Starting Java is on the clock.

    Raises
    ------
    ValueError
        For another formulation than UD2, or if the solver or Java is not found.
    RuntimeError
        If a search ends without a timetable; with what it said last.
    """
    deadline = time.monotonic() + seconds
    if formulation.name != "UD2":
        raise ValueError(f"cpsolver: expected UD2, got {formulation.name}")
    class_path = find_class_path()
    with tempfile.TemporaryDirectory() as spare, ThreadPoolExecutor(num_threads) as threads:
        instance = Path(spare) / "instance.ctt"
        instance.write_text("\n".join([*_lines(problem), "END.", ""]), encoding="ascii")
        search = _Search(problem, instance, class_path, deadline, observer, threading.Lock())
        seeds = range(seed * num_threads, (seed + 1) * num_threads)
        found = list(threads.map(search.run, seeds))
    return min(found, key=lambda x: evaluate(x, formulation).order)


def find_class_path() -> str:
    """Say where the solver's classes are.

    Raises
    ------
    ValueError
        If the environment does not tell, or there is no Java to run them.
    """
    class_path = os.environ.get("HORARIUM_CPSOLVER")
    if not class_path:
        raise ValueError(
            "cpsolver: expected its class path in HORARIUM_CPSOLVER;"
            " docs/decisions/0011-quality.md says how to build it"
        )
    if which("java") is None:
        raise ValueError("cpsolver: no java in PATH; it needs a JDK 17 or later")
    return class_path


@dataclass(frozen=True, slots=True)
class _Search:
    """What the searches of one problem have in common."""

    problem: Problem
    instance: Path
    class_path: str
    deadline: float
    observer: Observer
    telling: threading.Lock

    def run(self, seed: int) -> Timetable:
        """Search until the deadline, telling of each better timetable."""
        left = max(0.0, self.deadline - time.monotonic())
        output = self.instance.with_name(f"{seed}.sol")
        # Its own time limit is of whole seconds, after Java has started: it is there in case the
        # signal comes before the solver listens. A search that is told to end writes its best.
        # Java's default collector, on cores of its own, took 30 % more CPU time for the same moves.
        command: list[str | Path] = [
            "java", "-XX:+UseSerialGC", "-cp", self.class_path, "-Dverbose=info",
            "net.sf.cpsolver.itc.ItcTest", "ctt", self.instance, output, str(ceil(left)), str(seed),
        ]  # fmt: skip
        last = ""
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            alarm = threading.Timer(left, process.terminate)
            alarm.start()
            assert process.stdout is not None
            for line in process.stdout:
                last = line.strip() or last
                if better := BETTER.match(line):
                    with self.telling:
                        self.observer.update("better", violations=0, cost=int(better[2]))
            alarm.cancel()
        if not output.is_file():
            raise RuntimeError(f"cpsolver: no timetable: {last}")
        return Timetable(self.problem, tuple(_lectures(self.problem, output)))


def _lines(problem: Problem) -> Iterator[str]:
    """Say the problem as a .ctt, with indices for names."""
    teachers = {x.teacher: t for t, x in enumerate(problem.courses)}
    yield from (
        f"Name: {len(problem.courses)}-courses",
        f"Courses: {len(problem.courses)}",
        f"Rooms: {len(problem.rooms)}",
        f"Days: {problem.num_days}",
        f"Periods_per_day: {problem.periods_per_day}",
        f"Curricula: {len(problem.curricula)}",
        f"Constraints: {len(problem.unavailable)}",
    )
    yield from ("", "COURSES:")
    for c, x in enumerate(problem.courses):
        yield f"{c} {teachers[x.teacher]} {x.num_lectures} {x.min_working_days} {x.num_students}"
    yield from ("", "ROOMS:")
    yield from (f"{r} {room.capacity}" for r, room in enumerate(problem.rooms))
    yield from ("", "CURRICULA:")
    for q, curriculum in enumerate(problem.curricula):
        yield " ".join(map(str, (q, len(curriculum.courses), *curriculum.courses)))
    yield from ("", "UNAVAILABILITY_CONSTRAINTS:")
    for c, period in sorted(problem.unavailable):
        day, slot = divmod(period, problem.periods_per_day)
        yield f"{c} {day} {slot}"
    yield ""


def _lectures(problem: Problem, output: Path) -> Iterator[Lecture]:
    """Read its timetable; of a lecture that has no place there is only the course."""
    for line in output.read_text(encoding="ascii").splitlines():
        course, *place = map(int, line.split())
        if place:
            room, day, slot = place
            yield Lecture(course, day * problem.periods_per_day + slot, room)


if __name__ == "__main__":
    take_part(solve)
