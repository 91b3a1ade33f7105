"""The page in a real browser, before the real service and a real run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Page,
    WebSocketRoute,
    expect,
)

from tests.browser import (
    NEEDS_BROWSER,
    chromium,
    open_page,
    percent_of,
    serious_faults,
    watch_for_complaints,
)
from tests.flows.everything import Everything, Start

LONG = "UD5"  # not solved to the end while a test looks

pytestmark = NEEDS_BROWSER

# Names as nobody should choose them: each is shown as it is, and none of it runs.
COURSE, OTHER_COURSE = "<img/src=x/onerror=alert(1)>", "\"'><svg/onload=alert(2)>"
TEACHER, OTHER_TEACHER = "</script><script>alert(3)</script>", "__proto__"
ROOM, OTHER_ROOM = "<b>Aula</b>", "&lt;u&gt;"
CURRICULUM = "<style>*{display:none}</style>"
FROM_RIGHT_TO_LEFT, MARK = "אלגברה-א", "\u202e"
INSTANCE = f"""Name: <iframe src="javascript:alert(4)">
Courses: 3
Rooms: 2
Days: 2
Periods_per_day: 2
Curricula: 1
Min_Max_Daily_Lectures: 1 2
UnavailabilityConstraints: 0
RoomConstraints: 0

COURSES:
{COURSE} {TEACHER} 2 2 25 0
{OTHER_COURSE} {OTHER_TEACHER} 1 1 10 0
{FROM_RIGHT_TO_LEFT} {OTHER_TEACHER} 1 1 10 0

ROOMS:
{ROOM} 30 "&'<i>
{OTHER_ROOM} 15 B

CURRICULA:
{CURRICULUM} 1 {COURSE}

UNAVAILABILITY_CONSTRAINTS:

ROOM_CONSTRAINTS:

END.
"""


@pytest.fixture
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


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
        expect(page.get_by_role("heading", name="New timetable")).to_be_visible()
        assert "token" not in page.url
        assert serious_faults(page) == []

        job_url = a_run_is_watched_and_its_timetable_read(page, everything.data)
        the_bar_goes_on_after_the_network_was_gone(context, page)
        blocked_streams_are_replaced(browser, everything)
        another_users_job_is_denied(browser, everything, job_url)
        names_are_shown_as_they_are(browser, everything)


def a_run_is_watched_and_its_timetable_read(page: Page, data: Path) -> str:
    start_run(page, "0.6", "UD2")
    job_url = page.url
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    seen: list[float] = []
    looked_at = False
    done = page.get_by_text("The timetable is ready")
    while not done.is_visible():
        seen.append(percent_of(page))
        if not looked_at and seen[-1] > 70:
            looked_at = True
            assert serious_faults(page) == []
        page.wait_for_timeout(200)
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    expect(page.get_by_role("heading", name="Timetable", exact=True)).to_be_visible()
    assert serious_faults(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("timetable.sol")).click()
    written = data / "jobs" / job_url.rsplit("/", 1)[1] / "timetable.sol"
    assert Path(download.value.path()).read_text() == written.read_text()
    page.emulate_media(color_scheme="dark")
    assert serious_faults(page) == []
    return job_url


def the_bar_goes_on_after_the_network_was_gone(context: BrowserContext, page: Page) -> None:
    page.get_by_role("link", name="All timetables").click()
    start_run(page, "5", LONG)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    context.set_offline(True)
    expect(page.get_by_text("Disconnected", exact=True)).to_be_visible()
    before = percent_of(page)
    context.set_offline(False)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.wait_for_function(
        "before => Number(document.querySelector('[role=progressbar]').ariaValueNow) > before",
        arg=before,
    )
    page.get_by_role("button", name="Finish now").click()
    expect(page.get_by_text("The timetable is ready")).to_be_visible()


def blocked_streams_are_replaced(browser: Browser, everything: Everything) -> None:
    _, hears = open_page(browser, everything.link)
    _, asks = open_page(browser)
    sockets: list[str] = []
    refused: list[str] = []

    def refuse(socket: WebSocketRoute) -> None:
        refused.append(socket.url)
        socket.close()

    hears.on("websocket", lambda socket: sockets.append(socket.url))
    # Before the page is there: its program takes hold of the browser's WebSocket when it is loaded.
    asks.route_web_socket("**/api/generation/ws/**", refuse)
    asks.goto(everything.link)
    for page in (hears, asks):
        page.route("**/api/generation/stream/**", lambda route: route.abort())
        start_run(page, "5", LONG)
    expect(hears.get_by_text("Live", exact=True)).to_be_visible()
    assert sockets
    while not refused:  # until then the page only asks because nothing has come for a while
        asks.wait_for_timeout(200)
    expect(asks.get_by_text("Checking every 5 s")).to_be_visible()
    for page in (hears, asks):
        cancel(page)
        page.context.close()


def cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Cancel the run").click()
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()


def another_users_job_is_denied(browser: Browser, everything: Everything, job_url: str) -> None:
    address = everything.link.split("#")[0]
    context, page = open_page(browser, f"{address}#token=a-token-for-ann-0123456789")
    expect(page.get_by_role("heading", name="New timetable")).to_be_visible()
    page.goto(job_url)
    expect(page.get_by_text("This is not yours to see")).to_be_visible()
    context.close()


def names_are_shown_as_they_are(browser: Browser, everything: Everything) -> None:
    context, page = open_page(browser, everything.link)
    complaints = watch_for_complaints(page)
    upload(page, INSTANCE.replace("-", MARK))
    expect(page.get_by_text("This cannot be read")).to_be_visible()
    expect(page.get_by_text("got the unprintable character U+202E")).to_have_count(1)
    upload(page, INSTANCE)
    expect(page.get_by_text("The data is complete")).to_be_visible()
    page.get_by_label(re.compile("Time limit")).fill("0.1")
    page.get_by_role("button", name="Make the timetable").click()
    expect(page.get_by_text("The timetable is ready")).to_be_visible()

    for view, names in (
        ("Room", {ROOM, OTHER_ROOM}),
        ("Teacher", {TEACHER, OTHER_TEACHER}),
        ("Curriculum", {CURRICULUM}),
    ):
        page.get_by_role("radio", name=view).check()
        options = page.locator(".stepper option")
        expect(options).to_have_count(len(names))
        assert {text.split(" (cost")[0] for text in options.all_inner_texts()} == names
    page.get_by_role("button", name=COURSE).first.click()
    details = page.get_by_role("complementary")
    expect(details.get_by_role("heading", name=COURSE)).to_be_visible()
    expect(details.get_by_role("button", name=TEACHER)).to_be_visible()
    expect(details.get_by_role("button", name=ROOM)).to_be_visible()
    expect(details.get_by_text("building \"&'<i>")).to_be_visible()
    expect(details.get_by_text(f"nothing else of curriculum {CURRICULUM}")).to_be_visible()
    page.get_by_role("radio", name="Teacher").check()
    page.locator(".stepper select").select_option(label=OTHER_TEACHER)
    for name in (OTHER_COURSE, FROM_RIGHT_TO_LEFT):
        expect(page.get_by_text(name, exact=True)).to_be_visible()

    links = page.locator(".downloads a")
    expect(links).to_have_count(6)
    for link in links.all():
        with page.expect_download() as download:
            link.click()
        if download.value.suggested_filename == "timetable.sol":
            assert COURSE in Path(download.value.path()).read_text()

    everything.start_by_prefect(instance=COURSE)
    page.get_by_role("link", name="All timetables").click()
    # Of a path, the last part is the instance's name.
    expect(page.get_by_text(COURSE.rsplit("/", 1)[1], exact=True)).to_be_visible()
    injected = page.locator("main").locator("img, script, iframe, style, b, i, u, svg[onload]")
    expect(injected).to_have_count(0)
    assert complaints == []
    context.close()


def upload(page: Page, text: str) -> None:
    page.get_by_role("radio", name="Upload a file").check()
    name = "<img src=x onerror=alert(5)>.ectt"
    file = FilePayload(name=name, mimeType="text/plain", buffer=text.encode())
    page.get_by_role("group", name="Data").locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(name)).to_be_visible()
