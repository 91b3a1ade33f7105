"""What is placed, what is open, a first greedy choice of periods, and who excludes whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from timetabling.penalties import Formulation
from timetabling.problem import Lecture, Problem

__all__ = ["Board", "choose_periods", "find_cliques"]


class Board:
    """Lectures in their places.

    Parameters
    ----------
    problem, rules
        What is to be solved, by which rules.
    lectures
        Those placed.

    Attributes
    ----------
    held_at
        Periods of each course that has any.
    free_rooms
        For each period the rooms without a lecture.
    """

    def __init__(self, problem: Problem, rules: Formulation, lectures: Iterable[Lecture]) -> None:
        self.problem, self.rules = problem, rules
        self.held_at: dict[int, set[int]] = defaultdict(set)
        self.free_rooms = [list(range(len(problem.rooms))) for _ in range(problem.num_periods)]
        for lecture in lectures:
            self.place(lecture)

    def place(self, lecture: Lecture) -> None:
        """Put a lecture in its place, whatever stands there."""
        self.held_at[lecture.course].add(lecture.period)
        if lecture.room in self.free_rooms[lecture.period]:
            self.free_rooms[lecture.period].remove(lecture.room)

    def allows(self, lecture: Lecture) -> bool:
        """Whether a lecture is lacking, and can be placed so without breaking a hard rule."""
        return (
            self.lacking(lecture.course) > 0
            and lecture.period in self.open_periods(lecture.course)
            and lecture.room in self.free_rooms[lecture.period]
            and self.fits(lecture.course, lecture.room)
        )

    def lacking(self, course: int) -> int:
        """Lectures of a course that are not placed."""
        placed = self.held_at.get(course, ())
        return max(0, self.problem.courses[course].num_lectures - len(placed))

    def open_periods(self, course: int) -> list[int]:
        """Periods at which one more lecture of a course can be placed."""
        closed = set(self.held_at.get(course, ()))
        for other in self.problem.conflicts[course]:
            closed.update(self.held_at.get(other, ()))
        return [
            p
            for p in range(self.problem.num_periods)
            if p not in closed
            and (course, p) not in self.problem.unavailable
            and any(self.fits(course, room) for room in self.free_rooms[p])
        ]

    def fits(self, course: int, room: int) -> bool:
        """Whether no hard rule keeps a course out of a room."""
        problem = self.problem
        return (
            "room_suitability" not in self.rules.hard or (course, room) not in problem.unsuitable
        ) and problem.room_pins.get(course, room) == room


def choose_periods(board: Board, courses: Iterable[int]) -> set[tuple[int, int]]:
    """Choose periods for the lacking lectures of some courses, one lecture after the other.

    Next is the course with the fewest periods to spare; it takes the period that courses in
    conflict with it, of those that lack lectures too, can best do without.

    Returns
    -------
    set of (course, period)
        Lectures that found no open period are left out. Rooms are only counted.
    """
    problem = board.problem
    lacking = {c: n for c in range(len(problem.courses)) if (n := board.lacking(c))}
    wanted = set(courses) & lacking.keys()
    concerned = wanted.union(*(problem.conflicts[c] & lacking.keys() for c in wanted))
    open_periods = {c: set(board.open_periods(c)) for c in concerned}
    rooms = [len(free) for free in board.free_rooms]
    chosen = set()
    while wanted:
        course = min(wanted, key=lambda c: (len(open_periods[c]) - lacking[c], c))
        rivals = sorted(problem.conflicts[course] & lacking.keys())
        harm = dict.fromkeys(sorted(p for p in open_periods[course] if rooms[p]), 0.0)
        for rival in rivals:
            spare = max(0, len(open_periods[rival]) - lacking[rival])
            for p in open_periods[rival] & harm.keys():
                harm[p] += lacking[rival] / (1 + spare) ** 2
        if not harm:
            wanted.remove(course)
            continue
        period = min(harm, key=lambda p: (harm[p], -rooms[p], p))
        chosen.add((course, period))
        rooms[period] -= 1
        for c in (course, *rivals):
            open_periods[c].discard(period)
        lacking[course] -= 1
        if not lacking[course]:
            wanted.remove(course)
            del lacking[course]
    return chosen


def find_cliques(problem: Problem, courses: Sequence[int]) -> list[list[int]]:
    """Groups of courses that exclude one another, covering every conflict among `courses`."""
    inside = set(courses)
    near = {c: problem.conflicts[c] & inside for c in courses}
    groups: dict[str, set[int]] = defaultdict(set)
    for c in courses:
        groups[problem.courses[c].teacher].add(c)
    found = {frozenset(group) for group in groups.values()}
    found.update(frozenset(inside.intersection(q.courses)) for q in problem.curricula)
    cliques: list[list[int]] = []
    covered: set[tuple[int, int]] = set()
    for group in sorted(found, key=lambda group: (-len(group), sorted(group))):
        clique = sorted(group)
        if covered.issuperset(combinations(clique, 2)):
            continue
        common = set.intersection(*(set(near[c]) for c in clique))
        while common:  # a larger clique is a stronger constraint, and covers more
            c = min(common)
            clique.append(c)
            common &= near[c]
        covered.update(combinations(sorted(clique), 2))
        cliques.append(clique)
    return cliques
