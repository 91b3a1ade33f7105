"""Where and when courses are held, and by whom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from random import Random

from timetabling.generator.drafts import (
    CourseDraft,
    RoomDraft,
    TeacherDraft,
    Week,
    periods_of,
    union,
)

__all__ = ["hire", "is_suitable", "place", "send_away"]

_PERCENT_OF_TEACHERS = {1: 50, 2: 28, 3: 14, 4: 8}  # by the most courses they hold

# Fractions of the week.
_ROOM_USE = (0.6, 0.72)
_MOST_ROOM_USE = 0.75
_TEACHER_AWAY = (0.0, 0.2, 0.3, 0.4, 0.4)


def place(courses: Sequence[CourseDraft], week: Week, rng: Random) -> list[RoomDraft]:
    """Give each course a room and periods, and build the rooms on the way.

    Courses come by size, the largest first, so that each room built so far has enough seats and
    the core courses of a cohort, which its electives must not meet, are already placed.
    """
    load = sum(course.num_lectures for course in courses) / week.num_periods
    num_rooms = max(math.ceil(load / _MOST_ROOM_USE), round(load / rng.uniform(*_ROOM_USE)))
    fair_share = math.ceil(load / num_rooms * week.num_periods) + 1
    rooms: list[RoomDraft] = []
    for course in sorted(courses, key=lambda course: -course.num_students):
        taken = union(cohort.busy for cohort in course.cohorts)
        possible = [
            r
            for r, room in enumerate(rooms)
            if is_suitable(room, course)
            and (week.all & ~(room.busy | taken)).bit_count() >= course.num_lectures
        ]
        use = [room.busy.bit_count() for room in rooms]
        usual = [r for r in possible if use[r] + course.num_lectures <= fair_share]
        if usual:
            course.room = min(usual, key=lambda r: rooms[r].capacity)
        elif possible and len(rooms) >= num_rooms:
            course.room = min(possible, key=lambda r: use[r])
        else:
            course.room = len(rooms)
            seats = _round_seats(course.num_students)
            rooms.append(RoomDraft(seats, course.department, course.needs_lab))
        room = rooms[course.room]
        course.periods = _choose_periods(course, week.all & ~(room.busy | taken), week, rng)
        room.busy |= course.periods
        if course.is_core:
            for cohort in course.cohorts:
                cohort.busy |= course.periods
    return rooms


def is_suitable(room: RoomDraft, course: CourseDraft) -> bool:
    """Whether the course may be held in the room."""
    if room.is_lab:
        return room.department == course.department
    return not course.needs_lab


def _round_seats(num_students: int) -> int:
    step = 5 if num_students < 60 else 10 if num_students < 150 else 25
    return max(10, math.ceil(num_students / step) * step)


def _choose_periods(course: CourseDraft, free: int, week: Week, rng: Random) -> int:
    """Spread the course over its days, close to its cohorts' other courses."""
    near = week.beside(union(cohort.busy for cohort in course.cohorts))
    chosen = days = 0
    for _ in range(course.num_lectures):
        spread = days.bit_count() < course.min_working_days
        wanted = ~days if spread else week.beside(chosen) if course.wants_double_lectures else 0

        def appeal(period: int, wanted: int = wanted) -> float:
            return 4 * (wanted >> period & 1) + (near >> period & 1) + rng.random()

        best = max(periods_of(free & ~chosen), key=appeal)
        chosen |= 1 << best
        days |= week.days[best // week.periods_per_day]
    return chosen


def hire(
    courses: Sequence[CourseDraft], departments: Sequence[str], rng: Random
) -> list[TeacherDraft]:
    """Give each course a teacher of its department who is free when it is held."""
    staff: list[list[TeacherDraft]] = [[] for _ in departments]
    for course in courses:
        own = staff[course.department]
        free = [t for t in own if len(t.courses) < t.most and not t.busy & course.periods]
        if free:
            teacher = rng.choice(free)
        else:
            percents = _PERCENT_OF_TEACHERS
            most = rng.choices(list(percents), list(percents.values()))[0]
            teacher = TeacherDraft(f"T-{departments[course.department]}-{len(own) + 1:02}", most)
            own.append(teacher)
        teacher.courses.append(course)
        teacher.busy |= course.periods
        course.teacher = teacher.id
    return [teacher for own in staff for teacher in own]


def send_away(
    teachers: Sequence[TeacherDraft], week: Week, rng: Random
) -> Iterator[tuple[int, int]]:
    """Take whole days, or mornings and afternoons, out of the weeks of teachers."""
    halves = [part for d, m in zip(week.days, week.mornings, strict=True) for part in (m, d & ~m)]
    for teacher in teachers:
        most = rng.choice(_TEACHER_AWAY) * week.num_periods
        parts = list(week.days if rng.random() < 0.5 else halves)
        rng.shuffle(parts)
        away = 0
        for part in parts:
            if not part & teacher.busy and (away | part).bit_count() <= most:
                away |= part
        for course in teacher.courses:
            for period in periods_of(away):
                yield course.index, period
