"""A problem small enough to count every penalty by hand."""

from __future__ import annotations

from timetabling.problem import Course, Curriculum, Problem, Room

__all__ = ["ALGEBRA", "HALL", "LAB", "MUSIC", "PHYSICS", "PROBLEM"]

# Two days of four periods: Monday is 0 to 3, Tuesday 4 to 7.
ALGEBRA, PHYSICS, MUSIC = range(3)
HALL, LAB = range(2)
PROBLEM = Problem(
    name="tiny",
    num_days=2,
    periods_per_day=4,
    courses=(
        Course(
            id="algebra",
            teacher="Noether",
            num_lectures=2,
            min_working_days=2,
            num_students=30,
            wants_double_lectures=True,
        ),
        Course(id="physics", teacher="Curie", num_lectures=2, min_working_days=1, num_students=20),
        Course(id="music", teacher="Curie", num_lectures=1, min_working_days=1, num_students=5),
    ),
    rooms=(
        Room(id="hall", capacity=30, building="north"),
        Room(id="lab", capacity=18, building="s"),
    ),
    curricula=(Curriculum(id="first", courses=(ALGEBRA, PHYSICS)),),
    unavailable=frozenset({(MUSIC, 0)}),
    unsuitable=frozenset({(MUSIC, LAB)}),
    daily_lectures=(2, 3),
)
