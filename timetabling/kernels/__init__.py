"""Compiled search on flat arrays, proved equal to `timetabling.penalties` by property tests."""

from __future__ import annotations

__all__ = ["warm_up"]


def warm_up() -> None:
    """Compile all that the engines call, or load it from Numba's cache: seconds to a minute.

    Each kernel is compiled once, for every problem and formulation.
    """
    # Loading Numba takes most of a second, which whoever only names this package is spared.
    import numpy as np

    from timetabling.kernels.anneal import anneal, new_best
    from timetabling.kernels.choice import FEATURES, Weights
    from timetabling.kernels.delta import load_state, new_state
    from timetabling.kernels.desk import new_desk
    from timetabling.kernels.draws import new_random
    from timetabling.kernels.kempe import new_chain
    from timetabling.kernels.model import compile_model, to_arrays
    from timetabling.kernels.repairs import new_record, run_episode
    from timetabling.penalties import formulation
    from timetabling.problem import Course, Problem, Room, Timetable

    course = Course(id="c", teacher="t", num_lectures=1, min_working_days=1, num_students=1)
    problem = Problem(
        name="toy",
        num_days=1,
        periods_per_day=2,
        courses=(course,),
        rooms=(Room(id="r", capacity=1),),
    )
    model = compile_model(problem, formulation("UD2"))
    periods, rooms = to_arrays(Timetable(problem))
    state = new_state(model, periods, rooms)
    load_state(model, state, periods, rooms)
    chain, random = new_chain(model), new_random(np.random.SeedSequence(0))
    anneal(model, state, chain, new_best(state), random, 1, 1.0, 1.0)

    features, units = len(FEATURES), 1
    policy = Weights(
        linear=np.zeros(features, np.float32),
        hidden=np.zeros((units, features), np.float32),
        bias=np.zeros(units, np.float32),
        out=np.zeros(units, np.float32),
    )
    desk, record = new_desk(model), new_record(model, 1)
    run_episode(model, state, desk, record, policy, 1, periods, rooms, 1, 0.0)
