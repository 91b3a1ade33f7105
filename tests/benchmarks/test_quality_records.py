"""Runs of the benchmark of quality survive interruptions, and become tables and pictures."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality.ablation import paired_table
from benchmarks.quality.intervals import confidence_interval
from benchmarks.quality.records import Run, append_run, read_runs
from benchmarks.quality.summary import side_by_side, solver_table, summarize

ROOT = Path(__file__).resolve().parents[2]

RUN = Run(
    solver="horarium",
    instance="comp02",
    formulation="UD2",
    seed=0,
    time_limit=60.0,
    violations=0,
    cost=30,
    seconds=59.0,
    process_seconds=65.0,
    feasible_after=2.0,
    near_best_after=None,
    curve=((2.0, 500), (10.0, 60), (59.0, 30)),
    peak_memory=2**30,
    commit="abc",
    machine="a machine",
    cores=2,
    load_before=0.1,
)


def cells(table: str, name: str) -> list[str]:
    """The cells of the row that begins with a name, without that."""
    row = next(line for line in table.splitlines() if line.startswith(f"| {name} "))
    return [cell.strip() for cell in row.strip("|").split("|")][1:]


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "runs.jsonl"
    append_run(RUN, path)
    append_run(replace(RUN, seed=1), path)
    assert read_runs([path]) == [RUN, replace(RUN, seed=1)]


def test_of_the_same_run_in_two_files_the_first_counts(tmp_path: Path) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    append_run(RUN, first)
    append_run(replace(RUN, cost=99, commit="def"), second)
    assert read_runs([first, second]) == [RUN]


def test_a_line_that_was_cut_off_is_left_out_and_one_that_is_wrong_is_named(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    append_run(RUN, path)
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + whole[:40], encoding="utf-8")
    assert read_runs([path]) == [RUN]
    path.write_text('{"solver": "x"}\n' + whole, encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected a run"):
        read_runs([path])


def test_a_solver_s_table_has_mean_best_worst_gap_and_times() -> None:
    table = solver_table([RUN, replace(RUN, seed=1, cost=40, near_best_after=50.0)])
    assert cells(table, "comp02") == [
        "2/2", "35.0", "30", "40", "24", "+11.0", "46 %", "2.0 s", "50 s (1/2)",
    ]  # fmt: skip


def test_an_infeasible_run_counts_in_no_mean() -> None:
    table = solver_table([RUN, replace(RUN, seed=1, violations=2, cost=0, feasible_after=None)])
    assert cells(table, "comp02")[:4] == ["1/2", "30.0", "30", "30"]
    alone = solver_table([replace(RUN, violations=2)])
    assert cells(alone, "comp02")[:4] == ["0/1", "-", "-", "-"]


def test_solvers_are_compared_on_seeds_that_all_of_them_ran() -> None:
    runs = [RUN, replace(RUN, seed=1, cost=1000), replace(RUN, solver="rival", cost=50)]
    table = side_by_side(runs)
    assert cells(table, "comp02") == ["1", "24", "**30.0**", "50.0"]
    assert cells(table, "total of 1 of 1") == ["", "24", "30.0", "50.0"]


def test_an_instance_with_an_infeasible_run_is_in_no_total() -> None:
    runs = [RUN, replace(RUN, solver="rival", violations=1)]
    assert cells(side_by_side(runs), "total of 0 of 1") == ["", "-", "-", "-"]


def test_the_report_says_what_took_too_long_and_keeps_time_limits_apart() -> None:
    report = "\n".join(summarize([replace(RUN, seconds=80.0), replace(RUN, time_limit=120.0)]))
    assert "horarium took longer than allowed in 1 of them, up to 80 s" in report
    assert [line for line in report.splitlines() if line.startswith("## ")] == [
        "## UD2, 60 s",
        "## UD2, 120 s",
    ]


def test_a_variant_is_compared_in_pairs() -> None:
    full = [replace(RUN, solver="full", seed=s, cost=10) for s in range(3)]
    less = [replace(RUN, solver="no-repair", seed=s, cost=11 + s) for s in range(3)]
    broken = [replace(RUN, solver="full", seed=3), replace(RUN, solver="no-repair", seed=3)]
    broken[1] = replace(broken[1], violations=1)
    table = paired_table([*full, *less, *broken])
    assert cells(table, "no-repair") == [
        "3", "+2.0 ± 2.5", "+20.0 ± inf", "3", "0", "0", "1/4", "0/4",
    ]  # fmt: skip


def test_a_confidence_interval_is_student_s() -> None:
    twenty = confidence_interval([0.0, 1.0] * 10)
    assert twenty.mean == 0.5
    assert twenty.margin == pytest.approx(2.093 * 0.51299 / 20**0.5, rel=1e-3)
    # 1.984 is the quantile of 99 degrees of freedom.
    hundred = confidence_interval([0.0, 1.0] * 50)
    assert hundred.margin == pytest.approx(1.984 * 0.50252 / 10, rel=1e-3)


def test_the_spread_is_not_a_number_before_the_runs_are_feasible() -> None:
    pytest.importorskip("matplotlib", reason="no matplotlib: pip install 'horarium[bench]'")
    from benchmarks.quality.plots import spread

    late = replace(RUN, seed=1, curve=((20.0, 80),))
    low, middle, high = spread([RUN, late], np.array([1.0, 5.0, 30.0]))
    np.testing.assert_equal(low, [np.nan, np.nan, 60])
    np.testing.assert_equal(middle, [np.nan, np.nan, 80])
    np.testing.assert_equal(high, [np.nan, np.nan, 80])


def test_the_report_prints_tables_and_draws_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="no matplotlib: pip install 'horarium[bench]'")
    path = tmp_path / "runs.jsonl"
    zero = replace(RUN, instance="comp11", cost=0, curve=((1.0, 200), (5.0, 0)))
    none = replace(RUN, instance="other", violations=3, curve=())
    for run in (RUN, replace(RUN, solver="rival", cost=50), zero, none):
        append_run(run, path)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.quality.report", path, "--plots", tmp_path],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "### rival" in done.stdout
    drawn = sorted(tmp_path.glob("*.svg"))
    assert [x.name for x in drawn] == [
        "comp02-UD2-60s.svg",
        "comp11-UD2-60s.svg",
        "other-UD2-60s.svg",
    ]
