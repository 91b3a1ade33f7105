"""Files of FET (.fet): what a problem of courses, rooms and curricula can hold of them.

FET plans activities of schools. What does not fit, and what was changed to fit, is told and never
dropped in silence; docs/input.md has the table of what becomes what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from timetabling.formats.fet_file import Activity, FetFile
from timetabling.formats.fet_rules import FetCourse, FetRules
from timetabling.formats.text import InputError
from timetabling.problem import MAX_SEATS, Course, Curriculum, Pin, Problem, Room

__all__ = ["read"]


def read(path: Path, tell: Callable[[str], object]) -> Problem:
    """Read a file of FET.

    Parameters
    ----------
    tell
        Called with each thing that was left out or changed.

    Raises
    ------
    InputError
        If it is no such file, or is at odds with itself; it names every problem.
    OSError
        If reading fails half-way.
    """
    file = FetFile(path)
    activities = file.activities()
    groups, sizes = file.students()
    courses = _courses(file, activities, groups, sizes)
    rooms, numbers = _rooms(file, courses)
    rules = FetRules(
        file,
        courses,
        numbers,
        groups,
        {activity.id: activity for activity in activities},
        {part.id: c for c, course in enumerate(courses) for part in course.parts},
    )
    for node in file.constraints():
        rules.take(node)
    file.report.check()
    unsuitable = _unsuitable(rules, len(rooms))
    pins = _pins(rules)
    curricula = _curricula(rules)
    try:
        problem = Problem(
            name=file.root.first("Institution_Name").text or path.stem,
            num_days=len(file.days),
            periods_per_day=len(file.hours),
            courses=tuple(
                Course(
                    id=course.id,
                    teacher=course.teachers[0] if course.teachers else f"(none: {course.id})",
                    num_lectures=course.num_lectures,
                    min_working_days=course.min_working_days,
                    num_students=course.num_students,
                    wants_double_lectures=any(part.duration > 1 for part in course.parts),
                )
                for course in courses
            ),
            rooms=tuple(rooms),
            curricula=tuple(curricula),
            unavailable=frozenset(rules.unavailable),
            unsuitable=frozenset(unsuitable),
            pins=frozenset(pins),
        )
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    for line in (*_changed(rules), *_left_out(rules)):
        tell(line)
    return problem


def _courses(
    file: FetFile,
    activities: Sequence[Activity],
    groups: dict[str, frozenset[str]],
    sizes: dict[str, int],
) -> list[FetCourse]:
    """The activities of a group are one course; so is each that is in none."""
    of_group: dict[tuple[str, str], list[Activity]] = {}
    for activity in activities:
        key = ("group", activity.group) if activity.group else ("id", activity.id)
        of_group.setdefault(key, []).append(activity)
    titles = []
    for parts in of_group.values():
        sets = ", ".join(dict.fromkeys(name for part in parts for name in part.students))
        titles.append(f"{parts[0].subject} {sets}".strip())
    courses = []
    times = Counter(titles)
    used: set[str] = set()
    for title, ((_, number), parts) in zip(titles, of_group.items(), strict=True):
        name = title if times[title] == 1 else f"{title} ({number})"
        while name in used:
            name += "'"
        used.add(name)
        students = list(dict.fromkeys(name for part in parts for name in part.students))
        found = [file.look_up(groups, set_, parts[0].line, "sets of students") for set_ in students]
        size = parts[0].num_students
        if size is None:
            size = min(MAX_SEATS, sum(sizes.get(set_, 0) for set_ in students))
        teachers = tuple(dict.fromkeys(name for part in parts for name in part.teachers))
        within = frozenset[str]().union(*filter(None, found))
        courses.append(FetCourse(name, parts, teachers, within, size))
    if not courses:
        file.report.add(
            file.root.first("Activities_List").line, "expected at least one activity, got none"
        )
    return courses


def _rooms(file: FetFile, courses: Sequence[FetCourse]) -> tuple[list[Room], dict[str, int | None]]:
    """The rooms, and the number of each by name; None for a virtual one, which stands for others.

    FET plans without rooms as well: then there are as many as there are teachers.
    """
    rooms: list[Room] = []
    numbers: dict[str, int | None] = {}
    for node in file.root.first("Rooms_List").all("Room"):
        name = node.first("Name").text
        if not name or name in numbers:
            file.report.add(node.line, f"expected a Room with a name of its own, got {name!r}")
        elif node.first("Virtual").text.lower() == "true":
            numbers[name] = None
        else:
            numbers[name] = len(rooms)
            capacity = file.number(node.first("Capacity"), low=0, high=MAX_SEATS, default=30_000)
            building = node.first("Building").text
            rooms.append(Room(id=name, capacity=capacity, building=building))
    if not rooms:
        seats = max((course.num_students for course in courses), default=0)
        number = len({course.teachers[:1] or course.id for course in courses})
        rooms = [Room(id=f"room {i}", capacity=seats) for i in range(1, number + 1)]
    return rooms, numbers


def _unsuitable(rules: FetRules, num_rooms: int) -> set[tuple[int, int]]:
    """The rooms that a course is not among the preferred ones of, by all of its activities."""
    unsuitable = set()
    for c, course in enumerate(rules.courses):
        allowed = course.allowed_rooms
        preferred = [rules.rooms_of.get(part.id) for part in course.parts]
        if any(preferred):
            if all(preferred):
                own = set().union(*filter(None, preferred))
                both = own if allowed is None else own & allowed
                if both:
                    allowed = both
                else:
                    told = "ConstraintActivityPreferredRooms: the subject has others, none of these"
                    rules.left_out[told] += len(preferred)
            else:
                number = sum(rooms is not None for rooms in preferred)
                rules.left_out["ConstraintActivityPreferredRooms: of some of a course"] += number
        if allowed is not None:
            unsuitable |= {(c, room) for room in range(num_rooms) if room not in allowed}
    return unsuitable


def _pins(rules: FetRules) -> set[Pin]:
    """Times and rooms that are fixed: by hour, or a room for all hours of a course."""
    pins: dict[tuple[int, int | None], Pin] = {}
    for c, course in enumerate(rules.courses):
        rooms = {rules.room_of.get(part.id) for part in course.parts}
        (room,) = rooms if len(rooms) == 1 else (None,)
        if room is not None:
            pins[c, None] = Pin(c, None, room)
        for part in course.parts:
            own = rules.room_of.get(part.id)
            if part.id in rules.start_of:
                start, line = rules.start_of[part.id]
                for period in range(start, start + part.duration):
                    if (c, period) in pins:
                        rules.file.report.add(
                            line, f"expected one lecture of {course.id!r} at a time"
                        )
                    pins[c, period] = Pin(c, period, own)
            elif own is not None and room is None:
                rules.left_out[
                    "ConstraintActivityPreferredRoom: of some of a course, any time"
                ] += 1
    rules.file.report.check()
    return set(pins.values())


def _curricula(rules: FetRules) -> list[Curriculum]:
    """The courses of each smallest set of students, and of each teacher who is not the only one."""
    members: dict[str, list[int]] = {}
    shared: set[str] = set()
    for c, course in enumerate(rules.courses):
        for group in course.groups:
            members.setdefault(group, []).append(c)
        for teacher in course.teachers[1:]:
            shared.add(teacher)
    for c, course in enumerate(rules.courses):
        for teacher in shared.intersection(course.teachers):
            members.setdefault(_curriculum_of(teacher), []).append(c)
    one_of_each: dict[tuple[int, ...], str] = {}
    for name in sorted(members):
        if one_of_each.setdefault(tuple(members[name]), name) != name:
            rules.left_out[
                "a set of students with the courses of another one, which stands for it"
            ] += 1
    return [Curriculum(id=name, courses=courses) for courses, name in one_of_each.items()]


def _curriculum_of(teacher: str) -> str:
    return f"(teacher) {teacher}"


def _changed(rules: FetRules) -> list[str]:
    """What is kept in another form."""
    courses = rules.courses
    long = sum(part.duration > 1 for course in courses for part in course.parts)
    shared = {name for course in courses for name in course.teachers[1:]}
    told = {
        "changed: each hour of the {} activities of several hours is a lecture of its own; that "
        "they follow each other is a wish, by UD4": long,
        "changed: {} teachers share activities; the courses of each are a curriculum, "
        f"{_curriculum_of('NAME')}, so that they never meet": len(shared),
        "changed: {} courses have no teacher; each has one of its own": sum(
            not course.teachers for course in courses
        ),
        "changed: that {} courses need one of some rooms is a wish by UD3 and a must by UD4": sum(
            course.allowed_rooms is not None
            or any(part.id in rules.rooms_of for part in course.parts)
            for course in courses
        ),
        "changed: days between activities of {} courses are a wish for as many working days": sum(
            course.min_working_days > 1 for course in courses
        ),
    }
    if not any(room is not None for room in rules.rooms.values()):
        told["changed: there is no room; a room for each of {} teachers stands for them"] = len(
            {course.teachers[:1] or course.id for course in courses}
        )
    return [line.format(number) for line, number in told.items() if number]


def _left_out(rules: FetRules) -> list[str]:
    root = rules.file.root
    off = len(rules.file.switched_off)
    virtual = sum(room is None for room in rules.rooms.values())
    tags = len(root.first("Activity_Tags_List").children)
    mode = root.first("Mode").text
    counted = dict(rules.left_out)
    counted |= {"an activity that is switched off": off, "a virtual room": virtual}
    counted |= {"an activity tag": tags}
    if mode not in ("", "Official"):
        counted[f"what the mode {mode} means beyond the official one"] = 1
    return [f"left out: {number} x {what}" for what, number in sorted(counted.items()) if number]
