"""Calendars: read by two parsers, and the same events when a changed timetable is told again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zlib import crc32

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from tests.timetabling.exports.export_parts import (
    NOW,
    PROBLEM,
    SEMESTER,
    certificate_of,
    timetables,
)
from timetabling.exports.calendars import WHOLE, calendar_files, whole_calendar
from timetabling.problem import Curriculum, Lecture, Problem, Timetable

LATER = NOW + timedelta(days=1)
SOME = Timetable(PROBLEM, (Lecture(0, 0, 0), Lecture(0, 5, 1), Lecture(1, 7, 2), Lecture(3, 9, 2)))
Events = dict[str, Any]


def told(
    timetable: Timetable, before: dict[str, bytes] | None = None, now: datetime = NOW
) -> dict[str, bytes]:
    return calendar_files(
        timetable, SEMESTER, certificate=certificate_of(timetable), before=before or {}, now=now
    )


def events(calendar: bytes) -> Events:
    """By UID, as one parser has them."""
    found = Calendar.from_ical(calendar).events
    assert len({str(event["UID"]) for event in found}) == len(found)
    return {str(event["UID"]): event for event in found}


def held(calendar: bytes) -> Iterator[tuple[str, datetime]]:
    """What is held when, as the other parser has it, each week by itself."""
    for event in getattr(vobject.readOne(calendar.decode()), "vevent_list", []):
        if event.status.value == "CONFIRMED":
            when = event.getrruleset(addRDate=True) or [event.dtstart.value]
            for moment in when:
                yield event.summary.value, moment.replace(tzinfo=None)


def live(found: Events) -> Events:
    return {uid: event for uid, event in found.items() if event["STATUS"] == "CONFIRMED"}


def place(event: Any) -> tuple[str, str]:
    return str(event["SUMMARY"]), str(event["X-HORARIUM-PLACE"])


def expected(timetable: Timetable) -> list[tuple[str, datetime]]:
    """What is held when, counted day by day."""
    found = []
    for lecture in timetable.lectures:
        day, slot = divmod(lecture.period, PROBLEM.periods_per_day)
        each = SEMESTER.start
        while each < SEMESTER.start + timedelta(weeks=15):
            is_free = each == date(2026, 10, 5) or date(2026, 12, 21) <= each <= date(2027, 1, 3)
            if each.weekday() == day and not is_free:
                begin = SEMESTER.periods[slot].begin
                found.append((PROBLEM.courses[lecture.course].id, datetime.combine(each, begin)))
            each += timedelta(days=1)
    return sorted(found)


@given(timetable=timetables())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_two_parsers_find_each_lecture_on_each_of_its_dates(timetable: Timetable) -> None:
    whole = told(timetable)[WHOLE]
    assert sorted(held(whole)) == expected(timetable)
    assert sorted(place(event) for event in events(whole).values()) == sorted(
        (
            PROBLEM.courses[c].id,
            f"{period // 4 + 1} {period % 4 + 1} {PROBLEM.rooms[room].id}",
        )
        for c, period, room in timetable.lectures
    )


def test_summer_time_ends_and_the_lecture_stays_at_its_hour() -> None:
    whole = told(Timetable(PROBLEM, (Lecture(1, 4, 0),)))[WHOLE]
    (event,) = events(whole).values()
    assert event.start.isoformat() == "2026-10-06T08:15:00+02:00"
    assert event.end.isoformat() == "2026-10-06T09:45:00+02:00"
    dates = vobject.readOne(whole.decode()).vevent.getrruleset(addRDate=True)
    utc = [(moment.month, (moment - moment.utcoffset()).hour) for moment in dates]
    assert {hour for month, hour in utc if month == 10} == {6, 7}
    assert {hour for month, hour in utc if month != 10} == {7}


def test_each_room_teacher_and_curriculum_has_its_own_lectures() -> None:
    files = told(SOME)
    names = {
        str(Calendar.from_ical(data)["NAME"]): {place(event)[0] for event in events(data).values()}
        for data in files.values()
    }
    assert len(files) == 1 + 3 + 4 + 2
    assert names["A 1/2, Winter 2026/27"] == {"=1+1"}
    assert names["Ż ółw, Winter 2026/27"] == {"+x"}
    assert names["=2;3, Winter 2026/27"] == {"<b>&amp;", "+x"}
    assert names["@home, Winter 2026/27"] == set()
    folded = {path.casefold() for path in files}
    assert len(folded) == len(files)
    assert not [path for path in files if ".." in path or path.count("/") > 1]
    for data in files.values():
        assert all(len(line) <= 75 for line in data.split(b"\r\n"))
        assert (
            json.loads(str(Calendar.from_ical(data)["X-HORARIUM-CERTIFICATE"]))["num_lectures"] == 4
        )


@given(timetable=timetables())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_what_has_not_changed_is_told_to_the_byte_as_before(timetable: Timetable) -> None:
    files = told(timetable)
    assert told(timetable, files, LATER) == files


def test_a_lecture_that_moves_keeps_its_event_and_the_others_stay_as_they_are() -> None:
    before = told(SOME)
    moved = Timetable(PROBLEM, (*SOME.lectures[1:], Lecture(0, 13, 0)))
    after = told(moved, before, LATER)
    old, new = events(before[WHOLE]), events(after[WHOLE])
    assert old.keys() == new.keys()
    (uid,) = [uid for uid in old if old[uid] != new[uid]]
    assert place(old[uid]) == ("=1+1", "1 1 A 1/2")
    assert place(new[uid]) == ("=1+1", "4 2 A 1/2")
    assert (old[uid].sequence, new[uid].sequence) == (0, 2)
    assert old[uid].DTSTAMP < new[uid].DTSTAMP == new[uid].LAST_MODIFIED == LATER


def test_a_lecture_that_changes_its_room_is_cancelled_there_and_wins_in_any_order() -> None:
    before = told(SOME)
    moved = Timetable(PROBLEM, (Lecture(0, 0, 2), *SOME.lectures[1:]))
    after = told(moved, before, LATER)
    left = next(path for path in after if path.startswith("rooms/A"))
    (uid,) = [uid for uid, event in events(before[left]).items() if place(event)[0] == "=1+1"]
    gone, here = events(after[left])[uid], events(after[WHOLE])[uid]
    assert gone["STATUS"] == "CANCELLED"
    assert 0 < gone.sequence < here.sequence, "the room it is in now is newer"
    # And back again: newer than all that was told before, in the room that it had left too.
    back = events(told(SOME, after, LATER + timedelta(days=1))[left])[uid]
    assert back["STATUS"] == "CONFIRMED"
    assert back.sequence > here.sequence


def test_a_lecture_that_is_gone_is_cancelled_and_taken_up_again() -> None:
    before = told(SOME)
    fewer = Timetable(PROBLEM, SOME.lectures[:-1])
    after = told(fewer, before, LATER)
    (uid,) = [u for u, event in events(after[WHOLE]).items() if event["STATUS"] == "CANCELLED"]
    assert place(events(before[WHOLE])[uid])[0] == "+x"
    assert events(after[WHOLE])[uid].sequence == 2
    assert told(fewer, after, LATER + timedelta(days=1)) == after, "that is told once"
    again = events(told(SOME, after, LATER)[WHOLE])[uid]
    assert (again["STATUS"], again.sequence) == ("CONFIRMED", 4)


def test_a_course_and_a_room_that_are_no_more_are_cancelled() -> None:
    before = told(SOME)
    smaller: Problem = replace(
        PROBLEM, courses=PROBLEM.courses[:3], rooms=PROBLEM.rooms[:2], curricula=()
    )
    after = told(Timetable(smaller, SOME.lectures[:2]), before, LATER)
    assert after.keys() == before.keys()
    assert sorted(place(event)[0] for event in live(events(after[WHOLE])).values()) == ["=1+1"] * 2
    for path in before:
        if path.startswith("curricula/"):
            assert live(events(after[path])) == {}
            assert events(after[path]).keys() == events(before[path]).keys()


@given(st.lists(timetables(), min_size=2, max_size=4))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_whoever_takes_every_calendar_in_has_the_last_timetable(history: list[Timetable]) -> None:
    """As a calendar does it: by UID, and only what has a higher SEQUENCE."""
    mine: Events = {}
    files: dict[str, bytes] = {}
    for days, timetable in enumerate(history):
        files = told(timetable, files, NOW + timedelta(days=days))
        for path in sorted(files, key=lambda path: crc32(f"{days} {path}".encode())):
            for uid, event in events(files[path]).items():
                if uid not in mine or event.sequence > mine[uid].sequence:
                    mine[uid] = event
                elif event.sequence == mine[uid].sequence:
                    assert event == mine[uid]
    assert sorted(place(event) for event in live(mine).values()) == sorted(
        place(event) for event in live(events(told(history[-1])[WHOLE])).values()
    )


@given(before=timetables(), after=timetables())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_every_lecture_that_stays_keeps_its_event_untouched(
    before: Timetable, after: Timetable
) -> None:
    first = told(before)
    old, new = events(first[WHOLE]), events(told(after, first, LATER)[WHOLE])
    stays = {place(event) for event in old.values()} & {place(e) for e in live(new).values()}
    for uid, event in old.items():
        if place(event) in stays:
            assert new[uid] == event


def test_a_course_of_many_curricula_is_cancelled_in_one_that_its_event_does_not_name() -> None:
    def of(*last: str) -> Timetable:
        names = [*(f"q{i}" for i in range(12)), *last]
        curricula = tuple(Curriculum(id=name, courses=(1,)) for name in names)
        return replace(SOME, problem=replace(PROBLEM, curricula=curricula))

    before = told(of("left", "kept"))
    after = told(of("kept", "new"), before, LATER)
    (there,), (gone,) = (events(x["curricula/left.ics"]).values() for x in (before, after))
    (here,) = events(after["curricula/kept.ics"]).values()
    assert gone["STATUS"] == "CANCELLED"
    assert there.sequence < gone.sequence < here.sequence


@pytest.mark.parametrize("lost", [False, True])
def test_no_event_that_left_a_calendar_is_older_than_it_was_told_there(lost: bool) -> None:
    """Another teacher needs the file, or the calendar of all lectures was deleted."""
    first = replace(PROBLEM, courses=(replace(PROBLEM.courses[0], teacher="Smith"),), curricula=())
    lectures = SOME.lectures[:2]
    before = told(Timetable(first, lectures))
    for days in (1, 2):  # a move there and back, so that something was told twice
        lectures = (lectures[0]._replace(period=days % 2), lectures[1])
        before = told(Timetable(first, lectures), before, NOW + timedelta(days=days))
    teachers = ("Jones", "Jones") if lost else ("Smith", "smith")
    second = replace(
        first,
        courses=tuple(
            replace(PROBLEM.courses[c], teacher=teacher) for c, teacher in enumerate(teachers)
        ),
    )
    kept = {path: data for path, data in before.items() if not (lost and path == WHOLE)}
    after = told(Timetable(second, lectures), kept, NOW + timedelta(days=9))
    was, now = (events(files["teachers/Smith.ics"]) for files in (before, after))
    assert {event["STATUS"] for event in now.values()} == {"CANCELLED"}
    assert max(event.sequence for event in was.values()) > 0
    assert all(now[uid].sequence >= was[uid].sequence for uid in was)


@pytest.mark.parametrize(
    "name", ["Africa/Casablanca", "Europe/Dublin", "Australia/Lord_Howe", "Asia/Tokyo"]
)
def test_a_calendar_changes_its_time_when_the_zone_does(name: str) -> None:
    """In Morocco for the weeks of Ramadan, which a step of some months passes over."""
    semester = SEMESTER.model_copy(
        update={"timezone": name, "start": date(2026, 9, 7), "weeks": 40}
    )
    whole = whole_calendar(SOME, semester, certificate=certificate_of(SOME), before=None, now=NOW)
    (zone,) = Calendar.from_ical(whole).timezones
    made = zone.to_tz(lookup_tzid=False)
    for day in range(5):
        for each in semester.dates(day):
            moment = semester.at(each, semester.periods[0].begin)
            assert moment.utcoffset() == moment.replace(tzinfo=made).utcoffset(), each


def test_another_semester_has_other_events() -> None:
    summer = SEMESTER.model_copy(update={"name": "Summer 2027"})
    made = whole_calendar(
        SOME, summer, certificate=certificate_of(SOME), before=told(SOME)[WHOLE], now=LATER
    )
    assert not events(made).keys() & events(told(SOME)[WHOLE]).keys()
    files = calendar_files(
        SOME, summer, certificate=certificate_of(SOME), before=told(SOME), now=LATER
    )
    for path in files:
        assert live(events(files[path])) == events(files[path]), "nothing of winter is cancelled"


def test_another_name_of_the_instance_changes_no_event() -> None:
    renamed = replace(SOME, problem=replace(PROBLEM, name="a second draft"))
    old, new = events(told(SOME)[WHOLE]), events(told(renamed, told(SOME), LATER)[WHOLE])
    assert old == new


def test_what_is_no_calendar_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="expected a calendar that this program has written"):
        told(SOME, {WHOLE: b"BEGIN:NOTHING\r\n"})
