"""What tests of the page share: the service with real jobs, and people who look at them."""

from __future__ import annotations

import functools
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from flows.certifying import CERTIFICATE, Origin, certified
from flows.files import CURVE, PAGE, SOLUTION, TABLE
from flows.serve import check_instance, weigh_places
from tests.service import access_parts, live_parts
from tests.service.job_parts import GENERATE, form
from tests.service.live_parts import Job
from timetabling.exports.grids import week_of
from timetabling.exports.page import page
from timetabling.exports.table import csv_text, rows_of
from timetabling.formats import read_problem, write_solution
from timetabling.formats.digest import digest_of
from timetabling.penalties import formulation
from timetabling.problem import Timetable
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers import cpsat
from timetabling.view import Document, document
from tracking.job_files import DOCUMENT
from tracking.plan import DEFAULT
from tracking.service.app import create_app

EXAMPLES = access_parts.INSTANCE.parent
INSTANCE = "small-university.ectt"
BOUND = 27
"""What every timetable of it costs at least."""

# Of people who only look at what they have started themselves.
TOKENS = {name: f"the-token-of-{name}" for name in ("office", "dean", "chair", "newcomer")}
ADMIN = "the-token-of-the-administrator"

Fields = dict[str, Any]


def during(stage: str, share: float, **more: Any) -> Fields:
    """What a job publishes at a share of a stage, 0 to 1."""
    here = DEFAULT.stages[DEFAULT.index(stage)]
    percent = round(here.start + share * (here.end - here.start), 2)
    return {
        "stage": here.id,
        "stage_label": here.label,
        "stage_start": here.start,
        "stage_end": here.end,
        "stage_progress": round(100 * share, 2),
        "overall_progress": percent,
        "work_progress": percent,
        "eta_seconds": 74,
        "eta_low_seconds": 55,
        "eta_high_seconds": 110,
    } | more


@functools.cache
def a_timetable() -> tuple[Timetable, Document]:
    """A good one of the instance, and what it costs and why."""
    rules, problem = formulation("UD2"), read_problem(EXAMPLES / INSTANCE)
    found = cpsat.solve(
        problem,
        formulation=rules,
        start=None,
        stop=WorkLimit(3_000_000),
        seed=1,
        observer=SilentObserver(),
    ).timetable
    return found, document(found, rules, bound=BOUND)


class Campus:
    """A service with a data folder, and the jobs of its users.

    Parameters
    ----------
    redis_url, data
        What the service works with.
    client
        Asks it, showing no token by itself.
    """

    def __init__(self, redis_url: str, data: Path, client: httpx.Client) -> None:
        self.address = str(client.base_url).rstrip("/")
        self.data = data
        self._redis_url = redis_url
        self._client = client

    def link(self, who: str, path: str = "/") -> str:
        """Signs in where it is opened."""
        return f"{self.address}{path}#token={TOKENS.get(who, ADMIN)}"

    def start(self, who: str, instance: str = INSTANCE, **fields: Any) -> str:
        """Start a run, for which Prefect has no worker; gives its id."""
        headers = access_parts.bearer(TOKENS[who])
        given: Fields = {"instance_name": instance, "time_limit_seconds": 300} | fields
        answer = self._client.post(GENERATE, headers=headers, **form(**given))
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def publish(self, job_id: str, *, minutes_ago: float = 3, **fields: Any) -> None:
        """Let a job's process have begun some time ago, and say how far it is."""
        now = int(time.time())
        job = Job(self._redis_url, job_id, now - int(60 * minutes_ago))
        said: Fields = {"run_id": job_id, "last_updated": now} | fields
        job.publish(**said)
        job.close()

    def write_timetable(self, job_id: str) -> dict[str, int]:
        """Leave a real timetable of the instance, told in six files; gives its figures."""
        timetable, told = a_timetable()
        folder = self.data / "jobs" / job_id
        folder.mkdir(parents=True)
        (folder / DOCUMENT).write_text(json.dumps(told))
        write_solution(timetable, folder / SOLUTION)
        origin = Origin(digest_of(EXAMPLES / INSTANCE), bound=BOUND)
        made = certified(timetable, formulation("UD2"), origin)
        (folder / CERTIFICATE).write_text(made.text)
        (folder / TABLE).write_text(csv_text(rows_of(told)))
        (folder / PAGE).write_text(page(told, made, week_of(told)))
        self.write_curve(job_id, told["cost"])
        return {"cost": told["cost"], "violations": told["violations"], "bound": BOUND}

    def write_curve(self, job_id: str, cost: int) -> None:
        """Leave what was found when, down to a cost."""
        folder = self.data / "jobs" / job_id
        folder.mkdir(parents=True, exist_ok=True)
        fell = [
            (9, 14, 17), (16, 6, 24), (24, 0, 15), (41, 0, 9), (58, 0, 6), (83, 0, 3.5), (97, 0, 2),
            (124, 0, 1.4), (139, 0, 1.2), (162, 0, 1),
        ]  # fmt: skip
        rows = [f"{s},,{broken},{round(cost * times)},{BOUND}" for s, broken, times in fell]
        (folder / CURVE).write_text("\n".join(["seconds,stage,violations,cost,bound", *rows]))


@contextmanager
def campus(redis_url: str, data: Path) -> Iterator[Campus]:
    """Serve a campus for as long as the block lasts, with a Prefect that has no worker."""
    (data / "instances").mkdir(parents=True)
    for file in EXAMPLES.glob("*.ectt"):
        shutil.copy(file, data / "instances")
    settings = access_parts.settings_in(
        data,
        redis_url=redis_url,
        admin_token=ADMIN,
        tokens=TOKENS,
        job_rate="1000/minute",
        request_rate="100000/minute",
    )
    with (
        access_parts.known_prefect(),
        live_parts.serving(
            create_app(settings, check=check_instance, weigh=weigh_places)
        ) as server,
        live_parts.client_of(server, headers={}) as client,
    ):
        yield Campus(redis_url, data, client)
