"""What single courses, curricula and all rooms together cost in every timetable, by counting alone.

Each is a cost that no feasible timetable stays below. Those of courses' days and undesired times
and of curricula may be added, and one of the two of the rooms: no two count the same penalty.
"""

from __future__ import annotations

from collections import Counter

from timetabling.penalties import Formulation, weight_of, weights_of
from timetabling.problem import Problem

__all__ = [
    "curriculum_cost",
    "days_missing",
    "days_open",
    "fitting_room_cost",
    "room_costs",
    "seat_cost",
    "seats_missing",
    "undesired_lectures",
]


def days_open(problem: Problem, course: int) -> int:
    """Days on which a course is available at some period."""
    per_day = problem.periods_per_day
    return sum(
        any((course, period) not in problem.unavailable for period in range(first, first + per_day))
        for first in range(0, problem.num_periods, per_day)
    )


def days_missing(problem: Problem, course: int) -> int:
    """Working days that a course lacks at least: for want of lectures, or of days to be held on."""
    most = min(days_open(problem, course), problem.courses[course].num_lectures)
    return max(0, problem.courses[course].min_working_days - most)


def undesired_lectures(problem: Problem) -> dict[int, tuple[int, int]]:
    """Courses that are held at undesired times whatever is done.

    Returns
    -------
    dict
        By course: its lectures at such times at least, as one at a time is held; and the periods
        at which it is available that are not undesired.
    """
    closed = Counter(c for c, _ in problem.unavailable)
    undesired_open = Counter(c for c, _ in problem.undesired - problem.unavailable)
    found = {}
    for c, undesired in sorted(undesired_open.items()):
        desired = problem.num_periods - closed[c] - undesired
        lectures = min(undesired, problem.courses[c].num_lectures - desired)
        if lectures > 0:
            found[c] = lectures, desired
    return found


def curriculum_cost(problem: Problem, rules: Formulation, num_lectures: int) -> int:
    """Least cost of the days of a curriculum with so many lectures, none of them at once."""
    per_day = problem.periods_per_day

    def cost_of_day(load: int) -> int:
        alone = load if load == 1 or per_day == 1 else 0
        cost = rules.weights.get("isolated_lectures", 0) * alone
        if problem.daily_lectures and load:
            fewest, most = problem.daily_lectures
            cost += rules.weights.get("student_load", 0) * max(0, fewest - load, load - most)
        return cost

    costs = [cost_of_day(load) for load in range(per_day + 1)]
    cheapest = {0: 0}  # by the number of lectures on the days so far
    for _ in range(problem.num_days):
        before, cheapest = cheapest, {}
        for placed, cost in before.items():
            for load in range(min(per_day, num_lectures - placed) + 1):
                total = cost + costs[load]
                cheapest[placed + load] = min(total, cheapest.get(placed + load, total))
    return cheapest.get(num_lectures, 0)


def room_costs(problem: Problem, rules: Formulation, course: int) -> dict[int, int]:
    """What a lecture of a course costs in each room it may be in."""
    seats = problem.courses[course].num_students
    a_seat, unsuitable = (
        weight_of(problem, rules, rule, course) for rule in ("room_capacity", "room_suitability")
    )
    costs = {}
    for r, room in enumerate(problem.rooms):
        is_unsuitable = (course, r) in problem.unsuitable
        if is_unsuitable and "room_suitability" in rules.hard:
            continue
        costs[r] = a_seat * max(0, seats - room.capacity) + unsuitable * is_unsuitable
    return costs


def fitting_room_cost(problem: Problem, rules: Formulation, course: int) -> int:
    """Least cost of a course's rooms: each lecture in the cheapest one."""
    cheapest = min(room_costs(problem, rules, course).values(), default=0)
    return problem.courses[course].num_lectures * cheapest


def seat_cost(problem: Problem, rules: Formulation) -> int:
    """What a missing seat costs at least, whichever lecture it is missing for."""
    weights = weights_of(problem, rules, "room_capacity")
    courses = zip(problem.courses, weights, strict=True)
    return min(weight for course, weight in courses if course.num_lectures)


def seats_missing(problem: Problem) -> list[tuple[int, int, int, int]]:
    """For each size at which the rooms are too few, how many seats that leaves missing at least.

    Returns
    -------
    list
        The size; the seats missing because of those beyond the size before it; lectures that want
        so many seats or more; and how many such the rooms that have them hold in a week.
    """
    missing = []
    steps = sorted({x.num_students for x in problem.courses} | {x.capacity for x in problem.rooms})
    for below, step in zip([0, *steps], steps, strict=False):
        wanting = sum(x.num_lectures for x in problem.courses if x.num_students >= step)
        having = sum(room.capacity >= step for room in problem.rooms) * problem.num_periods
        if wanting > having:
            missing.append((step, (step - below) * (wanting - having), wanting, having))
    return missing
