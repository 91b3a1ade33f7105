"""`horarium check`: its exit status, its lines, its JSON; and what a run's report says of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.cli.generating import tell_why
from flows.findings import lines, summary
from flows.reporting import markdown
from flows.serve import check_instance
from tests.flows.test_reporting import outcome
from timetabling.check import Finding, check
from timetabling.formats import read_problem
from timetabling.penalties import FORMULATIONS
from tracking.service import instances

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"
AUTUMN = """Name: autumn
Courses: 2
Rooms: 1
Days: 2
Periods_per_day: 2
Curricula: 0
Min_Max_Daily_Lectures: 1 2
UnavailabilityConstraints: 2
RoomConstraints: 0

COURSES:
PHY T*1 2 1 9 0
ART T*1 1 1 25 0

ROOMS:
B1 20 B

CURRICULA:

UNAVAILABILITY_CONSTRAINTS:
PHY 1 0
PHY 1 1

ROOM_CONSTRAINTS:

END.
"""
PROOF = (
    "impossible: teacher T*1: 3 lectures (courses PHY, ART) must fit into the 2 periods Mon 1-2."
)


@pytest.fixture
def impossible(tmp_path: Path) -> Path:
    path = tmp_path / "autumn.ectt"
    path.write_text(
        AUTUMN.replace("Constraints: 2", "Constraints: 4").replace(
            "PHY 1 1\n", "PHY 1 1\nART 1 0\nART 1 1\n"
        )
    )
    return path


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["check", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_a_sound_instance_has_status_0() -> None:
    status, out, _ = invoke(TINY)
    assert status == 0
    assert out.splitlines()[-1].startswith("tiny, UD2: nothing in the data rules a timetable out")


def test_a_proof_has_status_1_and_warnings_follow_it(impossible: Path) -> None:
    status, out, _ = invoke(impossible)
    assert status == 1
    first, second, last = out.splitlines()
    assert first.startswith(PROOF)
    assert second.startswith("warning: course ART: 25 students")
    assert "It costs at least 5. To mend it: find a larger room" in second
    assert last == "autumn, UD2: the data rules a timetable out, for 1 reason; 1 warning"


def test_warnings_alone_have_status_0(tmp_path: Path) -> None:
    path = tmp_path / "autumn.ectt"
    path.write_text(AUTUMN)
    status, out, _ = invoke(path)
    assert status == 0
    assert "warning: course ART: 25 students" in out


def test_what_cannot_be_read_has_status_2_and_one_message(tmp_path: Path) -> None:
    broken = tmp_path / "broken.ectt"
    broken.write_text(AUTUMN.replace("Rooms: 1", "Rooms: one"))
    for path in (broken, tmp_path / "missing.ectt", tmp_path):
        status, out, err = invoke(path, "--json")
        assert (status, out) == (2, "")
        assert err.startswith("horarium: ")
        assert path.name in err


def test_json_has_every_field_of_every_finding(impossible: Path) -> None:
    status, out, _ = invoke(impossible, "--json", "--formulation", "UD4")
    told = json.loads(out)
    assert status == 1
    found = told.pop("findings")
    assert told == {
        "instance": "autumn", "formulation": "UD4", "impossible": True, "least_cost": 5,
    }  # fmt: skip
    assert found[0] == {
        "severity": "impossible", "rule": "teacher_periods",
        "message": PROOF.removeprefix("impossible: ").removesuffix("."),
        "repair": "make one of them available at 1 more period, leave out 1 lecture or "
                  "give a course to another teacher, curriculum or room",
        "needed": 3, "available": 2, "courses": ["PHY", "ART"], "teachers": ["T*1"],
        "curricula": [], "rooms": [], "periods": [[0, 0], [0, 1]], "least_cost": 0,
    }  # fmt: skip
    assert [each["rule"] for each in found] == ["teacher_periods", "fitting_room"]


def test_the_service_tells_the_same_as_the_command_line(impossible: Path) -> None:
    _, out, _ = invoke(impossible, "--json")
    told = check_instance(impossible, "UD2")
    assert json.loads(json.dumps(told["findings"])) == json.loads(out)["findings"]
    for finding in told["findings"]:
        assert finding.keys() == instances.Finding.model_fields.keys()
        instances.Finding.model_validate(finding)
    assert check_instance(impossible)["findings"] == [], "nobody asked"
    _, out, _ = invoke(impossible, "--json", "--weight", "room_capacity=9")
    weighed = check_instance(impossible, "UD2", {"room_capacity": 9})["findings"]
    assert json.loads(json.dumps(weighed)) == json.loads(out)["findings"] != told["findings"]


def test_a_run_that_ends_infeasible_says_why_where_that_is_proven(
    impossible: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_why(check(read_problem(impossible), FORMULATIONS["UD2"]))
    first, second, last = capsys.readouterr().out.splitlines()
    assert first == "it cannot be solved, whatever time it is given:"
    assert second.startswith(f"  {PROOF}")
    assert "`horarium explain`" in last
    tell_why(many(3))
    assert capsys.readouterr().out == "", "warnings prove nothing"


def many(number: int) -> list[Finding]:
    return [
        Finding(
            rule="fitting_room", message=f"course {n}", repair="wait", needed=2, available=1,
            least_cost=n,
        )
        for n in range(number)
    ]  # fmt: skip


def test_many_of_a_kind_are_told_in_few_lines_with_what_the_others_cost() -> None:
    assert list(lines(many(5), most=2)) == [
        "warning: course 0. To mend it: wait.",
        "warning: course 1. It costs at least 1. To mend it: wait.",
        "warning: 3 more of this kind, which cost at least 9.",
    ]
    assert summary(many(5)) == "nothing in the data rules a timetable out; 5 warnings"


def test_the_report_of_a_run_says_what_the_data_check_found(impossible: Path) -> None:
    findings = check(read_problem(impossible), FORMULATIONS["UD2"])
    text = markdown(outcome(findings=findings), None)
    section = re.search(r"## Data check\n\n(.*?)\n\n(.*?)\n\n##", text, re.DOTALL)
    assert section
    assert section[1] == "The data rules a timetable out, for 1 reason; 1 warning."
    first, second = section[2].splitlines()
    assert first.startswith(r"- impossible: teacher T\*1: 3 lectures")
    assert second.startswith("- warning: course ART")
    assert "## Data check" not in markdown(outcome(), None)
