"""Calendars (RFC 5545): one of all lectures, and one a room, a teacher and a curriculum."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from icalendar import Calendar, Event, Timezone

from timetabling.exports.certificate import Certificate
from timetabling.exports.events import Told, cancelled, events_of, scope_of, sequence_of, told_by
from timetabling.exports.semester import WEEK, Semester
from timetabling.problem import Timetable

__all__ = ["WHOLE", "calendar_files", "whole_calendar"]

WHOLE = "timetable.ics"
"""The calendar of all lectures; what an earlier one told is read from it."""

MAX_NAME = 60  # characters of a file's name, of at most four bytes each


def whole_calendar(
    timetable: Timetable,
    semester: Semester,
    *,
    certificate: Certificate,
    before: bytes | None,
    now: datetime,
) -> bytes:
    """One calendar with all lectures.

    Parameters
    ----------
    before
        The calendar that this one takes the place of, so that its events are updated.
    now
        Stamped on what is new or changed, to the second.

    Raises
    ------
    ValueError
        If the semester has not as many days or periods as the week, or `before` is no calendar.
    """
    writer = _Writer(timetable, semester, certificate, before, now)
    return writer.calendar(None, writer.told)


def calendar_files(
    timetable: Timetable,
    semester: Semester,
    *,
    certificate: Certificate,
    before: Mapping[str, bytes],
    now: datetime,
) -> dict[str, bytes]:
    """A folder of calendars: all lectures, each room, each teacher, each curriculum.

    Parameters
    ----------
    before
        The files that these take the place of, by their name in the folder.

    Raises
    ------
    ValueError
        As for `whole_calendar`.
    """
    writer = _Writer(timetable, semester, certificate, before.get(WHOLE), now)
    files = {WHOLE: writer.calendar(None, writer.told)}
    for folder, members in writer.views().items():
        for (member, told), name in zip(members.items(), _file_names(members), strict=True):
            path = f"{folder}/{name}.ics"
            files[path] = writer.calendar(member, told, before.get(path))
    # Of what is no more, a calendar stays, in which nothing is held: people follow it.
    for path in sorted(before.keys() - files.keys()):
        name = path.rpartition("/")[2].removesuffix(".ics")
        files[path] = writer.calendar(name, [], before[path])
    return files


class _Writer:
    """Writes calendars of one timetable; each event is put into text once."""

    def __init__(
        self,
        timetable: Timetable,
        semester: Semester,
        certificate: Certificate,
        before: bytes | None,
        now: datetime,
    ) -> None:
        problem = timetable.problem
        semester.check_fits(problem.num_days, problem.periods_per_day)
        self._problem, self._semester = problem, semester
        self._certificate, self._now = certificate, now.replace(microsecond=0)
        earlier = {} if before is None else told_by(_read(before))
        self.told = events_of(timetable, semester, earlier, self._now)
        self._text = {each.uid: each.event.to_ical() for each in self.told}
        self._event = {each.uid: each.event for each in self.told}
        zone = semester.zone
        self._zone = _Zone.from_tzinfo(
            zone, semester.timezone, semester.start, semester.last + WEEK
        )

    def views(self) -> dict[str, dict[str, list[Told]]]:
        """By folder, what is told of each room, teacher and curriculum."""
        of_room: defaultdict[int, list[Told]] = defaultdict(list)
        of_course: defaultdict[int, list[Told]] = defaultdict(list)
        for told in self.told:
            if told.lecture is not None:
                of_room[told.lecture.room].append(told)
                of_course[told.lecture.course].append(told)
        teachers: defaultdict[str, list[Told]] = defaultdict(list)
        for c, course in enumerate(self._problem.courses):
            teachers[course.teacher] += of_course[c]
        return {
            "rooms": {room.id: of_room[r] for r, room in enumerate(self._problem.rooms)},
            "teachers": dict(teachers),
            "curricula": {
                curriculum.id: [told for c in curriculum.courses for told in of_course[c]]
                for curriculum in self._problem.curricula
            },
        }

    def calendar(self, member: str | None, told: list[Told], before: bytes | None = None) -> bytes:
        """Write a calendar; events of the one before that are not in it are told as cancelled."""
        texts = {each.uid: self._text[each.uid] for each in told}
        for uid, event in self._gone(texts.keys(), before):
            held = self._event.get(uid)
            # Older than what tells where it is held now, so that this wins with who follows both.
            # An event that has not changed leaves a calendar too, when another name needs its file.
            sequence = None if held is None else max(sequence_of(event), sequence_of(held) - 1)
            texts[uid] = cancelled(event, self._now, sequence).to_ical()
        head: bytes = self._head(member).to_ical()
        end = b"END:VCALENDAR\r\n"
        return b"".join((head.removesuffix(end), *texts.values(), end))

    def _gone(self, kept: Collection[str], before: bytes | None) -> Iterator[tuple[str, Event]]:
        """Events of a calendar that are not kept in it."""
        if before is None:
            return
        scope = scope_of(self._semester)
        gone = {uid for uid in _uids(before) if uid.startswith(scope)}.difference(kept)
        if gone:  # seldom, and reading takes long
            events = told_by(_read(before))
            yield from ((uid, events[uid]) for uid in events if uid in gone)

    def _head(self, member: str | None) -> Calendar:
        title = f"{member or self._problem.name}, {self._semester.name}"
        head = Calendar()
        head.add("PRODID", "-//Horarium//Timetable//EN")
        head.add("VERSION", "2.0")
        head.add("NAME", title)
        head.add("X-WR-CALNAME", title)
        head.add("X-HORARIUM-CERTIFICATE", self._certificate.model_dump_json())
        head.add_component(self._zone)
        return head


class _Zone(Timezone):
    """Finds what lasts a week; icalendar's steps of 64 days pass over Ramadan's time in Morocco."""

    _from_tzinfo_skip_search = [timedelta(seconds=2**k) for k in range(19, -1, -1)]  # noqa: RUF012


def _read(calendar: bytes) -> list[Event]:
    try:
        return Calendar.from_ical(calendar).events
    except (ValueError, KeyError, IndexError) as error:
        raise ValueError(f"expected a calendar that this program has written: {error}") from None


def _uids(calendar: bytes) -> set[str]:
    """The UIDs in a calendar of ours; none is so long that its line is folded."""
    lines = calendar.splitlines()
    return {line[4:].decode() for line in lines if line.startswith(b"UID:")}


def _file_names(members: Iterable[str]) -> list[str]:
    """Names of files, each another one, on disks that know no small letters too."""
    members = list(members)
    plain = ["".join(c if c.isalnum() or c in "-_." else "_" for c in each) for each in members]
    number = Counter(name.casefold() for name in plain)
    return [
        name
        if name == member
        and number[name.casefold()] == 1
        and len(name) <= MAX_NAME
        and not name.startswith(".")
        else f"{name.lstrip('.')[:MAX_NAME]}-{hashlib.sha256(member.encode()).hexdigest()[:8]}"
        for name, member in zip(plain, members, strict=True)
    ]
