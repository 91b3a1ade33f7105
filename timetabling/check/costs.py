"""What must cost something in every timetable, with the least that it costs."""

from __future__ import annotations

from collections.abc import Iterator

from timetabling.check.finding import Finding
from timetabling.check.openings import Openings
from timetabling.check.words import count, names
from timetabling.least_costs import (
    curriculum_cost,
    days_missing,
    days_open,
    room_costs,
    seat_cost,
    seats_missing,
    undesired_lectures,
)
from timetabling.penalties import Formulation, weight_of, weights_of

__all__ = ["costly"]


def costly(week: Openings, rules: Formulation) -> Iterator[Finding]:
    """Find what no timetable gets for nothing; what costs most comes first, rule by rule."""
    fitting = _by_cost(_fitting_rooms(week, rules))
    yield from fitting
    yield from _seats(week, rules, sum(finding.least_cost for finding in fitting))
    yield from _by_cost(_working_days(week, rules))
    yield from _by_cost(_undesired_times(week, rules))
    yield from _by_cost(_curricula(week, rules))


def _by_cost(findings: Iterator[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: -finding.least_cost)


def _fitting_rooms(week: Openings, rules: Formulation) -> Iterator[Finding]:
    """Courses for which no room is large enough, or none of those is suitable."""
    problem = week.problem
    for c, course in enumerate(problem.courses):
        rooms = {r: x for r, x in room_costs(problem, rules, c).items() if week.rooms[c] >> r & 1}
        cheapest = min(rooms.values(), default=0)
        if not cheapest * course.num_lectures:
            continue
        largest = max(rooms, key=lambda r: problem.rooms[r].capacity)
        seats = problem.rooms[largest].capacity
        if seats < course.num_students:
            which = "largest room" if len(rooms) > 1 else "only room"
            message = (
                f"course {course.id}: {count(course.num_students, 'student')}, but the {which} it "
                f"may be in, {problem.rooms[largest].id}, has {count(seats, 'seat')}"
            )
            repair = "find a larger room, split the course, or correct the number of students"
        else:
            message = f"course {course.id}: no room is both suitable and large enough"
            repair = "make a larger room suitable for it, or correct the number of students"
        yield Finding(
            rule="fitting_room",
            message=message,
            repair=repair,
            needed=course.num_students,
            available=seats,
            courses=(course.id,),
            rooms=(problem.rooms[largest].id,),
            least_cost=cheapest * course.num_lectures,
        )


def _seats(week: Openings, rules: Formulation, counted: int) -> Iterator[Finding]:
    """Large courses, of which there are more than large rooms hold in a week."""
    problem, missing = week.problem, seats_missing(week.problem)
    cost = seat_cost(problem, rules) * sum(seats for _, seats, _, _ in missing)
    if cost <= counted:  # what courses without a fitting room cost on their own
        return
    # The size at which most lectures are left over says it best.
    size, _, wanting, having = max(missing, key=lambda step: (step[2] - step[3], step[0]))
    rooms = [room.id for room in problem.rooms if room.capacity >= size]
    courses = [x.id for x in problem.courses if x.num_students >= size and x.num_lectures]
    yield Finding(
        rule="seats",
        message=f"{count(wanting, 'lecture')} ({names(courses)}) need a room of {size} seats or "
        f"more, of which there are {len(rooms)}{f' ({names(rooms)})' if rooms else ''}, free for "
        f"{having} lectures a week",
        repair="add a room of that size, or split large courses",
        needed=wanting,
        available=having,
        courses=tuple(courses),
        rooms=tuple(rooms),
        least_cost=cost - counted,
    )


def _working_days(week: Openings, rules: Formulation) -> Iterator[Finding]:
    """Courses that cannot have their minimum of working days."""
    problem, weights = week.problem, weights_of(week.problem, rules, "min_working_days")
    for c, (course, weight) in enumerate(zip(problem.courses, weights, strict=True)):
        missing = days_missing(problem, c) if weight else 0
        if not missing:
            continue
        wanted = count(course.min_working_days, "working day")
        days = days_open(problem, c)
        if course.num_lectures <= days:
            why = f"but only {count(course.num_lectures, 'lecture')}"
        else:
            why = f"but it is available on only {count(days, 'day')}"
        yield Finding(
            rule="working_days",
            message=f"course {course.id}: at least {wanted} wanted, {why}",
            repair="lower the minimum"
            + (", or free another day" if course.num_lectures > days else ""),
            needed=course.min_working_days,
            available=course.min_working_days - missing,
            courses=(course.id,),
            least_cost=weight * missing,
        )


def _undesired_times(week: Openings, rules: Formulation) -> Iterator[Finding]:
    """Courses with more lectures than times at which they would be held."""
    problem = week.problem
    for c, (lectures, desired) in undesired_lectures(problem).items():
        course, weight = problem.courses[c], weight_of(problem, rules, "undesired_times", c)
        if not weight:
            continue
        times = count(desired, "period") if desired else "no period"
        yield Finding(
            rule="undesired_times",
            message=f"course {course.id}: {count(course.num_lectures, 'lecture')}, but {times} at "
            "which it is available and not undesired",
            repair="take back some of its undesired times, or free other periods",
            needed=course.num_lectures,
            available=desired,
            courses=(course.id,),
            least_cost=weight * lectures,
        )


def _curricula(week: Openings, rules: Formulation) -> Iterator[Finding]:
    """Curricula that cannot have good days, whatever their days look like."""
    problem = week.problem
    for curriculum in problem.curricula:
        lectures = sum(problem.courses[c].num_lectures for c in curriculum.courses)
        cost = curriculum_cost(problem, rules, lectures)
        if not cost:
            continue
        who = f"curriculum {curriculum.id}"
        if lectures == 1 and rules.weights.get("isolated_lectures"):
            yield Finding(
                rule="isolated_lecture",
                message=f"{who} has 1 lecture a week, which is isolated wherever it is",
                repair="add it to a larger curriculum, if its students attend other courses",
                needed=2,
                available=1,
                courses=week.names(curriculum.courses),
                curricula=(curriculum.id,),
                least_cost=cost,
            )
            continue
        held = count(lectures, "lecture")
        days = f"{count(problem.num_days, 'day')} of {count(problem.periods_per_day, 'period')}"
        fewest, most = problem.daily_lectures or (0, problem.periods_per_day)
        if not rules.weights.get("student_load"):
            why = f"cannot be spread over {days} without an isolated one"
        elif lectures < fewest:
            why = f"{'is' if lectures == 1 else 'are'} fewer than the {fewest} wanted on a day"
        elif lectures > most * problem.num_days:
            why = f"are more than {most} on each of {count(problem.num_days, 'day')}"
        else:
            why = f"cannot be spread over {days} with {fewest} to {most} on each that is used"
        yield Finding(
            rule="daily_load",
            message=f"{who}: its {held} a week {why}",
            repair="change the daily limits, or move lectures to or from it",
            needed=lectures,
            available=min(most, problem.periods_per_day) * problem.num_days,
            courses=week.names(curriculum.courses),
            curricula=(curriculum.id,),
            least_cost=cost,
        )
