"""What a template shows: a small university, with something in every table, that can be solved."""

from __future__ import annotations

from timetabling.problem import Course, CourseWeight, Curriculum, Pin, Problem, Room

__all__ = ["EXAMPLE"]


def _course(
    name: str, teacher: str, lectures: int, days: int, students: int, *, double: bool = False
) -> Course:
    return Course(
        id=name,
        teacher=teacher,
        num_lectures=lectures,
        min_working_days=days,
        num_students=students,
        wants_double_lectures=double,
    )


ALGEBRA, CALCULUS, PROGRAMMING, PHYSICS, LABORATORY, STATISTICS = range(6)
LECTURE_HALL, SEMINAR_ROOM, LAB = range(3)
FRIDAY, PERIODS = 4, 4

EXAMPLE = Problem(
    name="Autumn 2026",
    num_days=5,
    periods_per_day=PERIODS,
    courses=(
        _course("Algebra", "E. Noether", 3, 3, 80),
        _course("Calculus", "S. Kovalevskaya", 4, 3, 75),
        _course("Programming", "A. Lovelace", 3, 2, 60),
        _course("Physics", "M. Curie", 3, 3, 60),
        _course("Physics laboratory", "M. Curie", 2, 1, 24, double=True),
        _course("Statistics", "F. Nightingale", 2, 2, 45),
    ),
    rooms=(
        Room(id="Lecture hall", capacity=90, building="Main"),
        Room(id="Seminar room 101", capacity=50, building="Main"),
        Room(id="Laboratory 007", capacity=24, building="Science"),
    ),
    curricula=(
        Curriculum(id="Mathematics 1", courses=(ALGEBRA, CALCULUS, PROGRAMMING)),
        Curriculum(id="Physics 1", courses=(ALGEBRA, CALCULUS, PHYSICS, LABORATORY)),
        Curriculum(id="Mathematics 2", courses=(PROGRAMMING, STATISTICS)),
    ),
    unavailable=frozenset(
        [(ALGEBRA, FRIDAY * PERIODS + period) for period in range(PERIODS)]
        + [(STATISTICS, 0), (STATISTICS, 1)]
    ),
    undesired=frozenset((PROGRAMMING, day * PERIODS) for day in range(5)),
    course_weights=frozenset(
        {CourseWeight(PHYSICS, "room_stability", 5), CourseWeight(LABORATORY, "room_stability", 5)}
    ),
    unsuitable=frozenset(
        {(LABORATORY, LECTURE_HALL), (LABORATORY, SEMINAR_ROOM), (PROGRAMMING, LAB)}
    ),
    daily_lectures=(1, 3),
    pins=frozenset(
        {
            Pin(CALCULUS, 0, LECTURE_HALL),
            Pin(STATISTICS, 2 * PERIODS + 1, None),
            Pin(LABORATORY, None, LAB),
        }
    ),
)
