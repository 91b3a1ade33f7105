"""The command line's arguments and errors, without a run."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from redis import Redis
from typer.testing import CliRunner

from flows.cli import app
from flows.cli.generating import PREFECT_DEFAULTS
from timetabling.formats import read_problem, write_problem
from timetabling.penalties import FORMULATIONS, evaluate
from timetabling.problem import Timetable
from tracking.embedded import embedded_redis
from tracking.history import Record
from tracking.keys import progress
from tracking.plan import DEFAULT
from tracking.reporter import Reporter
from tracking.store import Store, Unavailable

TINY = Path(__file__).resolve().parents[2] / "examples" / "tiny.ectt"


def invoke(*arguments: str | Path) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(map(str, arguments)))
    return result.exit_code, result.stdout, result.stderr


def test_stages_prints_the_share_of_each_stage() -> None:
    status, out, _ = invoke("stages")
    assert status == 0
    assert "cpsat_solving" in out
    assert "Creating the initial schedule" in out
    assert "75" in out


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["generate"],
        ["validate"],
        ["export"],
        ["check"],
        ["diff"],
        ["stages"],
        ["finish"],
        ["cancel"],
        ["serve"],
        ["up"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    status, out, _ = invoke(*command, "--help")
    assert status == 0
    assert "Usage" in out


def test_an_unknown_plan_is_refused_with_those_that_exist() -> None:
    for arguments in (["stages", "--plan", "x"], ["generate", str(TINY), "--plan", "x"]):
        status, _, err = invoke(*arguments)
        assert status == 2
        assert "default, search-heavy, solve-heavy" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--time-limit", "0"],
        ["--time-limit", "soon"],
        ["--time-limit", "nan"],
        ["--seed", "-1"],
        ["--work-limit", "-1"],
        ["--formulation", "UD6"],
        ["--weight", "windows"],
        ["--weight", "windows=many"],
        ["--weight", "window=3"],
        ["--weight", "windows=-1"],
        ["--weight", "windows=1", "--weight", "windows=2"],
        ["--weight", "room_suitability=1", "--formulation", "UD4"],
        ["--job-id", "../x"],
        ["--job-id", "x" * 129],
        ["--job-id", ""],
        ["--redis-url", "nonsense"],
        ["--output", "no-such-folder/x.sol"],
        ["--output", "."],
        ["--curve", "no-such-folder/x.csv"],
        ["--curve", "tiny.sol"],
        ["--start", "no-such-file.sol"],
    ],
)
def test_a_wrong_argument_is_refused_before_anything_starts(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, err = invoke("generate", TINY, *arguments)
    assert status == 2
    assert err.strip()
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_the_instance_is_never_overwritten(tmp_path: Path) -> None:
    instance = tmp_path / "mine.ectt"
    instance.write_bytes(TINY.read_bytes())
    status, _, err = invoke("generate", instance, "--output", instance)
    assert status == 2
    assert "the instance itself" in err
    assert instance.read_bytes() == TINY.read_bytes()


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"", ""),
        (b"\x00\xff\xfe", ""),
        (b"Name: x\nCourses: 1000000000\n", ""),
        ("Name: \u00e9\n".encode("latin-1"), ""),
    ],
)
def test_bad_input_is_one_message_that_names_the_file(
    content: bytes, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.ectt").write_bytes(content)
    status, out, err = invoke("generate", "bad.ectt")
    assert status == 2
    assert out == ""
    assert "bad.ectt" in err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.ectt"]


def test_a_folder_and_a_missing_file_are_bad_input(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.ctt"):
        status, _, err = invoke("generate", path)
        assert status == 2
        assert path.name in err


def test_every_mistake_of_a_start_is_named_with_its_line_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "begun.sol").write_text("nobody rB 0 0\n\nSceCosC rB 9 0\nSceCosC rB 0\n")
    status, out, err = invoke("generate", TINY, "--start", "begun.sol")
    assert status == 2
    assert out == ""
    for line, found in ((1, "'nobody'"), (3, "got 9"), (4, "got 3")):
        assert any(f"begun.sol:{line}" in x and found in x for x in err.splitlines()), err
    assert [path.name for path in tmp_path.iterdir()] == ["begun.sol"]


def test_the_curve_never_overwrites_a_timetable(tmp_path: Path) -> None:
    start = tmp_path / "begun.sol"
    start.write_text("")
    status, _, err = invoke("generate", TINY, "--start", start, "--curve", start)
    assert status == 2
    assert "another file for the curve" in err


def test_no_table_is_written_into_a_folder_that_is_an_instance(tmp_path: Path) -> None:
    faculty, made = tmp_path / "faculty", tmp_path / "made.sol"
    write_problem(read_problem(TINY), faculty)
    made.write_text("")
    before = sorted(faculty.iterdir())
    for arguments in (
        ("generate", faculty, "--output", faculty / "out.csv"),
        ("generate", faculty, "--output", tmp_path / "out.sol", "--curve", faculty / "curve.csv"),
        ("export", faculty, made, faculty / "out.csv"),
    ):
        status, _, err = invoke(*arguments)
        assert status == 2
        assert "expected another folder for a .csv file than the instance's" in err
    assert sorted(faculty.iterdir()) == before


StandIn = Callable[[Callable[..., Any]], None]


@pytest.fixture
def standing_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Have something happen in place of a run."""

    def put(run: Callable[..., Any]) -> None:
        for name, value in PREFECT_DEFAULTS.items():  # which are set otherwise, and stay
            monkeypatch.setenv(name, value)
        module: Any = ModuleType("flows.run")
        module.run = run
        monkeypatch.setitem(sys.modules, "flows.run", module)

    return put


@pytest.mark.parametrize("error", [KeyError("room"), MemoryError(), Unavailable("gone")])
def test_a_run_that_crashes_is_told_in_one_line_and_its_status(
    standing_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise error

    monkeypatch.chdir(tmp_path)
    standing_in(crash)
    status, out, err = invoke("generate", TINY)
    assert (status, out) == (3, "")
    assert err == f"horarium: the run crashed: {error!r}\n"


def test_a_run_says_why_pins_of_a_file_cannot_be_kept(
    standing_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pins").write_text("PHY101 - 0 0\nPHY102 - 0 0\n")  # of one teacher
    score = evaluate(Timetable(read_problem(TINY)), FORMULATIONS["UD2"])
    published = SimpleNamespace(score=score, bound=0, cancelled=False)
    standing_in(lambda *_, **__: published)
    status, out, _ = invoke("generate", TINY, "--pins", "pins")
    assert status == 1
    assert "it cannot be solved, whatever time it is given:" in out
    assert "courses PHY101 and PHY102 are both pinned" in out


def test_warming_up_says_what_it_did_and_how_long_it_took() -> None:
    status, out, _ = invoke("warmup")
    assert status == 0
    assert out.splitlines()[-1].startswith("The search kernels are compiled")
    assert out.endswith(" s\n")


def test_history_lists_earlier_runs_newest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HORARIUM_REDIS_URL", raising=False)
    monkeypatch.setenv("HORARIUM_STATE_FOLDER", str(tmp_path))
    assert invoke("history")[:2] == (0, "no runs yet\n")
    runs = [
        Record(f"job-{n}", "default", "nightly", "completed", n, {"loading": 61}, eta_error=0.07)
        for n in range(3)
    ]
    (tmp_path / "history.jsonl").write_text("".join(f"{run.to_json()}\n" for run in runs))
    status, out, _ = invoke("history")
    assert status == 0
    lines = out.splitlines()[1:]
    assert [line.split()[-1] for line in lines] == ["job-2", "job-1", "job-0"]
    assert "default nightly" in lines[0]
    assert "1 min 01 s" in lines[0]
    assert "7 %" in lines[0]
    with (tmp_path / "history.jsonl").open("a") as file:
        file.write("nonsense\n")
    status, _, err = invoke("history")
    assert status == 2
    assert "history.jsonl:4: expected the record of a run" in err


def test_watching_needs_a_job_and_a_redis() -> None:
    with embedded_redis() as url:
        status, _, err = invoke("watch", "nobody", "--redis-url", url)
        assert status == 2
        assert "expected one that runs" in err
    status, _, err = invoke("watch", "nobody", "--redis-url", url)
    assert status == 2
    assert "Traceback" not in err


@pytest.mark.parametrize("request_", ["finish", "cancel"])
def test_only_a_running_job_can_be_asked(request_: str) -> None:
    with embedded_redis() as url:
        for job_id, wrong in (("nobody", "one that is unknown"), ("../x", "A-Za-z0-9._-")):
            status, out, err = invoke(request_, job_id, "--redis-url", url)
            assert (status, out) == (2, "")
            assert wrong in err
        reporter = Reporter("mine", DEFAULT, url)
        reporter.start()
        reporter.mark_failed("disk full")
        status, out, err = invoke(request_, "mine", "--redis-url", url)
        assert (status, out) == (2, "")
        assert err == "horarium: job 'mine': expected one that runs, got one that is ended\n"
    status, _, err = invoke(request_, "mine", "--redis-url", url)
    assert status == 2
    assert "Traceback" not in err


def test_serving_others_than_this_machine_needs_configured_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ADMIN_TOKEN", "TOKENS", "JWKS_URL"):
        monkeypatch.delenv(f"HORARIUM_{name}", raising=False)
    status, out, err = invoke("serve", "--host", "0.0.0.0")
    assert (status, out) == (2, "")
    assert "HORARIUM_ADMIN_TOKEN" in err


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("HORARIUM_MAX_UPLOAD_BYTES", "many", "HORARIUM_MAX_UPLOAD_BYTES: Input should be a"),
        ("HORARIUM_REDIS_ULR", "x", "HORARIUM_REDIS_ULR: expected a setting's name, perhaps"),
    ],
)
def test_a_wrong_variable_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(variable, value)
    status, out, err = invoke("serve")
    assert (status, out) == (2, "")
    assert err.startswith(f"horarium: {complaint}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["serve"], ["up"], ["up", "--prefect-port"]])
def test_a_port_in_use_is_said_before_anything_starts(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HORARIUM_DATA_FOLDER", str(tmp_path / "data"))
    command, option = arguments[0], arguments[-1] if len(arguments) > 1 else "--port"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, _, err = invoke(command, option, str(taken.getsockname()[1]))
    assert status == 2
    assert "in use" in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("end", "expected"), [("completed", 0), ("failed", 1)])
def test_watching_a_job_of_another_process_ends_with_it(end: str, expected: int) -> None:
    with embedded_redis() as url:
        reporter = Reporter("mine", DEFAULT, url)
        reporter.start()
        reporter.start_stage("cpsat_solving")
        deadline = time.monotonic() + 20
        while Store(url).snapshot("mine") is None and time.monotonic() < deadline:
            time.sleep(0.01)

        def finish() -> None:
            if end == "completed":
                reporter.mark_completed()
            else:
                reporter.mark_failed("disk full")

        def finish_once_it_is_watched() -> None:
            with Redis.from_url(url) as client:
                while not client.pubsub_numsub(progress("mine"))[0][1]:
                    time.sleep(0.01)
            time.sleep(1)
            finish()

        finishing = threading.Thread(target=finish_once_it_is_watched, daemon=True)
        finishing.start()
        status, out, _ = invoke("watch", "mine", "--redis-url", url)
        finishing.join(60)
    assert status == expected
    assert "Creating the initial schedule" in out
    assert ("disk full" in out) == (end == "failed")


def test_validate_counts_what_a_timetable_breaks(tmp_path: Path) -> None:
    solution = tmp_path / "empty.sol"
    solution.write_text("")
    status, out, _ = invoke("validate", TINY, solution)
    assert status == 1
    assert "lectures" in out
    solution.write_text("nobody nowhere 0 0\n")
    status, _, err = invoke("validate", TINY, solution)
    assert status == 2
    assert "empty.sol" in err
