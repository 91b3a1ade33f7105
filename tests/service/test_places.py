"""What other places cost a lecture of a job's timetable, as the service tells it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flows.serve import weigh_places
from tests.service.access_parts import ADMIN, ANN, INSTANCE, no_prefect, settings_in
from tests.service.job_parts import problem_of
from tests.service.live_parts import client_of, serving
from timetabling.formats import read_problem
from timetabling.penalties import evaluate, formulation
from timetabling.problem import Lecture, Timetable
from timetabling.view import document
from tracking.job_files import DOCUMENT
from tracking.plan import DEFAULT
from tracking.progress import Progress
from tracking.service.app import create_app
from tracking.store import Store

PLACES = "/api/generation-jobs/{}/places/"
UD2 = formulation("UD2")
PROBLEM = read_problem(INSTANCE)
HERE = Lecture(0, 7, 0)
TIMETABLE = Timetable(PROBLEM, (HERE, Lecture(1, 3, 0)))
DAY, PERIOD = divmod(HERE.period, PROBLEM.periods_per_day)
ASKED: dict[str, str | int] = {"course": PROBLEM.courses[0].id, "day": DAY, "period": PERIOD}


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    jobs = {
        "weekly": document(TIMETABLE, UD2),
        "old": {"cost": 3, "instance": "from an earlier version"},
        "empty": None,
    }
    store = Store(redis_url)
    for job_id, told in jobs.items():
        store.write(Progress(DEFAULT, job_id, time.time()).next(time.time()))
        folder = tmp_path / "jobs" / job_id
        folder.mkdir(parents=True)
        if told:
            (folder / DOCUMENT).write_text(json.dumps(told))
    store.close()
    app = create_app(settings_in(tmp_path, redis_url=redis_url), weigh=weigh_places)
    with no_prefect(), serving(app) as server, client_of(server, ADMIN) as client:
        yield client


def test_each_place_is_told_with_its_change_of_cost_and_what_blocks_it(
    service: httpx.Client,
) -> None:
    told = service.get(PLACES.format("weekly"), params=ASKED).json()
    assert (told["course"], told["day"], told["period"]) == tuple(ASKED.values())
    assert told["room"] == HERE.room
    assert len(told["periods"]) == PROBLEM.num_periods
    before, seen = evaluate(TIMETABLE, UD2), 0
    for each in told["periods"]:
        number = each["day"] * PROBLEM.periods_per_day + each["period"]
        for place in each["places"]:
            there = Lecture(HERE.course, number, place["room"])
            after = evaluate(Timetable(PROBLEM, (there, TIMETABLE.lectures[1])), UD2)
            assert place["cost"] == after.cost - before.cost
            assert sum(rule["cost"] for rule in place["rules"]) == place["cost"]
            is_blocked = bool(each["blockers"] or place["blockers"])
            assert is_blocked == (after.num_violations > before.num_violations)
            seen += 1
    assert seen > PROBLEM.num_periods


@pytest.mark.parametrize(
    "wrong",
    [
        {"day": -1}, {"day": "monday"}, {"period": -1}, {"period": 10**9}, {"course": ""},
        {"course": "x" * 2000}, {"day": ""},
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused(
    service: httpx.Client, wrong: dict[str, str | int]
) -> None:
    answer = service.get(PLACES.format("weekly"), params=ASKED | wrong)
    assert problem_of(answer, 422, "invalid-request")["errors"]


@pytest.mark.parametrize("other", [{"course": "nothing"}, {"day": 999}, {"period": 999}])
def test_a_lecture_that_is_not_there_is_not_found(
    service: httpx.Client, other: dict[str, str | int]
) -> None:
    problem_of(service.get(PLACES.format("weekly"), params=ASKED | other), 404, "no-such-lecture")


def test_where_there_is_no_timetable_or_too_little_of_it_that_is_said(
    service: httpx.Client,
) -> None:
    problem_of(service.get(PLACES.format("empty"), params=ASKED), 404, "no-timetable")
    problem_of(service.get(PLACES.format("old"), params=ASKED), 409, "too-old")


def test_nobody_is_told_of_somebody_elses_timetable(service: httpx.Client) -> None:
    assert service.get(PLACES.format("weekly"), params=ASKED, headers=ANN).status_code in (403, 503)
    service.headers.pop("Authorization")
    problem_of(service.get(PLACES.format("weekly"), params=ASKED), 401, "unauthorized")
