"""The page in a real browser, before the real service and a real run."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.flows.everything import Everything, Start

CHROMIUM = shutil.which("chromium") or ""
STATIC = Path(__file__).parents[2] / "tracking" / "service" / "static" / "index.html"
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# For the documentation: pictures of what the tests see.
PICTURES = os.environ.get("HORARIUM_PICTURES")

LONG = "UD5"  # not solved to the end while a test looks
PATIENCE = 120_000  # milliseconds; machines are busy

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not CHROMIUM, reason="needs Chromium on the PATH"),
    pytest.mark.skipif(not STATIC.exists(), reason="needs the built page: make page"),
]


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
        )  # fmt: skip
        yield browser
        browser.close()


def open_page(browser: Browser, link: str, **options: object) -> tuple[BrowserContext, Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 900}, **options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(link)
    return context, page


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def serious_faults(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    # Half-way through a change of colours there is little contrast.
    page.wait_for_function(
        """() => document.getAnimations().every(
            (each) => each.playState === "finished"
                || each.effect.getComputedTiming().iterations === Infinity)"""
    )
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run()")
    return [
        f"{fault['id']}: {[node['html'][:120] for node in fault['nodes']]}"
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def percent_of(page: Page) -> float:
    bar = page.get_by_role("progressbar", name="Overall progress")
    return float(bar.get_attribute("aria-valuenow") or 0)


def start_run(page: Page, minutes: str, rules: str) -> None:
    page.get_by_label("Stored data").select_option("small-university.ectt")
    page.get_by_label("Rules").select_option(rules)
    page.get_by_label(re.compile("Time limit")).fill(minutes)
    page.get_by_role("button", name="Make the timetable").click()
    page.wait_for_url("**/jobs/*")


def test_the_whole_story_and_what_can_go_wrong(
    start: Start, tmp_path: Path, browser: Browser
) -> None:
    with ExitStack() as closing:
        everything = Everything(
            start, tmp_path, closing,
            HORARIUM_TOKENS='{"ann": "a-token-for-ann-0123456789"}',
            HORARIUM_ADMIN_TOKEN="a-token-for-all-0123456789",
        )  # fmt: skip
        everything.wait_until_ready()
        context, page = open_page(browser, everything.link)
        expect(page.get_by_role("heading", name="New timetable")).to_be_visible(timeout=PATIENCE)
        assert "token" not in page.url
        picture(page, "page-start")
        assert serious_faults(page) == []

        job_url = a_run_is_watched_and_its_timetable_read(page, everything.data)
        the_bar_goes_on_after_the_network_was_gone(context, page)
        blocked_streams_are_replaced(browser, everything)
        another_users_job_is_denied(browser, everything, job_url)


def a_run_is_watched_and_its_timetable_read(page: Page, data: Path) -> str:
    start_run(page, "0.3", "UD2")
    job_url = page.url
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=PATIENCE)
    seen: list[float] = []
    looked_at = False
    done = page.get_by_text("The timetable is ready")
    while not done.is_visible():
        seen.append(percent_of(page))
        if not looked_at and seen[-1] > 70:
            looked_at = True
            picture(page, "page-running")
            assert serious_faults(page) == []
        page.wait_for_timeout(200)
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    assert max(seen) < 100 or done.is_visible()
    expect(page.get_by_role("heading", name="Timetable", exact=True)).to_be_visible()
    picture(page, "page-done")
    assert serious_faults(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("timetable.sol")).click()
    written = data / "jobs" / job_url.rsplit("/", 1)[1] / "timetable.sol"
    assert Path(download.value.path()).read_text() == written.read_text()
    page.emulate_media(color_scheme="dark")
    picture(page, "page-done-dark")
    assert serious_faults(page) == []
    return job_url


def the_bar_goes_on_after_the_network_was_gone(context: BrowserContext, page: Page) -> None:
    page.get_by_role("link", name="All timetables").click()
    start_run(page, "5", LONG)
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=PATIENCE)
    context.set_offline(True)
    page.wait_for_timeout(3_000)
    before = percent_of(page)
    context.set_offline(False)
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=PATIENCE)
    page.wait_for_function(
        "before => Number(document.querySelector('[role=progressbar]').ariaValueNow) > before",
        arg=before,
    )
    page.get_by_role("button", name="Finish now").click()
    expect(page.get_by_text("The timetable is ready")).to_be_visible(timeout=PATIENCE)


def blocked_streams_are_replaced(browser: Browser, everything: Everything) -> None:
    context, page = open_page(browser, everything.link)
    page.route("**/api/generation/stream/**", lambda route: route.abort())
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    start_run(page, "5", LONG)
    expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=PATIENCE)
    assert sockets
    context.close()

    context, page = open_page(browser, everything.link)
    page.route("**/api/generation/stream/**", lambda route: route.abort())
    page.route_web_socket("**/api/generation/ws/**", lambda socket: socket.close())
    start_run(page, "5", LONG)
    expect(page.get_by_text("Checking every 5 s")).to_be_visible(timeout=PATIENCE)
    picture(page, "page-polling")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible(timeout=PATIENCE)
    context.close()


def another_users_job_is_denied(browser: Browser, everything: Everything, job_url: str) -> None:
    address = everything.link.split("#")[0]
    context, page = open_page(browser, f"{address}#token=a-token-for-ann-0123456789")
    expect(page.get_by_role("heading", name="New timetable")).to_be_visible(timeout=PATIENCE)
    page.goto(job_url)
    expect(page.get_by_text("This is not yours to see")).to_be_visible(timeout=PATIENCE)
    picture(page, "page-denied")
    context.close()
