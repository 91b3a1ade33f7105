"""Who is taken with whom: the courses that must never meet one, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from timetabling.problem import Problem

__all__ = ["Company", "Ties"]


@dataclass(frozen=True, slots=True)
class Ties:
    """What two courses have in common: perhaps a teacher, and indices of curricula."""

    teacher: bool
    curricula: tuple[int, ...]


class Company:
    """Who is taken with whom in a problem; of each course, when it is asked for."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.curricula_of: list[list[int]] = [[] for _ in problem.courses]
        for q, curriculum in enumerate(problem.curricula):
            for c in curriculum.courses:
                self.curricula_of[c].append(q)
        self._ties: dict[int, Mapping[int, Ties]] = {}

    def ties(self, course: int) -> Mapping[int, Ties]:
        """The courses that must never meet one, and why."""
        if course not in self._ties:
            courses, shared = self.problem.courses, dict[int, list[int]]()
            for q in self.curricula_of[course]:
                for other in self.problem.curricula[q].courses:
                    shared.setdefault(other, []).append(q)
            teacher = courses[course].teacher
            self._ties[course] = {
                other: Ties(each.teacher == teacher, tuple(shared.get(other, ())))
                for other, each in enumerate(courses)
                if other != course and (other in shared or each.teacher == teacher)
            }
        return self._ties[course]
