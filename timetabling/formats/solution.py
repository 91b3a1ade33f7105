"""The solution format of ITC-2007, track 3: ``course room day period``, one line a lecture."""

from __future__ import annotations

from pathlib import Path

from timetabling.formats.text import (
    Report,
    check_word,
    quote,
    read_lines,
    whole_number,
    write_text,
)
from timetabling.problem import Lecture, Problem, Timetable

__all__ = ["check_names", "read_solution", "solution_text", "write_solution"]


def read_solution(path: Path, problem: Problem) -> Timetable:
    """Read a timetable of the problem.

    Lectures may be missing, all of them even, or too many: that is for `penalties` to count.

    Raises
    ------
    InputError
        If a line has not four words, or names a course, room or period the problem has not.
    OSError
        If reading fails half-way.
    """
    courses = {course.id: c for c, course in enumerate(problem.courses)}
    rooms = {room.id: r for r, room in enumerate(problem.rooms)}
    slots_of = (problem.num_days, problem.periods_per_day)
    report = Report(path)
    lectures = []
    for number, line in enumerate(read_lines(path), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 4:
            report.add(number, f"expected 4 words (course room day period), got {len(words)}")
            continue
        course, room, *when = words
        problems = []
        if course not in courses:
            problems.append(f"course: expected one of the instance, got {quote(course)}")
        if room not in rooms:
            problems.append(f"room: expected one of the instance, got {quote(room)}")
        for what, word, size in zip(("day", "period"), when, slots_of, strict=True):
            try:
                if whole_number(word) >= size:
                    problems.append(f"{what}: expected 0 to {size - 1}, got {word}")
            except ValueError as error:
                problems.append(f"{what}: {error}")
        if problems:
            report.add(number, "; ".join(problems))
        else:
            day, slot = map(int, when)
            period = day * problem.periods_per_day + slot
            lectures.append(Lecture(courses[course], period, rooms[room]))
    report.check()
    return Timetable(problem, tuple(lectures))


def solution_text(timetable: Timetable) -> str:
    """A timetable in this format, sorted by course and period.

    A name with a space is written in quotes: `write_solution` refuses it, a digest needs it.
    """
    problem = timetable.problem
    lines = []
    # Rooms are left as they come: of a course twice at one period, the first one counts.
    for lecture in sorted(timetable.lectures, key=lambda x: (x.course, x.period)):
        day, slot = divmod(lecture.period, problem.periods_per_day)
        names = problem.courses[lecture.course].id, problem.rooms[lecture.room].id
        course_id, room_id = (repr(name) if " " in name else name for name in names)
        lines.append(f"{course_id} {room_id} {day} {slot}\n")
    return "".join(lines)


def write_solution(timetable: Timetable, path: Path) -> None:
    """Write a timetable, sorted by course and period, in one step.

    Raises
    ------
    ValueError
        If the format cannot hold the name of a course or room, because of a space.
    OSError
        If the file cannot be written; what was there stays.
    """
    check_names(timetable.problem)
    write_text(path, solution_text(timetable))


def check_names(problem: Problem) -> None:
    """Check that this format can hold the names of all courses and rooms.

    Raises
    ------
    ValueError
        If one of them has a space.
    """
    for course in problem.courses:
        check_word("course", course.id)
    for room in problem.rooms:
        check_word("room", room.id)
