"""Lectures that are pinned to a period are placed first, and no engine moves them."""

from __future__ import annotations

from collections import Counter, defaultdict

from timetabling.problem import Lecture, Timetable

__all__ = ["place_pinned"]


def place_pinned(timetable: Timetable) -> Timetable:
    """Put every lecture that is pinned to a period in its place, before all others.

    Engines begin so, whatever the pins break. Where no room is pinned, the timetable's own is
    kept, or one is chosen that is free, suits and is large enough, if there is one. A course that
    has too many lectures then loses the last of those that are not pinned.

    Returns
    -------
    Timetable
        The lectures pinned to a period in order of course and period, then the others as they
        come; the same one where nothing is pinned to a period.
    """
    problem = timetable.problem
    if not problem.pinned:
        return timetable
    room_at: dict[tuple[int, int], int] = {}
    for lecture in timetable.lectures:
        room_at.setdefault(lecture[:2], lecture.room)
    wanted = {at: room_at.get(at) if room is None else room for at, room in problem.pinned.items()}
    taken: dict[int, set[int]] = defaultdict(set)
    for (_, period), room in (room_at | wanted).items():
        if room is not None:
            taken[period].add(room)

    def choose(course: int, period: int) -> int:
        seats = problem.courses[course].num_students
        return min(
            range(len(problem.rooms)),
            key=lambda r: (
                r in taken[period],
                (course, r) in problem.unsuitable,
                max(0, seats - problem.rooms[r].capacity),
                problem.rooms[r].capacity,
                r,
            ),
        )

    placed = []
    for (course, period), kept in wanted.items():
        room = choose(course, period) if kept is None else kept
        taken[period].add(room)
        placed.append(Lecture(course, period, room))
    spare = Counter(problem.lecture_courses)
    spare.subtract(lecture.course for lecture in placed)
    for lecture in timetable.lectures:
        if lecture[:2] not in problem.pinned and spare[lecture.course] > 0:
            spare[lecture.course] -= 1
            placed.append(lecture)
    return Timetable(problem, tuple(placed))
