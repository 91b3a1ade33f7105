"""Streams that break while a page looks, in a real browser: the bar goes on, nothing is missed."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from tests.browser import NEEDS_BROWSER, chromium, open_page, percent_of, watch_for_complaints
from tests.chaos.servers import wait
from tests.flows.conftest import Run, Start
from tests.service.access_parts import INSTANCE, no_prefect
from tests.service.live_parts import ADMIN, Job, live_app, serving
from tests.service.proxy_parts import NGINX, nginx
from timetabling.formats import read_problem
from timetabling.penalties import formulation
from timetabling.problem import Timetable
from timetabling.view import document
from tracking.child import free_port
from tracking.embedded import embedded_redis
from tracking.job_files import DOCUMENT

pytestmark = NEEDS_BROWSER

TOKEN = ADMIN["Authorization"].removeprefix("Bearer ")

# All that the bar has ever shown, and all that a stream has ever told.
DIARY = """
    window.drawn = [];
    window.told = [];
    const note = () => {
        const bar = document.querySelector("[aria-label='Overall progress']");
        if (bar) drawn.push(Number(bar.ariaValueNow));
    };
    const watching = { subtree: true, childList: true, attributeFilter: ["aria-valuenow"] };
    new MutationObserver(note).observe(document, watching);
    window.EventSource = class extends EventSource {
        constructor(address) {
            super(address);
            for (const name of ["progress", "snapshot", "done"]) {
                this.addEventListener(name, (event) => told.push(JSON.parse(event.data).seq));
            }
        }
    };
"""

# Of a proxy that takes no advice: a buffer has to be full before it is passed on.
HOLDS_BACK = """
    proxy_http_version 1.0;
    proxy_ignore_headers X-Accel-Buffering;
    proxy_buffering on;
    proxy_buffer_size 512k;
    proxy_buffers 8 512k;
    proxy_busy_buffers_size 1m;
    postpone_output 512k;
"""
PASSES_WEBSOCKETS = """
    location /api/generation/ws/ {
        proxy_pass http://service;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
        proxy_set_header Host $http_host;
    }
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with embedded_redis() as url:
        yield url


@pytest.fixture
def job(redis_url: str) -> Iterator[Job]:
    publishing = Job(redis_url, started_at=int(time.time()))
    yield publishing
    publishing.close()
    with Redis.from_url(redis_url) as client:
        client.flushall()


def publish(job: Job, **fields: Any) -> None:
    percent = round(99 * (1 - 0.995 ** (job.seq + 1)), 2)  # for minutes, if need be
    usual = {"overall_progress": percent, "last_updated": int(time.time())}
    made: dict[str, Any] = usual | fields
    job.publish(**made)


def publish_until(reached: Callable[[], bool], job: Job, page: Page) -> None:
    """The job goes on while the page is looked at."""
    while not reached():
        publish(job)
        page.wait_for_timeout(400)


def publish_until_it_goes_on(connection: str, job: Job, page: Page) -> None:
    """The page is connected so, and its bar moves."""
    publish_until(lambda: sign(page) == connection, job, page)
    before = percent_of(page)
    publish_until(lambda: percent_of(page) > before, job, page)


def end(job: Job, data: Path) -> None:
    """The job leaves a timetable, and says that it has ended."""
    folder = data / "jobs" / job.job_id
    folder.mkdir(parents=True)
    made = document(Timetable(read_problem(INSTANCE)), formulation("UD2"))
    (folder / DOCUMENT).write_text(json.dumps(made))
    publish(job, status="completed", overall_progress=100.0, eta_seconds=0)


def looked_at(browser: Browser, address: str) -> tuple[Page, list[str]]:
    """The page of the job, with a diary."""
    _, page = open_page(browser)
    complaints = watch_for_complaints(page)
    page.add_init_script(DIARY)
    page.goto(f"{address}/jobs/job#token={TOKEN}")
    return page, complaints


def sign(page: Page) -> str:
    """What the page says of its connection."""
    shown = page.locator("[data-connection]")
    return str(shown.get_attribute("data-connection")) if shown.count() else ""


def bar_ended_well(page: Page) -> None:
    expect(page.get_by_text("The timetable is ready")).to_be_visible()
    expect(page.get_by_role("heading", name="Timetable", exact=True)).to_be_visible()
    expect(page.get_by_text("100%", exact=True)).to_be_visible()
    drawn = page.evaluate("drawn")
    assert drawn == sorted(drawn)
    assert drawn[-1] == 100


def test_the_service_is_killed_and_restarted_and_nothing_is_missed(
    start: Start, redis_url: str, job: Job, tmp_path: Path, browser: Browser
) -> None:
    port, data = free_port(), tmp_path / "data"
    address = f"http://127.0.0.1:{port}"

    def serve() -> Run:
        run = start(
            "serve", "--port", str(port), "--redis-url", redis_url,
            HORARIUM_DATA_FOLDER=str(data), HORARIUM_ADMIN_TOKEN=TOKEN,
            HORARIUM_SECRET="it signs the cookie, before and after",
            PREFECT_API_URL="http://127.0.0.1:1/api",
        )  # fmt: skip
        wait(lambda: _answers(address), lambda: run.out + run.err, seconds=240)
        return run

    service = serve()
    publish(job)
    page, complaints = looked_at(browser, address)
    publish_until_it_goes_on("live", job, page)

    os.killpg(service.process.pid, signal.SIGKILL)
    publish_until(lambda: sign(page) == "disconnected", job, page)
    expect(page.get_by_text("No news gets through at the moment")).to_be_visible()
    for _ in range(5):
        publish(job)
    service = serve()
    publish_until_it_goes_on("live", job, page)

    # The end comes while nobody serves.
    service.process.terminate()
    publish_until(lambda: sign(page) == "disconnected", job, page)
    service.process.wait(60)
    end(job, data)
    serve()
    bar_ended_well(page)
    told = page.evaluate("told")
    assert told == sorted(set(told))
    assert complaints == []
    page.context.close()


@pytest.mark.skipif(NGINX is None, reason="needs nginx")
def test_a_proxy_that_holds_events_back_is_noticed_and_gone_round(
    redis_url: str, job: Job, tmp_path: Path, browser: Browser
) -> None:
    data = tmp_path / "data"
    publish(job)
    with (
        no_prefect(),
        serving(live_app(redis_url, data)) as server,
        nginx(tmp_path / "one", server.port, HOLDS_BACK) as one,
        nginx(tmp_path / "other", server.port, HOLDS_BACK + PASSES_WEBSOCKETS) as other,
    ):
        asks, hears = looked_at(browser, one), looked_at(browser, other)
        for (page, _), connection, words in (
            (hears, "live", "Live"),
            (asks, "polling", "Checking every 5 s"),
        ):
            publish_until_it_goes_on(connection, job, page)
            expect(page.get_by_text(words, exact=True)).to_be_visible()
        end(job, data)
        for page, complaints in (hears, asks):
            bar_ended_well(page)
            assert page.evaluate("told") == []
            assert complaints == []
            page.context.close()


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/generation/health/", trust_env=False).is_success
    except httpx.TransportError:
        return False
