"""The genetic search in spans: it goes on after a crash, on several islands, and counts right."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence

import pytest
from prefect import flow, task
from prefect.settings import PREFECT_API_URL, PREFECT_LOCAL_STORAGE_PATH, temporary_settings
from redis import Redis

from flows import improving
from flows.brief import Brief
from flows.budgets import SHARES
from flows.settings import Settings
from tasks.budget import Budget
from tasks.checkpoints import Checkpoints
from tests.chaos.servers import PrefectServer
from timetabling.generator import generate
from timetabling.penalties import evaluate, formulation
from timetabling.problem import Timetable
from timetabling.solvers.genetic import NUM_GENERATIONS
from timetabling.solvers.individuals import Search
from timetabling.solvers.islands import settle
from tracking.embedded import embedded_redis
from tracking.hooks import tracked
from tracking.testing import Recorder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

START = Timetable(generate(40, seed=3).problem)
UD2 = formulation("UD2")

PROVEN = threading.Event()
"""Until it is set, the bound is worked on."""
PROVEN.set()

ANYTHING_FEASIBLE = 10**6
"""A bound by which all that is feasible is optimal."""


@pytest.fixture(scope="module")
def redis_url(prefect: PrefectServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a Redis, beside a Prefect server, where results are kept in a folder of the tests' own."""
    results = tmp_path_factory.mktemp("results-of-improving")
    mine = {PREFECT_API_URL: prefect.url, PREFECT_LOCAL_STORAGE_PATH: results}
    with (
        temporary_settings(mine),
        embedded_redis() as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("HORARIUM_REDIS_URL", url)
        yield url


@task
def prove(least: int) -> int:
    PROVEN.wait()
    return least


@flow(**tracked())
def improve(
    job_id: str, num_islands: int, checkpoints: Checkpoints | None, least: int = 0
) -> Timetable:
    budget = Budget(job_id, time.time(), 3600, 1_000_000, SHARES)
    settings = Settings(num_workers=2, num_islands=num_islands)
    brief = Brief(UD2, budget, settings, 1, checkpoints)
    bounding = prove.submit(least)
    if PROVEN.is_set():
        bounding.wait()
    found, bound = improving.improve(START, bounding, brief)
    assert bound == least
    return found


def run(
    job_id: str, recorder: Recorder, *, islands: int = 1, least: int = 0, kept: str | None = None
) -> Timetable:
    """Improve an empty timetable; what is found is kept under a name, if one is given."""
    checkpoints = None if kept is None else Checkpoints(kept, "content")
    found: Timetable = improve(job_id, islands, checkpoints, least)
    recorder.wait_for(lambda snapshot: snapshot["status"] == "completed")
    return found


class CrashError(Exception):
    """What ends a flow."""


def crash_after(num_spans: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next flow end when so many spans are over."""
    left = iter(range(1, num_spans))

    def fail(islands: Sequence[Search]) -> list[Search]:
        if next(left, None) is None:
            raise CrashError
        return settle(islands)

    monkeypatch.setattr(improving, "settle", fail)


def wait_for_each_span(recorder: Recorder, islands: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next flow wait after each span, but the last, until all that was done is counted."""
    spans = iter(improving.SPAN_ENDS)

    def look(islands_: Sequence[Search]) -> list[Search]:
        counts = next(spans) * islands, NUM_GENERATIONS * islands
        names = "completed_items", "total_items"
        recorder.wait_for(lambda s: tuple(s["metadata"][name] for name in names) == counts)
        return settle(islands_)

    monkeypatch.setattr(improving, "settle", look)


@pytest.mark.parametrize("islands", [1, 2])
def test_a_search_that_was_broken_off_goes_on_after_its_last_span_and_finds_the_same(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, islands: int
) -> None:
    name = f"job-{islands}"
    with Recorder(redis_url, f"{name}-whole", patience_seconds=120) as recorder:
        unbroken = run(f"{name}-whole", recorder, islands=islands)
    assert evaluate(unbroken, UD2).is_feasible

    crash_after(3, monkeypatch)
    with pytest.raises(CrashError):
        improve(f"{name}-first", islands, Checkpoints(name, "content"))
    assert "Cached" not in caplog.text
    with Recorder(redis_url, f"{name}-second", patience_seconds=120) as recorder:
        wait_for_each_span(recorder, islands, monkeypatch)
        resumed = run(f"{name}-second", recorder, islands=islands, kept=name)
    assert resumed == unbroken
    assert caplog.text.count("in state Cached") == 3 * islands
    assert recorder.broken_rules() == []


def test_about_nothing_may_be_left_once_a_timetable_is_proven_to_be_optimal(
    redis_url: str,
) -> None:
    with Redis.from_url(redis_url) as client:
        client.flushall()  # what searches of other tests took says nothing of this one
    with Recorder(redis_url, "optimal", patience_seconds=120) as recorder:
        run("optimal", recorder, least=ANYTHING_FEASIBLE)
    last_stage = [s for _, s in recorder.events if s["stage"] == improving.REPAIR]
    assert {snapshot["eta_low_seconds"] for snapshot in last_stage} == {0}


def test_a_bound_that_is_proven_while_the_search_goes_on_ends_it_after_its_span(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[int] = []

    def look(islands: Sequence[Search]) -> list[Search]:
        reached.append(islands[0].reached.generation)
        if islands[0].order[0] == 0 and not PROVEN.is_set():
            PROVEN.set()
            time.sleep(1)  # the task's end is heard of in another thread
        return settle(islands)

    monkeypatch.setattr(improving, "settle", look)
    PROVEN.clear()
    try:
        with Recorder(redis_url, "later", patience_seconds=120) as recorder:
            found = run("later", recorder, least=ANYTHING_FEASIBLE)
    finally:
        PROVEN.set()
    assert evaluate(found, UD2).is_feasible
    assert reached[0] == improving.LOOKS[0]
    assert reached[-1] < NUM_GENERATIONS / 2
    assert recorder.last["metadata"]["bound"] == ANYTHING_FEASIBLE
    assert recorder.broken_rules() == []
