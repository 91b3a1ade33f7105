"""A problem from its tables: what only the rows together can say, and all of it at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from timetabling.formats.preferences import check_preferences, read_weights
from timetabling.formats.sheets import Record, Sheet, find_tables, names_in, read_records
from timetabling.formats.tables import TABLES
from timetabling.formats.text import Complaints, InputError, quote
from timetabling.problem import Course, Curriculum, Pin, Problem, Room

__all__ = ["read_tables"]


def read_tables(sheets: Iterable[Sheet], *, source: str, kind: str, name: str) -> Problem:
    """Read a problem from the sheets of a workbook, or the files of a folder.

    Parameters
    ----------
    source
        Where the sheets are, for complaints.
    kind
        What a sheet is called there.
    name
        What the problem is called if it does not say.

    Raises
    ------
    InputError
        If a table is missing, or says what cannot be; it names every problem.
    """
    complaints = Complaints()
    found = find_tables(sheets, source, kind, complaints)
    records: dict[str, list[Record]] = {table.name: [] for table in TABLES}
    names = {}
    highs: dict[str, int] = {}
    for table in TABLES:
        if table.name not in found:
            continue
        sheet = found[table.name]
        if table.names_things:
            called = names_in(table, sheet, complaints)
            if called is not None:
                names[table.name] = called
        rows = read_records(table, sheet, names, highs, complaints)
        records[table.name] = rows
        if table.has_one_row:
            _check_one_row(sheet, complaints)
        if table.name == "courses" and _lectures(found, rows) is not None:
            # A teacher is told by the first of his or her courses.
            first = {row.values["teacher"]: c for c, row in reversed([*enumerate(rows)])}
            names["teachers"] = {name: c for name, c in first.items() if name}
        if table.name == "general" and rows:
            week = rows[0].values
            highs = {"day": week["days"] or 0, "period": week["periods a day"] or 0}
            highs = {column: high for column, high in highs.items() if high}
            _check_daily_lectures(rows[0], complaints)
    lectures = _lectures(found, records["courses"])
    _check_sizes(found, lectures, complaints)
    members = _members(records["curricula"], "courses" in names, complaints)
    _check_pins(records["pinned"], lectures, complaints)
    check_preferences(records["undesired"], records["weights"], complaints)
    complaints.check()
    try:
        return _problem(records, members, name)
    except ValueError as error:  # what none of the checks above foresaw has no better place
        raise InputError(f"{source}: {error}") from None


def _problem(records: dict[str, list[Record]], members: dict[str, list[int]], name: str) -> Problem:
    week = records["general"][0].values
    periods_per_day = week["periods a day"]

    def period(row: dict[str, Any]) -> int:
        return int((row["day"] - 1) * periods_per_day + row["period"] - 1)

    def values(table: str) -> list[dict[str, Any]]:
        return [record.values for record in records[table]]

    taught = [row["teacher"] for row in values("courses")]
    courses_of: dict[str, list[int]] = {}
    for c, teacher in enumerate(taught):
        courses_of.setdefault(teacher, []).append(c)

    def who(row: dict[str, Any]) -> list[int]:
        """The courses that a wish is about."""
        return [row["course"]] if row["teacher"] is None else courses_of[taught[row["teacher"]]]

    fewest, most = week["fewest lectures a day"], week["most lectures a day"]
    return Problem(
        name=week["name"] or name,
        num_days=week["days"],
        periods_per_day=periods_per_day,
        courses=tuple(
            Course(
                id=row["course"],
                teacher=row["teacher"],
                num_lectures=row["lectures"],
                min_working_days=row["minimum working days"],
                num_students=row["students"],
                wants_double_lectures=row["double lectures"],
            )
            for row in values("courses")
        ),
        rooms=tuple(
            Room(id=row["room"], capacity=row["capacity"], building=row["building"])
            for row in values("rooms")
        ),
        curricula=tuple(Curriculum(id=q, courses=tuple(cs)) for q, cs in members.items()),
        unavailable=frozenset((row["course"], period(row)) for row in values("unavailable")),
        undesired=frozenset(
            (course, period(row)) for row in values("undesired") for course in who(row)
        ),
        unsuitable=frozenset((row["course"], row["room"]) for row in values("unsuitable")),
        course_weights=read_weights(values("weights"), who),
        daily_lectures=None if most is None else (fewest, most),
        pins=frozenset(
            Pin(row["course"], None if row["day"] is None else period(row), row["room"])
            for row in values("pinned")
        ),
    )


def _check_one_row(sheet: Sheet, complaints: Complaints) -> None:
    if sheet.rows and len(sheet.rows) != 2:
        number = sheet.rows[min(2, len(sheet.rows) - 1)][0]
        complaints.add(
            sheet.place(number, None),
            f"expected one row below the header, got {len(sheet.rows) - 1}",
        )


def _check_daily_lectures(week: Record, complaints: Complaints) -> None:
    fewest, most = (week.values[f"{which} lectures a day"] for which in ("fewest", "most"))
    if (fewest is None) != (most is None):
        complaints.add(
            week.place, "expected both the fewest and the most lectures a day, or neither, got one"
        )
    elif fewest is not None and fewest > most:
        complaints.add(
            week.place, f"fewest lectures a day: expected at most the most, {most}, "
            f"got {fewest}",
        )  # fmt: skip


def _check_sizes(
    found: dict[str, Sheet], lectures: list[int] | None, complaints: Complaints
) -> None:
    """A problem has a course, a room and a lecture."""
    for table in ("courses", "rooms"):
        if table in found and len(found[table].rows) == 1:
            number = found[table].rows[0][0]
            complaints.add(found[table].place(number + 1, None), f"expected {table}, got no row")
    if lectures and not any(lectures):
        place = found["courses"].place(found["courses"].rows[1][0], None)
        complaints.add(place, "lectures: expected at least one, got 0 in every row")


def _lectures(found: dict[str, Sheet], courses: list[Record]) -> list[int] | None:
    """The lectures of each course; None without any, or with a wrong one: places then shift."""
    num_rows = len(found["courses"].rows) - 1 if "courses" in found else -1
    lectures = [course.values["lectures"] for course in courses]
    is_known = lectures and len(courses) == num_rows and None not in lectures
    return lectures if is_known else None


def _members(
    records: list[Record], are_courses_known: bool, complaints: Complaints
) -> dict[str, list[int]]:
    """The courses of each curriculum, in the order of the rows."""
    members: dict[str, list[int]] = {}
    seen: dict[tuple[str, int | None], str] = {}
    for place, row in records:
        name, course = row["curriculum"], row["course"]
        if name is None:
            continue
        before = seen.setdefault((name, course), place)
        if before is not place and are_courses_known:
            complaints.add(
                place, f"curriculum {quote(name)}: expected each course once, got one again, "
                f"as in {before}",
            )  # fmt: skip
        if course is None or (name, None) in seen:
            if name in members and (course is not None or members[name]):
                complaints.add(
                    place, f"curriculum {quote(name)}: expected a course in each of its rows, "
                    "or one row without, got both",
                )  # fmt: skip
            members.setdefault(name, [])
        else:
            members.setdefault(name, []).append(course)
    return members


def _check_pins(pinned: list[Record], lectures: list[int] | None, complaints: Complaints) -> None:
    rooms: dict[tuple[int, int | None, int | None], tuple[int | None, str]] = {}
    held: Counter[int] = Counter()
    for place, row in pinned:
        course, day, period, room = (row[c] for c in ("course", "day", "period", "room"))
        if (day is None) != (period is None):
            complaints.add(place, "expected both a day and a period, or neither, got one")
        elif day is None and room is None:
            complaints.add(place, "expected a day and a period, a room, or all three, got neither")
        elif lectures is None or course is None:
            continue  # which course is which is not known
        elif (course, day, period) not in rooms:
            rooms[course, day, period] = room, place
            held[course] += day is not None
            if held[course] > lectures[course]:
                complaints.add(
                    place, "expected no more pinned periods than the course has lectures, "
                    f"{lectures[course]}, got {held[course]}",
                )  # fmt: skip
        elif rooms[course, day, period][0] != room:
            complaints.add(
                place, "expected one room for a course at a time, got another than in "
                f"{rooms[course, day, period][1]}",
            )  # fmt: skip
