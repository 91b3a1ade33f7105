"""Lectures as events of a calendar, the same ones when a changed timetable is told again.

An event is known by its UID: the semester, the course, and the how-many-th of its lectures. Which
lecture is which is settled with what was told before: those that stay keep theirs first, then
those that stay at their time, then those that stay on their day. A lecture that is gone is told as
cancelled. RFC 5545, sections 3.8.4.7 (UID) and 3.8.7.4 (SEQUENCE).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from icalendar import Event

from timetabling.exports.semester import WEEK, Semester
from timetabling.problem import Lecture, Timetable

__all__ = ["Told", "cancelled", "events_of", "scope_of", "sequence_of", "told_by"]

STAMPS = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE")
PLACE = "X-HORARIUM-PLACE"
MEMBERS = "X-HORARIUM-CURRICULA"
MAX_CURRICULA = 12
STEP = 2
"""A change raises SEQUENCE by two: one is left for calendars that an event has moved out of."""


@dataclass(frozen=True)
class Told:
    """An event, and the lecture that it tells of; None where that is gone."""

    event: Event
    lecture: Lecture | None

    @property
    def uid(self) -> str:
        """What it is known by."""
        return str(self.event["UID"])


def scope_of(semester: Semester) -> str:
    """What the UIDs of a semester's events begin with."""
    return _digest(semester.name)


def told_by(events: Iterable[Event]) -> dict[str, Event]:
    """Events of an earlier calendar, by their UID."""
    return {str(event["UID"]): event for event in events if "UID" in event}


def events_of(
    timetable: Timetable, semester: Semester, before: Mapping[str, Event], now: datetime
) -> list[Told]:
    """The events of a timetable.

    Parameters
    ----------
    before
        What was told last time, by UID; see `told_by`.
    now
        Stamped on those that are new or changed.
    """
    problem = timetable.problem
    scope = scope_of(semester)
    ours = {uid: event for uid, event in before.items() if uid.startswith(f"{scope}-")}
    seen: set[tuple[int, int]] = set()
    of_course: defaultdict[int, list[Lecture]] = defaultdict(list)
    for lecture in sorted(timetable.lectures, key=lambda each: (each.course, each.period)):
        if lecture[:2] not in seen and any(semester.dates(_day(timetable, lecture))):
            seen.add(lecture[:2])
            of_course[lecture.course].append(lecture)
    found = []
    curricula = _curricula(timetable)
    for c, lectures in of_course.items():
        stem = f"{scope}-{_digest(problem.courses[c].id)}"
        earlier = {uid: event for uid, event in ours.items() if uid.startswith(f"{stem}-")}
        for uid, lecture in _matched(timetable, lectures, earlier, stem).items():
            event = _event(timetable, semester, lecture, curricula[c])
            found.append(Told(_stamped(event, uid, ours.get(uid), now), lecture))
    kept = {each.uid for each in found}
    for uid, event in ours.items():
        if uid not in kept:
            found.append(Told(cancelled(event, now), None))
    return found


def cancelled(event: Event, now: datetime, sequence: int | None = None) -> Event:
    """Tell that what an event was about is held no more, there; nothing new if that is known.

    Parameters
    ----------
    sequence
        Of the cancelled one; by default higher than the event's.
    """
    if event.get("STATUS") == "CANCELLED":
        return event
    gone: Any = event.copy()
    gone.pop("STATUS", None)
    gone.add("STATUS", "CANCELLED")
    _stamp(gone, now, sequence_of(event) + STEP if sequence is None else sequence)
    return gone  # type: ignore[no-any-return]


def _stamp(event: Event, now: datetime, sequence: int) -> None:
    """Say when an event was changed, and how often."""
    for name, value in zip(STAMPS, (now, now, sequence), strict=True):
        event.pop(name, None)
        event.add(name, value)


def _event(
    timetable: Timetable, semester: Semester, lecture: Lecture, curricula: Sequence[str]
) -> Event:
    """What there is to tell of a lecture, but for its UID and its stamps."""
    problem = timetable.problem
    course, room = problem.courses[lecture.course], problem.rooms[lecture.room]
    day, slot = divmod(lecture.period, problem.periods_per_day)
    dates, times = list(semester.dates(day)), semester.periods[slot]
    told = f"Teacher: {course.teacher}\nStudents: {course.num_students}, seats: {room.capacity}"
    if curricula:
        more = len(curricula) - MAX_CURRICULA
        names = [*curricula[:MAX_CURRICULA], *([f"and {more} more"] if more > 0 else [])]
        told += f"\nCurricula: {', '.join(names)}"
    event = Event()
    event.add("SUMMARY", course.id)
    event.add("LOCATION", f"{room.id}, {room.building}" if room.building else room.id)
    event.add("DESCRIPTION", told)
    event.add("DTSTART", semester.at(dates[0], times.begin))
    event.add("DTEND", semester.at(dates[0], times.end))
    num_weeks = (dates[-1] - dates[0]).days // 7 + 1
    if num_weeks > 1:
        event.add("RRULE", {"FREQ": "WEEKLY", "COUNT": num_weeks})
    weeks = {dates[0] + week * WEEK for week in range(num_weeks)}
    for free in sorted(weeks.difference(dates)):
        event.add("EXDATE", semester.at(free, times.begin))
    event.add("STATUS", "CONFIRMED")
    event.add(PLACE, f"{day + 1} {slot + 1} {room.id}")
    if len(curricula) > MAX_CURRICULA:
        # An event changes when a course leaves a curriculum, also one that is not named.
        event.add(MEMBERS, _digest("\n".join(curricula[MAX_CURRICULA:])))
    return event


def _matched(
    timetable: Timetable, lectures: list[Lecture], earlier: Mapping[str, Event], stem: str
) -> dict[str, Lecture]:
    """Say which lecture of a course has which UID."""
    problem = timetable.problem
    places = {uid: _place(event) for uid, event in sorted(earlier.items(), key=_by_ordinal)}
    left, matched = list(lectures), dict[str, Lecture]()

    def place(lecture: Lecture) -> tuple[str, str, str]:
        day, slot = divmod(lecture.period, problem.periods_per_day)
        return str(day + 1), str(slot + 1), problem.rooms[lecture.room].id

    alike: tuple[Callable[[tuple[str, ...]], object], ...] = (
        lambda at: at,
        lambda at: at[:2],
        lambda at: at[:1],
        lambda _: None,
    )
    for is_live in (True, False):  # what was cancelled is taken up again last
        for key in alike:
            for uid, at in places.items():
                if uid in matched or (earlier[uid].get("STATUS") != "CANCELLED") != is_live:
                    continue
                lecture = next((each for each in left if key(place(each)) == key(at)), None)
                if lecture is not None:
                    matched[uid] = lecture
                    left.remove(lecture)
    ordinal = 0
    for lecture in left:
        ordinal += 1
        while f"{stem}-{ordinal}@horarium" in earlier:
            ordinal += 1
        matched[f"{stem}-{ordinal}@horarium"] = lecture
    return matched


def _stamped(event: Event, uid: str, earlier: Event | None, now: datetime) -> Event:
    """Give an event its UID and its stamps: the earlier ones, if it tells the same."""
    event.add("UID", uid)
    if earlier is not None and _content(earlier) == _content(event):
        return earlier
    _stamp(event, now, 0 if earlier is None else sequence_of(earlier) + STEP)
    return event


def _content(event: Event) -> list[bytes]:
    """What an event tells, but for its stamps."""
    told: Any = event.copy()
    for name in STAMPS:
        told.pop(name, None)
    return sorted(told.to_ical().splitlines())


def sequence_of(event: Event) -> int:
    """How often an event was changed, by two a time."""
    told: Any = event.get("SEQUENCE", 0)
    return int(told)


def _place(event: Event) -> tuple[str, ...]:
    return tuple(str(event.get(PLACE, "")).split(" ", 2))


def _by_ordinal(item: tuple[str, Event]) -> tuple[int, str]:
    ordinal = item[0].partition("@")[0].rpartition("-")[2]
    return (int(ordinal) if ordinal.isdecimal() else 0), item[0]


def _day(timetable: Timetable, lecture: Lecture) -> int:
    return lecture.period // timetable.problem.periods_per_day


def _curricula(timetable: Timetable) -> list[list[str]]:
    """The curricula of each course."""
    found: list[list[str]] = [[] for _ in timetable.problem.courses]
    for curriculum in timetable.problem.curricula:
        for c in curriculum.courses:
            found[c].append(curriculum.id)
    return found


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:12]
