"""After warming up, no engine waits for a compiler."""

from __future__ import annotations

from typing import Any

from timetabling.generator import generate
from timetabling.kernels import warm_up
from timetabling.kernels.anneal import anneal
from timetabling.kernels.delta import load_state
from timetabling.kernels.repairs import run_episode
from timetabling.penalties import FORMULATIONS
from timetabling.search import SilentObserver, WorkLimit
from timetabling.solvers import genetic, repair


def test_engines_compile_nothing_more_than_warming_up_does() -> None:
    warm_up()
    kernels: list[Any] = [anneal, load_state, run_episode]
    compiled = [len(kernel.signatures) for kernel in kernels]
    for name, rules in FORMULATIONS.items():
        problem = generate(20, seed=1, name=name).problem
        for engine in (genetic.solve, repair.solve):
            engine(
                problem,
                formulation=rules,
                start=None,
                stop=WorkLimit(20_000),
                seed=1,
                observer=SilentObserver(),
            )
    assert [len(kernel.signatures) for kernel in kernels] == compiled
