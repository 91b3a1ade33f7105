"""The page: names are told as they are, nothing of them runs, and nothing is fetched."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from xml.etree import ElementTree as ET

from hypothesis import given, settings

from tests.timetabling.exports.export_parts import (
    PROBLEM,
    SEMESTER,
    certificate_of,
    document_of,
    timetables,
)
from timetabling.exports.grids import grids_of, week_of
from timetabling.exports.page import page
from timetabling.exports.room_use import draw_room_use
from timetabling.problem import Lecture, Timetable

SOME = Timetable(PROBLEM, (Lecture(0, 0, 0), Lecture(0, 5, 1), Lecture(1, 7, 2), Lecture(3, 7, 2)))


def page_of(timetable: Timetable) -> str:
    found = document_of(timetable)
    return page(found, certificate_of(timetable), week_of(found, SEMESTER))


def test_no_name_becomes_an_element() -> None:
    text = page_of(SOME)
    assert not re.search(r"<i>(?!\d+<|!<)", text)
    assert "&lt;b&gt;&amp;amp;" in text
    assert text.count("</script>") == 2
    (told,) = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert json.loads(told) == json.loads(certificate_of(SOME).text)


def test_the_policy_allows_its_own_style_and_script_and_nothing_else() -> None:
    text = page_of(SOME)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    for kind, tag in (("style", "style"), ("script", "script")):
        (inner,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert not re.findall(r'(?:src|href)="(?!#)', text)
    assert not re.findall(r'style="|\bon[a-z]+="|@import|url\(', text)


@given(timetable=timetables())
@settings(max_examples=15, deadline=None, derandomize=True)
def test_each_lecture_is_once_in_the_weeks_of_its_room_and_teacher(timetable: Timetable) -> None:
    found = document_of(timetable)
    grids = grids_of(found)
    for kind in ("Rooms", "Teachers"):
        numbers = [
            entry.number for grid in grids[kind] for here in grid.at.values() for entry in here
        ]
        assert sorted(numbers) == list(range(len(timetable.lectures)))
    for grid in grids["Curricula"]:
        for (day, period), here in grid.at.items():
            for entry in here:
                lecture = found["lectures"][entry.number]
                assert (lecture["day"], lecture["period"]) == (day, period)
                assert found["courses"][lecture["course"]]["id"] == entry.course
                assert entry.is_broken == any(
                    r["rule"] in ("conflicts", "room_occupancy") for r in lecture["reasons"]
                )


def test_every_link_leads_somewhere() -> None:
    text = page_of(SOME)
    links = set(re.findall(r'href="#([^"]+)"', text))
    assert links <= set(re.findall(r'\bid="([^"]+)"', text))
    assert {"overview", "lectures", "rooms", "r0", "t3", "c1", "l3"} <= links
    assert "08:15–09:45" in text


def test_the_picture_of_the_rooms_is_well_formed_and_counts_them() -> None:
    found = document_of(SOME)
    drawn = ET.fromstring(draw_room_use(found, week_of(found)))
    assert drawn.attrib["aria-label"] == "Rooms are used in 3 of 60 periods"
    texts = ["".join(each.itertext()) for each in drawn.iter() if each.tag.endswith("text")]
    assert texts[:2] == ["Monday", "Tuesday"]
    assert "a 1/2 (50)" in texts
    red = [each for each in drawn.iter() if each.get("fill") == "#dc2626"]
    assert red[0].attrib["d"].count("M") == 2, "one room too small, and one with two at once"
