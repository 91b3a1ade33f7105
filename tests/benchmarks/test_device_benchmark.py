"""The GPU's benchmark says so where there is no GPU, and its figures add up where chains run."""

from __future__ import annotations

import pytest

from benchmarks.speed import device
from tests.timetabling.chains_on_host import start_on_host
from timetabling.generator import generate
from timetabling.kernels.population import load_array_module


def test_without_a_gpu_nothing_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        load_array_module("cupy")
    except ValueError:
        device.main([])
        assert capsys.readouterr().out.startswith("unmeasured: no GPU (")
    else:
        pytest.skip("there is a GPU here")


def test_it_measures_chains_wherever_they_live(capsys: pytest.CaptureFixture[str]) -> None:
    problem = generate(20, seed=1).problem
    device.report_speed(problem, start_on_host, 2, copying=1e10, shared_bandwidth=1e12)
    device.report_time_to_same_cost(problem, start_on_host, 16, seconds=0.2)
    printed = capsys.readouterr().out
    assert printed.count("moves a second of all chains") == len(device.TEMPERATURES)
    assert "cost on two cores after 0.2 s" in printed
