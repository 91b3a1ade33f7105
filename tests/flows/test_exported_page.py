"""The page in one file, in a real browser without a network: on screen, narrow, and on paper."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from flows.curve import Point
from flows.exporting import Export
from tests.browser import (
    NEEDS_BROWSER,
    chromium,
    open_page,
    picture,
    serious_faults,
    watch_for_complaints,
)
from tests.timetabling.exports.export_parts import certificate_of, document_of
from timetabling.formats import read_problem
from timetabling.formats.digest import digest_of
from timetabling.penalties import formulation
from timetabling.problem import Timetable
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers import cpsat
from timetabling.view import Document

pytestmark = NEEDS_BROWSER

INSTANCE = Path(__file__).resolve().parents[2] / "examples" / "small-university.ectt"
BOUND = 27


@functools.cache
def a_timetable() -> tuple[Timetable, Document]:
    """A first one, in which much costs something."""
    found = cpsat.solve(
        read_problem(INSTANCE),
        formulation=formulation("UD2"),
        start=None,
        stop=WorkLimit(1),
        seed=1,
        observer=SilentObserver(),
    ).timetable
    return found, document_of(found)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page on this disk."""
    timetable, found = a_timetable()
    costs = (17, 9, 6, 3.5, 2, 1.4, 1.2, 1)
    points = [
        Point(9.0 * second, "", 0, round(times * found["cost"]), BOUND)
        for second, times in enumerate(costs)
    ]
    path: Path = tmp_path_factory.mktemp("page") / "timetable.html"
    made = Export(
        timetable,
        certificate_of(timetable, instance_sha256=digest_of(INSTANCE), bound=BOUND),
        points=points,
    ).make(path)
    assert isinstance(made, bytes)
    path.write_bytes(made)
    return path.as_uri()


def opened(browser: Browser, link: str, **options: Any) -> tuple[Page, list[str]]:
    _, page = open_page(browser, offline=True, **options)
    complaints = watch_for_complaints(page)
    page.on("request", lambda sent: complaints.append(f"asked for {sent.url}")
            if not sent.url.startswith(link) else None)  # fmt: skip
    page.goto(link)
    return page, complaints


def go_to(page: Page, kind: str, name: str) -> None:
    page.locator("summary", has_text=kind).click()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", name=re.compile(f"^{name}"))).to_be_visible()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_all_of_a_timetable_can_be_looked_at(browser: Browser, file: str, look: str) -> None:
    timetable, found = a_timetable()
    page, complaints = opened(browser, file, color_scheme=look)
    expect(page.get_by_role("heading", name="Certificate")).to_be_visible()
    expect(page.get_by_role("heading", name="Cost over time")).to_be_visible()
    rules = ["color-contrast"] if look == "dark" else []
    assert serious_faults(page, rules) == []
    picture(page, f"offline-overview-{look}", whole=True)

    room = found["rooms"][0]["id"]
    go_to(page, "Rooms", room)
    expect(page.get_by_role("heading", name="Certificate")).to_be_hidden()
    held = page.locator(".plan:visible .week a")
    assert held.count() == sum(lecture.room == 0 for lecture in timetable.lectures)
    assert serious_faults(page, rules) == []
    picture(page, f"offline-week-{look}")
    assert complaints == []

    if look == "dark":
        return  # all else is the same
    held.first.click()
    expect(page.locator("tr:target")).to_be_visible()
    expect(page.get_by_role("heading", name="Lectures")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    expect(page.get_by_role("heading", name="Certificate")).to_be_visible()
    assert complaints == []


def test_a_name_is_found_by_typing_a_part_of_it(browser: Browser, file: str) -> None:
    _, found = a_timetable()
    name = found["teachers"][-1]
    page, complaints = opened(browser, file)
    page.locator("summary", has_text="Teachers").click()
    page.get_by_role("searchbox").locator("visible=true").fill(name[1:].lower())
    expect(page.locator("details[open] li:visible")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    assert complaints == []


def test_it_works_without_its_script_and_on_a_narrow_screen(browser: Browser, file: str) -> None:
    _, found = a_timetable()
    narrow = {"width": 390, "height": 800}
    page, _ = opened(browser, file, java_script_enabled=False, viewport=narrow)
    go_to(page, "Curricula", found["curricula"][0]["id"])
    assert page.locator(".plan:visible").count() == 1
    page, complaints = opened(browser, file, viewport=narrow)
    for shown in ("", "#r0", "#lectures"):
        page.goto(file + shown)
        assert page.evaluate("document.documentElement.scrollWidth") <= narrow["width"]
    assert complaints == []


def test_on_paper_each_room_has_a_page(browser: Browser, file: str) -> None:
    _, found = a_timetable()
    page, _ = opened(browser, file)
    for shown, least in (("", 1), ("#r0", 1), ("#rooms", len(found["rooms"]))):
        page.goto(file + shown)
        paper = page.pdf(prefer_css_page_size=True)
        pages = re.findall(rb"/Type\s*/Page\b", paper)
        assert len(pages) >= least
        assert shown == "" or len(pages) == least
        assert re.search(rb"/MediaBox\s*\[0 0 84[12][.\d]* 59[45]", paper), "A4 landscape"
