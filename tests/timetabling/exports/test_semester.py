"""A semester's dates, and what is said of one that cannot be."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from tests.timetabling.exports.export_parts import SEMESTER
from timetabling.exports.semester import Semester

GOOD: dict[str, Any] = {
    "name": "Winter",
    "start": date(2026, 10, 7),
    "weeks": 2,
    "timezone": "Europe/Vienna",
    "periods": ["8:00-9:00", "9:00 – 10:00"],
}


def test_a_day_is_held_each_week_but_on_holidays() -> None:
    dates = list(SEMESTER.dates(0))
    assert dates[0] == date(2026, 10, 12), "the first Monday is a holiday"
    assert dates[-1] == date(2027, 1, 11)
    assert len(dates) == 15 - 1 - 2
    assert all(each.weekday() == 0 for each in dates)


def test_a_semester_that_starts_within_a_week_ends_after_whole_weeks() -> None:
    semester = Semester.model_validate(GOOD)
    assert semester.last == date(2026, 10, 20)
    assert list(semester.dates(0)) == [date(2026, 10, 12), date(2026, 10, 19)]
    assert list(semester.dates(2)) == [date(2026, 10, 7), date(2026, 10, 14)]
    assert list(map(str, semester.periods)) == ["08:00–09:00", "09:00–10:00"]


def test_its_last_date_may_be_given_and_its_weekdays_too() -> None:
    given = {name: value for name, value in GOOD.items() if name != "weeks"}
    semester = Semester.model_validate(
        given | {"end": date(2026, 10, 11), "days": ["sunday", "Monday"]}
    )
    assert list(semester.dates(0)) == [date(2026, 10, 11)]
    assert list(semester.dates(1)) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weeks": 0}, "greater than or equal to 1"),
        ({"weeks": None}, "expected either `weeks` or `end`"),
        ({"end": date(2026, 12, 1)}, "expected either `weeks` or `end`"),
        ({"weeks": None, "end": date(2026, 10, 6)}, "end: expected within 104 weeks of the start"),
        ({"timezone": "Europe/Atlantis"}, "such as Europe/Berlin, got 'Europe/Atlantis'"),
        ({"timezone": "../etc/passwd"}, "such as Europe/Berlin"),
        ({"periods": ["8-9"]}, "expected times such as '08:15-09:45', got '8-9'"),
        ({"periods": [800]}, "expected times such as '08:15-09:45', got 800"),
        ({"periods": ["9:00-8:00"]}, "expected an end after the beginning"),
        (
            {"periods": ["8:00-9:30", "9:00-10:00"]},
            "expected 09:00–10:00 to begin after 08:00–09:30",
        ),
        ({"days": ["Mon"]}, "got 'Mon'"),
        ({"days": ["Monday", "monday"]}, "each weekday once"),
        (
            {"holidays": [{"first": date(2026, 1, 2), "last": date(2026, 1, 1)}]},
            "a last date from 2026-01-02 on, got 2026-01-01",
        ),
        ({"holidays": ["Christmas"]}, "holidays.0"),
        ({"hollidays": []}, "hollidays"),
        ({"name": ""}, "name"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Semester.model_validate(GOOD | change)


def test_it_must_have_a_weekday_for_each_day_and_times_for_each_period() -> None:
    semester = Semester.model_validate(GOOD)
    semester.check_fits(7, 2)
    with pytest.raises(ValueError, match="weekdays for the 8 days of the timetable, got 7"):
        semester.check_fits(8, 2)
    with pytest.raises(ValueError, match="times of the 3 periods of a day, got 2"):
        semester.check_fits(5, 3)
    assert semester.last - semester.start == timedelta(days=13)
