"""The solvers of the benchmark of quality keep its rules, and say the truth about their costs."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path
from shutil import which

import pytest

from benchmarks.quality.measure import Conditions, find_instances, measure_all
from benchmarks.quality.pipeline import VARIANTS, share_out, solve
from benchmarks.quality.process import run_process
from benchmarks.quality.rivals import cpsat_whole, cpsolver
from benchmarks.quality.solvers import check_solver
from tests.chaos.servers import PrefectServer
from timetabling.formats import ectt, read_problem, read_solution
from timetabling.generator import generate
from timetabling.kernels import warm_up
from timetabling.penalties import evaluate, formulation
from timetabling.search import SilentObserver

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "examples/tiny.ectt"
UD2 = formulation("UD2")

# Stands for the judge: it shares the code it judges, which is enough to test who calls it.
JUDGE = """
import json, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from timetabling.formats import read_problem, read_solution
from timetabling.penalties import evaluate, formulation
score = evaluate(
    read_solution(Path(sys.argv[2]), read_problem(Path(sys.argv[1]))), formulation(sys.argv[4])
)
print(json.dumps({{"violations": score.num_violations, "cost": score.cost}}))
sys.exit(not score.is_feasible)
"""


class Told(SilentObserver):
    """Remembers the figures that were told."""

    def __init__(self) -> None:
        self.figures: list[dict[str, float]] = []

    def update(self, message: str, **figures: float) -> None:
        self.figures.append(figures)


@pytest.fixture
def judge(tmp_path: Path) -> Path:
    program = tmp_path / "judge.py"
    program.write_text(JUDGE.format(root=str(ROOT)), encoding="utf-8")
    return program


@pytest.mark.parametrize("num_courses", [12, 25], ids=["at once", "in steps"])
def test_the_whole_model_is_feasible_and_costs_what_it_says(
    num_courses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = generate(num_courses, seed=1).problem
    monkeypatch.setattr(cpsat_whole, "SMALL_PLACES", 0 if num_courses == 25 else 10**9)
    told = Told()

    timetable = cpsat_whole.solve(
        problem, formulation=UD2, seconds=10.0, seed=0, num_threads=2, observer=told
    )

    score = evaluate(timetable, UD2)
    assert score.is_feasible
    assert min((x["violations"], x["cost"]) for x in told.figures) == (0, score.cost)


def test_the_whole_model_refuses_rules_that_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="expected UD1 or UD2, got UD3"):
        cpsat_whole.solve(
            read_problem(TINY), formulation=formulation("UD3"), seconds=1.0, seed=0,
            num_threads=1, observer=SilentObserver(),
        )  # fmt: skip


@pytest.mark.parametrize("name", ["full", "no-cpsat", "no-genetic", "no-repair"])
def test_a_pipeline_without_a_stage_still_makes_a_timetable_in_time(name: str) -> None:
    problem = generate(20, seed=2).problem
    warm_up()
    begun = time.monotonic()

    timetable = solve(
        problem, formulation=UD2, seconds=5.0, seed=0, num_threads=2, observer=SilentObserver(),
        variant=VARIANTS[name],
    )  # fmt: skip

    assert len(timetable.lectures) == problem.num_lectures
    assert time.monotonic() - begun < 60  # no stage was given another's clock


def test_a_stage_left_out_gives_its_time_to_the_others_in_proportion() -> None:
    shares = {"a": 0.2, "b": 0.6, "c": 0.2}
    assert share_out(shares, frozenset({"c"})) == pytest.approx({"a": 0.25, "b": 0.75})
    assert share_out(shares, frozenset()) == pytest.approx(shares)
    with pytest.raises(ValueError, match="at least one stage"):
        share_out(shares, frozenset(shares))


def test_what_is_recorded_is_not_run_again(tmp_path: Path, judge: Path) -> None:
    record = tmp_path / "runs.jsonl"
    conditions = Conditions("UD2", judge, cores=1)

    def make(seeds: range) -> list[int]:
        runs = measure_all(["cpsat-whole"], [TINY], seeds, [1.0], conditions, record)
        return [run.seed for run in runs]

    assert make(range(1)) == [0]
    first = record.read_text(encoding="utf-8")
    record.write_text(first + first[:50], encoding="utf-8")  # as if it was killed while writing
    assert make(range(2)) == [0, 1]
    assert record.read_text(encoding="utf-8").startswith(first)
    assert len(record.read_text(encoding="utf-8").splitlines()) == 2


def test_a_run_says_what_it_found_and_when(judge: Path) -> None:
    (run,) = measure_all(
        ["cpsat-whole"], [TINY], [0], [2.0], Conditions("UD2", judge, cores=2), None
    )
    assert run.is_feasible
    assert run.curve[-1][1] == run.cost
    assert run.feasible_after is not None
    assert run.feasible_after <= run.seconds < run.process_seconds


@pytest.mark.slow
def test_the_command_itself_is_measured_from_outside(
    judge: Path, prefect: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in prefect.environment.items():
        monkeypatch.setenv(name, value)
    (run,) = measure_all(["horarium"], [TINY], [0], [3.0], Conditions("UD2", judge, cores=2), None)
    assert run.is_feasible
    assert run.curve[-1][1] == run.cost
    assert run.peak_memory > 2**20 or not Path("/proc").is_dir()


def test_a_solver_that_fails_is_told_and_the_others_go_on(
    tmp_path: Path, judge: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "runs.jsonl"
    runs = measure_all(
        ["cpsat-whole"], [TINY], [0], [1.0], Conditions("UD3", judge, cores=1), record
    )
    assert list(runs) == []
    assert "FAILED cpsat-whole tiny" in capsys.readouterr().err
    assert not record.exists()


def test_the_memory_of_a_process_and_its_children_is_seen() -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("no /proc/self/smaps_rollup: not Linux")
    child = "import time; held = bytearray(50_000_000); time.sleep(1.2)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    done = run_process([sys.executable, "-c", parent], environment={}, timeout_seconds=60)
    assert 50e6 < done.peak_memory < 500e6
    assert done.status == 0


def test_instances_that_are_not_there_and_solvers_that_are_unknown_are_named(
    tmp_path: Path,
) -> None:
    with pytest.raises(ValueError, match=r"expected files, got .*nothing\.ectt"):
        find_instances([TINY, tmp_path / "nothing.ectt"])
    with pytest.raises(ValueError, match="expected files, got none"):
        find_instances([tmp_path])
    with pytest.raises(ValueError, match=r"expected one of horarium, .* got 'x'"):
        check_solver("x")


def test_timefold_s_score_is_ours(tmp_path: Path) -> None:
    if importlib.util.find_spec("timefold") is None:
        pytest.skip("no timefold: pip install 'horarium[rivals]'")
    if which("java") is None:
        pytest.skip("no java: timefold needs a JDK 17")
    problem = generate(8, seed=3).problem
    instance, output = tmp_path / "small.ectt", tmp_path / "small.sol"
    ectt.write(problem, instance)

    # A process of its own: Java does not leave this one again.
    done = run_process(
        [
            sys.executable, "-m", "benchmarks.quality.rivals.timefold_model", instance, output,
            "--time-limit", "4",
        ],
        environment=os.environ, timeout_seconds=120,
    )  # fmt: skip

    assert done.status == 0, done.errors
    score = evaluate(read_solution(output, problem), UD2)
    *_, last, written = [line for line in done.output.splitlines() if line.startswith("{")]
    assert score.is_feasible
    assert f'"cost": {score.cost}' in last
    assert f'"cost": {score.cost}' in written


def test_cpsolver_s_cost_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.environ.get("HORARIUM_CPSOLVER"):
        pytest.skip("no HORARIUM_CPSOLVER: docs/decisions/0011-quality.md says how to build it")
    if which("java") is None:
        pytest.skip("no java: CPSolver needs a JDK 17")
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", "-DTermination.MaxIters=2000")
    problem = generate(12, seed=3).problem
    told = Told()

    timetable = cpsolver.solve(
        problem, formulation=UD2, seconds=120.0, seed=0, num_threads=2, observer=told
    )

    score = evaluate(timetable, UD2)
    assert score.is_feasible
    assert min((x["violations"], x["cost"]) for x in told.figures) == (0, score.cost)


def test_cpsolver_without_its_classes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(rules: str) -> None:
        cpsolver.solve(
            read_problem(TINY), formulation=formulation(rules), seconds=60.0, seed=0,
            num_threads=1, observer=SilentObserver(),
        )  # fmt: skip

    with pytest.raises(ValueError, match="expected UD2, got UD3"):
        run("UD3")
    monkeypatch.delenv("HORARIUM_CPSOLVER", raising=False)
    with pytest.raises(ValueError, match="expected its class path in HORARIUM_CPSOLVER"):
        check_solver("cpsolver")
    if which("java"):
        monkeypatch.setenv("HORARIUM_CPSOLVER", "nowhere")
        with pytest.raises(RuntimeError, match=r"no timetable: .*ClassNotFoundException"):
            run("UD2")


def test_a_table_is_printed_and_its_runs_are_kept(tmp_path: Path, judge: Path) -> None:
    record = tmp_path / "runs.jsonl"
    done = subprocess.run(
        [
            sys.executable, "-m", "benchmarks.quality.table", TINY, "--judge", judge,
            "--time-limit", "1", "--seeds", "2", "--solvers", "cpsat-whole", "--cores", "1",
            "--runs", record,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "| instance" in done.stdout
    assert len(record.read_text(encoding="utf-8").splitlines()) == 2
