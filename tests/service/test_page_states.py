"""Every state of the page, in a real browser: drawn on purpose, and keeping nobody out."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser import (
    NEEDS_BROWSER,
    chromium,
    open_page,
    picture,
    serious_faults,
    watch_for_complaints,
)
from tests.service.page_parts import BOUND, INSTANCE, Campus, Fields, campus, during

pytestmark = NEEDS_BROWSER

FOUND = {"cost": 91, "violations": 0, "bound": BOUND}
PARTS = {"completed_items": 92, "total_items": 200}
BROKEN = b"""Name: autumn
Courses: 2
Rooms: 1
Days: five
Periods_per_day: 4
Curricula: 0
Min_Max_Daily_Lectures: 2 4
UnavailabilityConstraints: 0
RoomConstraints: 0

COURSES:
PHY101 T-PHY-01 3 3 thirty 0
PHY101 T-PHY-02 2 2 18 0

ROOMS:
B1 0 B

CURRICULA:

UNAVAILABILITY_CONSTRAINTS:

ROOM_CONSTRAINTS:

END.
"""
OLD = b"course,day,period,room\nMAT102,1,2,Lab-A-01\nMAT999,1,1,Attic\n"
IMPOSSIBLE = f"""Name: autumn
Courses: 32
Rooms: 2
Days: 5
Periods_per_day: 4
Curricula: 1
Min_Max_Daily_Lectures: 2 4
UnavailabilityConstraints: 18
RoomConstraints: 0

COURSES:
PHY101 Curie 3 2 20 0
PHY102 Curie 1 2 18 0
{chr(10).join(f"MAT{n} T{n} 1 1 {40 + n} 0" for n in range(30))}

ROOMS:
B1 60 B
B2 12 B

CURRICULA:
first-year 2 PHY101 MAT3

UNAVAILABILITY_CONSTRAINTS:
{chr(10).join(f"PHY101 {n // 4} {n % 4}" for n in range(2, 20))}

ROOM_CONSTRAINTS:

END.
""".encode()


@pytest.fixture(scope="module")
def place(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    with campus(redis_url, tmp_path_factory.mktemp("campus") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def browser(place: Campus) -> Iterator[Browser]:
    with chromium() as running:
        yield running


def sign_in(place: Campus, page: Page) -> None:
    page.goto(place.address)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def start(place: Campus, page: Page) -> None:
    page.goto(place.link("newcomer"))
    page.get_by_label("Stored data").select_option(INSTANCE)
    expect(page.get_by_text("The data is complete")).to_be_visible()


def weights(place: Campus, page: Page) -> None:
    start(place, page)
    page.get_by_text("Weights", exact=True).click()
    page.get_by_label("No gaps in a day").fill("3")


def keeping(place: Campus, page: Page) -> None:
    start(place, page)
    page.get_by_text("Keep what people have").click()
    old = FilePayload(name="spring.csv", mimeType="text/csv", buffer=OLD)
    until_now = page.get_by_role("group", name="The timetable until now")
    until_now.locator("input[type=file]").set_input_files(old)
    expect(page.get_by_text("cannot be kept, for the instance has it no longer")).to_be_visible()
    page.get_by_label("What each change costs").fill("5")


def upload(place: Campus, page: Page, content: bytes) -> None:
    page.goto(place.link("newcomer"))
    page.get_by_role("radio", name="Upload a file").check()
    file = FilePayload(name="autumn.ectt", mimeType="text/plain", buffer=content)
    page.get_by_role("group", name="Data").locator("input[type=file]").set_input_files(file)


def bad_data(place: Campus, page: Page) -> None:
    upload(place, page, BROKEN)
    expect(page.get_by_text("This cannot be read")).to_be_visible()


def impossible_data(place: Campus, page: Page) -> None:
    upload(place, page, IMPOSSIBLE)
    expect(page.get_by_text("No timetable can keep all the hard rules")).to_be_visible()
    expect(page.get_by_text("Course PHY101: 3 lectures must fit into the 2")).to_be_visible()
    page.get_by_text("No room is large enough").click()
    expect(page.get_by_text("Course MAT29: 69 students")).to_be_visible()
    expect(page.get_by_role("button", name="Make the timetable")).to_be_enabled()


def empty(place: Campus, page: Page) -> None:
    page.goto(place.link("newcomer"))
    expect(page.get_by_text("No timetables yet")).to_be_visible()


def some_of_all(place: Campus, page: Page, who: str) -> None:
    ends: list[Fields] = [
        {"status": "completed", "overall_progress": 100.0, "metadata": FOUND},
        {"status": "failed", "metadata": {"error": "the data folder is full"}},
        {"status": "completed", "overall_progress": 100.0, "metadata": FOUND | {"violations": 1}},
        {"status": "cancelled", "metadata": {}},
    ]
    for age, end in enumerate(ends):
        job_id = place.start(who, formulation=f"UD{age + 1}")
        place.publish(job_id, minutes_ago=60 * (9 - 2 * age), **during("rl_refinement", 0.5) | end)
    place.publish(place.start(who), **during("cpsat_solving", 0.4))
    place.start(who, "tiny.ectt")
    page.goto(place.link(who))
    expect(page.get_by_role("listitem")).to_have_count(6)


def job_list(place: Campus, page: Page) -> None:
    some_of_all(place, page, "dean")


def stale_list(place: Campus, page: Page) -> None:
    some_of_all(place, page, "chair")
    page.context.set_offline(True)
    expect(page.get_by_text("This list may be out of date")).to_be_visible()


def loading(place: Campus, page: Page) -> None:
    page.route(re.compile("/api/generation"), lambda _: None)  # it is never answered
    page.goto(place.link("office", "/jobs/soon"))
    expect(page.get_by_text("Loading")).to_be_attached()


def waiting(place: Campus, page: Page) -> None:
    page.goto(place.link("office", f"/jobs/{place.start('office')}"))
    expect(page.get_by_text("Waiting for its turn")).to_be_visible()


def watched(place: Campus, page: Page, *, has_timetable: bool = False, **fields: Any) -> None:
    """A run that improves its timetable, or does what else is said."""
    job_id, found = place.start("office"), FOUND
    if has_timetable:
        found = place.write_timetable(job_id)
    else:
        place.write_curve(job_id, FOUND["cost"])
    figures = {"metadata": PARTS | found}
    place.publish(job_id, **during("ga_optimization", 0.46) | figures | fields)
    page.goto(place.link("office", f"/jobs/{job_id}"))
    expect(page.get_by_role("heading", name="small-university")).to_be_visible()


def running(place: Campus, page: Page) -> None:
    watched(place, page)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()


def stalled(place: Campus, page: Page) -> None:
    watched(place, page, stalled=True, eta_seconds=140, eta_low_seconds=80, eta_high_seconds=260)
    expect(page.get_by_text("This part takes longer than usual")).to_be_visible()


def lost(place: Campus, page: Page) -> None:
    watched(place, page, last_updated=int(time.time() - 95))
    expect(page.get_by_text("This run has gone silent")).to_be_visible()


def disconnected(place: Campus, page: Page) -> None:
    running(place, page)
    page.context.set_offline(True)
    expect(page.get_by_text("Disconnected", exact=True)).to_be_visible()


def polling(place: Campus, page: Page) -> None:
    page.add_init_script("delete window.EventSource; delete window.WebSocket")
    watched(place, page)
    expect(page.get_by_text("Checking every 5 s")).to_be_visible()


def finishing(place: Campus, page: Page) -> None:
    running(place, page)
    page.get_by_role("button", name="Finish now").click()
    expect(page.get_by_text("The search stops")).to_be_visible()


def cancelling(place: Campus, page: Page) -> None:
    running(place, page)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def done(place: Campus, page: Page) -> None:
    watched(place, page, has_timetable=True, **during("rl_refinement", 1.0, status="completed"))
    page.get_by_role("radio", name="Curriculum").check()
    costly = page.locator(".stepper option").filter(has_text="cost").first.get_attribute("value")
    page.locator(".stepper select").select_option(costly)
    page.locator(".lecture-costly").first.click()
    expect(page.get_by_text("This lecture costs")).to_be_visible()


def other_places(place: Campus, page: Page) -> None:
    watched(place, page, has_timetable=True, **during("rl_refinement", 1.0, status="completed"))
    page.locator(".lecture").first.click()
    page.locator(".place-same, .place-worse").first.click()
    expect(page.locator(".places-rooms > li").first).to_be_visible()


def failed(place: Campus, page: Page) -> None:
    watched(place, page, status="failed", metadata={"error": "the data folder is full"})
    expect(page.get_by_text("No timetable came out of this run")).to_be_visible()


def cancelled(place: Campus, page: Page) -> None:
    watched(place, page, has_timetable=True, status="cancelled")
    expect(page.get_by_text("The run was cancelled")).to_be_visible()
    expect(page.get_by_role("heading", name="Timetable", exact=True)).to_be_visible()


def timed_out(place: Campus, page: Page) -> None:
    watched(place, page, status="timeout")
    expect(page.get_by_text("The run was out of time")).to_be_visible()


def denied(place: Campus, page: Page) -> None:
    page.goto(place.link("newcomer", f"/jobs/{place.start('office')}"))
    expect(page.get_by_text("This is not yours to see")).to_be_visible()


def not_found(place: Campus, page: Page) -> None:
    page.goto(place.link("admin", "/jobs/no-such-run"))
    expect(page.get_by_text("There is nothing here")).to_be_visible()


def away(place: Campus, page: Page) -> None:
    page.route("**/api/**", lambda route: route.abort())
    page.goto(place.link("office"))
    expect(page.get_by_text("The service cannot be reached")).to_be_visible()


STATES: list[Callable[[Campus, Page], None]] = [
    sign_in, start, weights, keeping, bad_data, impossible_data, empty, job_list, stale_list,
    loading, waiting, running, stalled, lost, disconnected, polling, finishing, cancelling, done,
    other_places, failed, cancelled, timed_out, denied, not_found, away,
]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_state_is_drawn_and_keeps_nobody_out(
    state: Callable[[Campus, Page], None], place: Campus, browser: Browser
) -> None:
    context, page = open_page(browser)
    complaints = watch_for_complaints(page)
    state(place, page)
    name = state.__name__.replace("_", "-")
    page.emulate_media(color_scheme="dark")
    picture(page, f"{name}-dark", whole=state in (weights, keeping, done, other_places))
    assert serious_faults(page, ["color-contrast"]) == []
    page.emulate_media(color_scheme="light")
    picture(page, f"{name}-light", whole=state in (weights, keeping, done, other_places))
    assert serious_faults(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if state in (impossible_data, job_list, running, done, other_places):
        picture(page, f"{name}-narrow", whole=True)
    assert complaints == []
    context.close()
