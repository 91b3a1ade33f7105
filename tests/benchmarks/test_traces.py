"""Runs that really happened, replayed: the bar breaks no rule, whatever its weights."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.progress.eta import ours, plain, tqdm_s
from benchmarks.progress.traces import Trace, load, replay
from tracking.plan import plan
from tracking.testing import check

TRACES = load()


@pytest.mark.parametrize("learned", [False, True], ids=["plan", "learned"])
@pytest.mark.parametrize("trace", TRACES, ids=lambda trace: trace.name)
def test_a_recorded_run_breaks_no_rule(trace: Trace, learned: bool) -> None:
    chosen = replace(plan(trace.plan), learned=learned)
    shown, _ = replay(trace, chosen)
    problems = check([(look.elapsed, snapshot) for look, snapshot in shown], chosen)
    assert [problem for problem in problems if "the job has no end" not in problem] == []


def test_there_are_at_least_forty_runs_of_different_kinds() -> None:
    assert len(TRACES) >= 40
    assert len({trace.size for trace in TRACES}) >= 20
    assert {trace.plan for trace in TRACES} == {"default", "search-heavy", "solve-heavy"}
    assert {trace.kind for trace in TRACES} == {"time limit", "work limit"}


def test_our_time_left_is_nearer_than_tqdms_and_the_plain_one() -> None:
    pytest.importorskip("tqdm", reason="no tqdm: pip install 'horarium[bench]'")
    used = [trace for trace in TRACES if not trace.ended_early]
    error = sum(ours(trace, ()).eta_error for trace in used)
    assert error < 0.5 * sum(tqdm_s(trace).eta_error for trace in used)
    assert error < 0.5 * sum(plain(trace).eta_error for trace in used)
