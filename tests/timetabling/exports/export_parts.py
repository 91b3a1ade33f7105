"""What tests of exports share: timetables with names that are hard on every format."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from timetabling.exports.certificate import Certificate, certify
from timetabling.exports.semester import Semester
from timetabling.penalties import formulation
from timetabling.problem import Course, Curriculum, Lecture, Problem, Room, Timetable
from timetabling.view import Document, document

__all__ = ["NOW", "PROBLEM", "SEMESTER", "certificate_of", "document_of", "names", "timetables"]

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SEMESTER = Semester.model_validate(
    {
        "name": "Winter 2026/27",
        "start": date(2026, 10, 5),
        "weeks": 15,
        "timezone": "Europe/Berlin",
        "periods": ["08:15-09:45", "10:00-11:30", "12:00-13:30", "13:45-15:15"],
        "holidays": [
            date(2026, 10, 5),
            {"first": date(2026, 12, 21), "last": date(2027, 1, 3)},
        ],
    }
)

names = st.text(
    st.characters(codec="utf-8", exclude_categories=("C", "Z"))
    | st.sampled_from(" ,;\"'=+-@<&\\\u200c\u200d"),
    min_size=1,
    max_size=8,
).filter(lambda name: name.strip() and all(c.isprintable() or c in "\u200c\u200d" for c in name))

# What a spreadsheet would compute, what HTML would run, what iCalendar and CSV give a meaning.
PROBLEM = Problem(
    name='=cmd|"<i>',
    num_days=5,
    periods_per_day=4,
    courses=(
        Course(id="=1+1", teacher="O'Hara", num_lectures=3, min_working_days=3, num_students=40),
        Course(id="<b>&amp;", teacher="-2", num_lectures=2, min_working_days=1, num_students=9),
        Course(id='a,"b;c', teacher="@home", num_lectures=2, min_working_days=1, num_students=9),
        Course(id="+x", teacher="Ż ółw", num_lectures=1, min_working_days=1, num_students=5),
    ),
    rooms=(
        Room(id="A 1/2", capacity=30, building="north, wing"),
        Room(id="a 1/2", capacity=50),
        Room(id="..", capacity=10),
    ),
    curricula=(
        Curriculum(id="</script>", courses=(0, 1)),
        Curriculum(id="=2;3", courses=(1, 2, 3)),
    ),
)


@st.composite
def timetables(draw: st.DrawFn, problem: Problem = PROBLEM) -> Timetable:
    """Lectures anywhere, each course at most as often as it should be, some missing."""
    lectures = []
    for c, course in enumerate(problem.courses):
        periods = draw(
            st.lists(
                st.integers(0, problem.num_periods - 1), unique=True, max_size=course.num_lectures
            )
        )
        lectures += [
            Lecture(c, period, draw(st.integers(0, len(problem.rooms) - 1))) for period in periods
        ]
    return Timetable(problem, tuple(lectures))


def document_of(timetable: Timetable) -> Document:
    return document(timetable, formulation("UD2"), 0)


def certificate_of(timetable: Timetable, **told: Any) -> Certificate:
    given: dict[str, Any] = {
        "instance_sha256": "a" * 64,
        "made_at": NOW,
        "versions": {"horarium": "0"},
    }
    return certify(timetable, formulation("UD2"), **given | told)
