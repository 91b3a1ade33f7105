"""What Prefect's UI shows of a run: its log, its report, the run before, the timetable."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from flows.curve import Point
from flows.picture import draw
from flows.reporting import MAX_ROWS, Outcome, markdown, report_of
from tasks.earlier import Earlier
from tests.chaos.servers import PrefectServer, clean_environment
from tests.flows.conftest import Run
from tests.timetabling.tiny_problem import ALGEBRA, HALL, LAB, MUSIC, PHYSICS, PROBLEM
from timetabling.penalties import FORMULATIONS, evaluate
from timetabling.problem import Course, Lecture, Problem, Room, Timetable
from timetabling.view import document
from tracking.accuracy import Accuracy
from tracking.plan import DEFAULT

SMALL = Path(__file__).resolve().parents[2] / "examples" / "small-university.ectt"
UD2 = FORMULATIONS["UD2"]
TIMETABLE = Timetable(
    PROBLEM,
    (
        Lecture(ALGEBRA, 0, HALL), Lecture(ALGEBRA, 4, LAB), Lecture(PHYSICS, 1, HALL),
        Lecture(PHYSICS, 5, HALL), Lecture(MUSIC, 6, HALL),
    ),
)  # fmt: skip
POINTS = (
    Point(2.0, "cpsat_solving", 1, 300, 3),
    Point(3.0, "cpsat_solving", 0, 212, 3),
    Point(9.5, "ga_optimization", 0, 13, 10),
)
CENTURY = Earlier(
    {"violations": 0, "cost": 15, "room_capacity": 12, "room_stability": 3, "seconds": 70},
    datetime(2026, 3, 1, 2, 30, tzinfo=UTC),
    "http://prefect/runs/flow-run/1",
)


def outcome(timetable: Timetable = TIMETABLE, **changes: Any) -> Outcome:
    given = {
        "instance": "tiny", "formulation": "UD2", "score": evaluate(timetable, UD2), "bound": 10,
        "num_lectures": len(timetable.lectures), "seconds": 62.4, "points": POINTS,
        "accuracy": Accuracy(0.094, 2.6, 0.91), "cancelled": False,
    }  # fmt: skip
    return Outcome(**{**given, **changes})


def table_of(text: str) -> Mapping[str, list[str]]:
    """Cells of the report's table by the first of their row."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cells[0].strip("*"): [cell.strip("*") for cell in cells[1:]] for cells in rows}


def test_a_first_run_says_what_it_costs_by_rule_and_that_there_is_none_before() -> None:
    made = report_of(outcome(), document(TIMETABLE, UD2, 10))
    assert made.summary == "tiny, UD2: cost 13, proven at least 10"
    text = made.text(None)
    assert text.startswith("No hard rule is broken. Made in 1 min 02 s.")
    assert "This is the first run of tiny, UD2 that Prefect knows of." in text
    table = table_of(text)
    assert table["Room capacity"] == ["12"]
    assert table["Cost"] == ["13"]
    assert table["Seconds"] == ["62"]


def test_a_later_run_is_compared_with_the_one_before_rule_by_rule() -> None:
    text = markdown(outcome(), CENTURY)
    assert "[the run of 01 March 2026, 02:30 UTC](http://prefect/runs/flow-run/1)" in text
    table = table_of(text)
    assert table["Room capacity"] == ["12", "12", "0"]
    assert table["Room stability"] == ["1", "3", "-2"]
    assert table["Cost"] == ["13", "15", "-2"]
    assert table["Seconds"] == ["62", "70", "-8"]
    assert table["No timetable costs less than"][0] == "10", "which the run before did not tell"


def test_a_run_can_be_compared_with_what_a_report_keeps() -> None:
    kept = report_of(outcome(), document(TIMETABLE, UD2, 10))
    assert kept.key == "timetable-tiny-ud2"
    again = kept.text(Earlier(kept.figures, CENTURY.made_at, None))
    head, *rows = (cells[-2:] for cells in table_of(again).values())
    assert head == ["Before", "Change"]
    assert {change for _, change in rows} == {"0"}
    assert "Before: the run of 01 March 2026, 02:30 UTC." in again


def test_how_right_the_time_left_was_is_told_or_that_nobody_can_tell() -> None:
    text = markdown(outcome(), None)
    assert "the time left was off by 9 % on average" in text
    assert "for 91 % of the time" in text
    assert "Not judged" in markdown(outcome(accuracy=None), None)


def test_what_breaks_hard_rules_or_was_cut_short_says_so() -> None:
    broken = Timetable(PROBLEM, (Lecture(ALGEBRA, 0, HALL), Lecture(PHYSICS, 0, HALL)))
    made = report_of(outcome(broken, cancelled=True), document(broken, UD2))
    assert made.summary == "tiny, UD2: cost 14, 5 hard rules broken; stopped early"
    text = made.text(None)
    assert "**Broken hard rules: lectures 3, conflicts 1, room occupancy 1.**" in text


def test_a_name_is_shown_as_it_is_whatever_markdown_would_make_of_it() -> None:
    made = report_of(outcome(instance="a*b*[c](d)"), document(TIMETABLE, UD2))
    assert made.summary.startswith(r"a\*b\*\[c\](d), UD2")
    assert made.key == "timetable-a-b-c-d-ud2"


def test_the_picture_is_an_svg_of_what_feasible_timetables_cost() -> None:
    text = markdown(outcome(), None)
    found = re.search(r"!\[(.*)\]\(data:image/svg\+xml;base64,(.*)\)", text)
    assert found
    assert found[1] == "From 212 after 3 s to 13"
    svg = ET.fromstring(base64.b64decode(found[2]))
    assert [each.text for each in svg.iter() if each.tag.endswith("text")] == [
        "13", "10", "212", "0 s", "1 min 02 s",
    ]  # fmt: skip
    assert "300" not in ET.tostring(svg, "unicode"), "which broke a rule"
    assert "No timetable was found." in markdown(outcome(points=()), None)


@pytest.mark.parametrize("costs", [(0,), (5, 5), (7, 0), (10**7, 1)])
def test_any_curve_stays_in_its_frame(costs: tuple[int, ...]) -> None:
    points = [Point(i, "", 0, cost, 0) for i, cost in enumerate(costs)]
    svg = draw(points, 3)
    assert "nan" not in svg
    path = re.findall(r'd="(M[^"]*)" fill="none"', svg)[0]
    heights = [float(each) for each in re.findall(r"(?:V|M\S+ )([\d.]+)", path)]
    assert all(0 <= height <= 240 for height in heights)


def test_the_table_has_a_row_a_lecture_in_order_of_time_with_what_it_costs_and_why() -> None:
    made = report_of(outcome(), document(TIMETABLE, UD2, 10))
    assert made.note == "The timetable: 5 lectures."
    assert [(row["Day"], row["Period"], row["Course"]) for row in made.lectures] == [
        ("Monday", 1, "algebra"), ("Monday", 2, "physics"),
        ("Tuesday", 1, "algebra"), ("Tuesday", 2, "physics"), ("Tuesday", 3, "music"),
    ]  # fmt: skip
    assert made.lectures[2] == {
        "Day": "Tuesday", "Period": 1, "Course": "algebra", "Teacher": "Noether", "Room": "lab",
        "Cost": 12, "Why": "30 students, 18 seats",
    }  # fmt: skip


def test_a_long_table_is_cut_off_and_says_so() -> None:
    course = Course(
        id="c", teacher="t", num_lectures=600, min_working_days=1, num_students=1,
    )  # fmt: skip
    problem = Problem(
        name="long",
        num_days=60,
        periods_per_day=10,
        courses=(course,),
        rooms=(Room(id="r", capacity=1, building="b"),),
    )
    timetable = Timetable(problem, tuple(Lecture(0, period, 0) for period in range(600)))
    made = report_of(outcome(timetable), document(timetable, UD2, 0))
    assert len(made.lectures) == MAX_ROWS
    assert made.note.startswith("The first 500 of 600 lectures")
    assert made.lectures[-1]["Day"] == "Day 50"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_prefect_keeps_each_runs_log_report_and_timetable_and_compares_it_with_the_last(
    prefect: PrefectServer, horarium: Callable[..., Run], tmp_path: Path
) -> None:
    # Prefect may know of runs of that university from other tests, of this one from none.
    reported = tmp_path / "reported.ectt"
    reported.write_text(SMALL.read_text().replace("Name: small-university", "Name: reported"))
    reports = []
    for run in ("first", "second"):
        output = tmp_path / f"{run}.sol"
        done = horarium(
            "generate", reported, "--work-limit", "2000000", "--formulation", "UD5",
            "--output", output,
            **prefect.environment, PREFECT_LOGGING_LEVEL="INFO",
        )  # fmt: skip
        assert done.status == 0, done.err
        newest = {"sort": "CREATED_DESC", "limit": 100}
        made = {
            each["key"]: each for each in prefect.ask("POST", "/artifacts/filter", newest)[::-1]
        }
        kept = made["timetable-reported-ud5"]
        reports.append(kept)
        assert f"cost {kept['metadata_']['cost']}, " in done.out

        placed = output.read_text().splitlines()
        table = made["timetable-reported-ud5-lectures"]
        assert table["flow_run_id"] == kept["flow_run_id"]
        assert table["data"].count('"Course"') == len(placed) == 200

        said = prefect.ask(
            "POST", "/logs/filter", {"logs": {"flow_run_id": {"any_": [kept["flow_run_id"]]}}}
        )
        stages = [stage.label for stage in DEFAULT.stages]
        named = [stages.index(each["message"].split(":")[0]) for each in said
                 if each["message"].split(":")[0] in stages]  # fmt: skip
        assert named == sorted(named)
        assert {2, 3, 4} <= set(named), "those before may be over within a moment"
        assert len(named) < 30

    first, second = reports
    assert "first run of reported, UD5" in first["data"]
    assert re.search(r"Before: .?the run of", second["data"])
    assert table_of(second["data"])["Cost"] == [first["metadata_"]["cost"]] * 2 + ["0"]
    assert first["metadata_"].keys() == second["metadata_"].keys()


# In a process of its own: this one would go on telling that server of events when it is gone.
REFUSED = """
from prefect import flow
from tasks.report import Report, report

@flow
def run():
    refused = Report("No Such Key!", "", {}, lambda earlier: "", [], "")
    state = report.with_options(retries=0)(refused, return_state=True)
    return f"{state.type.value}, and published"

print(run())
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_goes_on_when_prefect_does_not_take_its_report(prefect: PrefectServer) -> None:
    done = subprocess.run(
        [sys.executable, "-c", REFUSED],
        env=clean_environment(**prefect.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.endswith("FAILED, and published\n"), done.stderr
