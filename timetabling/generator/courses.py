"""Departments, the years of their programmes, and what is taught there."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from timetabling.generator.drafts import CohortDraft, CourseDraft, Week, union
from timetabling.problem import Curriculum

__all__ = ["invent_courses", "invent_curricula", "name_departments"]

_SCIENCES = ("PHY", "BIO", "CHE", "INF", "GEO", "MED", "ELE", "MEC")
_HUMANITIES = ("MAT", "HIS", "LAW", "ECO", "PHI", "LIN", "ART", "SOC")
_CODES = [code for pair in zip(_SCIENCES, _HUMANITIES, strict=True) for code in pair]

_COURSES_PER_DEPARTMENT = 36
_COURSES_PER_COHORT = 6
_YEARS = 3
_PERCENT_OF_LECTURES = {1: 3, 2: 14, 3: 58, 4: 10, 5: 10, 6: 5}

# Fractions of the week.
_MOST_CORE_LECTURES = 0.55  # electives must still find a place beside them
_MOST_LECTURES_OF_CURRICULUM = 0.7

_MOST_STUDENTS = 500
_LAB_SEATS = 30
_MOST_USED_WITHOUT_LABS = 1.9  # rooms, if each were in use all week; with a lab there are three


def name_departments(num_courses: int) -> list[str]:
    """PHY, MAT, BIO ... and, when all codes are used up, PHYB, MATB ... PHYC ..."""
    count = max(min(2, num_courses), round(num_courses / _COURSES_PER_DEPARTMENT))
    rounds = ["", *"BCDEFGHIJKLMNOPQRSTUVWXYZ"]
    return [code + suffix for suffix in rounds for code in _CODES][:count]


def invent_courses(
    num_courses: int, departments: Sequence[str], week: Week, rng: Random
) -> tuple[list[CohortDraft], list[CourseDraft]]:
    """Share the courses out to departments, and in each to the years of its programmes."""
    fair_share = min(4, num_courses // len(departments))
    sizes = [fair_share] * len(departments)
    appeal = [rng.uniform(0.5, 1.5) for _ in departments]
    for d in rng.choices(range(len(sizes)), appeal, k=num_courses - sum(sizes)):
        sizes[d] += 1

    mean_lectures = sum(n * percent for n, percent in _PERCENT_OF_LECTURES.items()) / 100
    has_labs = num_courses * mean_lectures > _MOST_USED_WITHOUT_LABS * week.num_periods
    cohorts: list[CohortDraft] = []
    courses: list[CourseDraft] = []
    for d, size in enumerate(sizes):
        own = _invent_cohorts(d, max(1, round(size / _COURSES_PER_COHORT)), rng)
        cohorts += own
        taught: list[CourseDraft] = []
        of_year: Counter[int] = Counter()
        for i in range(size):
            rank, place = divmod(i, len(own))
            home = own[place]
            of_year[home.year] += 1
            name = f"{departments[d]}{home.year}{of_year[home.year]:02}"
            course = _invent_course(name, rank, home, own, week, rng)
            if has_labs and departments[d][:3] in _SCIENCES and not course.is_core:
                no_lab_yet = not any(c.needs_lab for c in taught)
                course.needs_lab = no_lab_yet or rng.random() < 0.2
            if course.needs_lab:
                course.num_students = min(course.num_students, _LAB_SEATS)
            taught.append(course)
        courses += sorted(taught, key=lambda course: course.id)
    for index, course in enumerate(courses):
        course.index = index
    return cohorts, courses


def _invent_cohorts(department: int, count: int, rng: Random) -> list[CohortDraft]:
    cohorts = []
    size = 0.0
    for i in range(count):
        programme, year = divmod(i, _YEARS)
        size = size * 0.8 if year else min(350.0, max(15.0, rng.lognormvariate(4.5, 0.6)))
        cohorts.append(CohortDraft(department, programme, year + 1, size))
    return cohorts


def _invent_course(
    name: str,
    rank: int,
    home: CohortDraft,
    cohorts: Sequence[CohortDraft],
    week: Week,
    rng: Random,
) -> CourseDraft:
    """Invent the course of a rank (0: the first) of a cohort; the low ranks are its core."""
    percents = _PERCENT_OF_LECTURES
    num_lectures = rng.choices(list(percents), list(percents.values()))[0]
    num_lectures = min(num_lectures, max(1, week.num_periods // 5))
    wants_doubles = rng.random() < (0.5 if num_lectures >= 4 else 0.04)
    days = math.ceil(num_lectures / 2) if wants_doubles else num_lectures - rng.choice((0, 0, 0, 1))

    takers = [home]
    if rank == 0 and rng.random() < 0.5:
        takers = [cohort for cohort in cohorts if cohort.year == home.year]
    room_for_core = _MOST_CORE_LECTURES * week.num_periods - num_lectures
    is_core = rank < 3 or (rank == 3 and rng.random() < 0.3)
    is_core = is_core and all(cohort.core_lectures <= room_for_core for cohort in takers)
    if is_core:
        num_students = sum(cohort.size for cohort in takers) * rng.uniform(0.85, 1.05)
    else:
        takers = [home]
        num_students = home.size * rng.uniform(0.15, 0.6)

    course = CourseDraft(
        id=name,
        department=home.department,
        num_lectures=num_lectures,
        min_working_days=min(len(week.days), max(1, days)),
        num_students=min(_MOST_STUDENTS, round(num_students)),
        wants_double_lectures=wants_doubles,
        cohorts=takers,
        is_core=is_core,
        needs_lab=False,
    )
    for cohort in takers:
        (cohort.core if is_core else cohort.electives).append(course)
    return course


def invent_curricula(
    cohorts: Sequence[CohortDraft], departments: Sequence[str], week: Week, rng: Random
) -> Iterator[Curriculum]:
    """Add to the core of each cohort what the witness holds at other times."""
    electives: dict[tuple[int, int], list[CourseDraft]] = {}
    core: dict[int, list[CourseDraft]] = {}
    for cohort in cohorts:
        electives.setdefault((cohort.department, cohort.year), []).extend(cohort.electives)
        core.setdefault(cohort.department, []).extend(cohort.core)
    most = _MOST_LECTURES_OF_CURRICULUM * week.num_periods
    for cohort in cohorts:
        partner = (cohort.department + rng.choice((1, -1))) % len(departments)
        again = [course for course in cohort.electives if rng.random() < 0.9]
        bases = [[*cohort.core, course] for course in cohort.electives + again] or [cohort.core]
        found: dict[frozenset[int], None] = {}
        for courses in bases:
            for _ in range(rng.choice((0, 0, 1, 1, 2))):
                busy = union(course.periods for course in courses)
                from_partner = rng.random() < 0.4
                of_year = electives[cohort.department, cohort.year]
                fitting = [
                    course
                    for course in (core[partner] if from_partner else of_year)
                    if not course.periods & busy and (course.periods | busy).bit_count() <= most
                ]
                if fitting:
                    courses.append(rng.choice(fitting))
            found[frozenset(course.index for course in courses)] = None
        prefix = f"{departments[cohort.department]}-{chr(ord('A') + cohort.programme)}{cohort.year}"
        for number, members in enumerate(found, start=1):
            yield Curriculum(id=f"{prefix}-{number}", courses=tuple(sorted(members)))
