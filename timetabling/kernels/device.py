"""Thousands of timetables annealed side by side on a GPU: what `device_anneal.cu` needs around it.

The state of a chain is a timetable and its counts. It lives in shared memory where that holds
enough of them, and is counted afresh in every launch; between launches a chain is its periods
and rooms, so array code may rewrite them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from timetabling.kernels.model import (
    COURSE_SAVING,
    CURRICULA_SAVING,
    DAYS_WEIGHT,
    DOUBLE_WEIGHT,
    MIN_DAYS,
    STABILITY_WEIGHT,
    Ints,
    Model,
    Rules,
    cost_of_nothing,
)
from timetabling.kernels.population import Array, load_array_module

__all__ = [
    "SOURCE",
    "Chains",
    "Launch",
    "Record",
    "Seen",
    "compile_options",
    "start_on_gpu",
    "state_bytes",
]

SOURCE = Path(__file__).with_name("device_anneal.cu")
INCLUDED = SOURCE.with_name("device_costs.cuh")
LANES = 32  # of a warp; each has an own generator

WARPS_A_BLOCK = 4
# Chains that a multiprocessor must hold in its shared memory for them to live there: fewer do not
# hide the time it takes to read it.
LEAST_RESIDENT = 4

Record = NDArray[np.void]  # one C struct


Launch = Callable[[Record, Record, int, int, int, int], None]
"""Runs the compiled kernel on all chains and returns when they are done.

It takes what the kernel takes: model, chains, number of chains, bytes of a state, number of moves,
violation weight.
"""


class Seen(NamedTuple):
    """A timetable that a chain has seen."""

    total: tuple[int, int]  # violations and cost
    periods: Ints
    rooms: Ints


class Chains:
    """Timetables that are annealed side by side, each by its own random numbers.

    Parameters
    ----------
    model
        The problem.
    xp
        The module of the arrays that `launch` can read: NumPy or CuPy.
    launch
        The compiled kernel.
    periods, rooms
        Where the lectures are at first, shape (chains, lectures), -1 if not placed. No course
        may be held twice in one period.
    seed
        The same seed and the same calls give the same chains, however many run beside them.

    Attributes
    ----------
    xp
        As given.
    periods, rooms
        Where the lectures are now. May be written into before the next call of `anneal`.
    totals
        Violations and cost of each as of the last `anneal`, shape (chains, 2).

    Raises
    ------
    ValueError
        If the problem is too large for the kernel's integers.
    """

    def __init__(
        self,
        model: Model,
        xp: ModuleType,
        launch: Launch,
        periods: Ints,
        rooms: Ints,
        seed: np.random.SeedSequence,
    ) -> None:
        _check_limits(model)
        self.xp = xp
        self._launch = launch
        self._state_bytes = state_bytes(model)
        num_chains = len(periods)
        self.periods: Array = xp.array(periods, np.int16, order="C")
        self.rooms: Array = xp.array(rooms, np.int16, order="C")
        self.totals: Array = xp.zeros((num_chains, 2), np.int32)
        self._best_periods = self.periods.copy()
        self._best_rooms = self.rooms.copy()
        self._best_totals = xp.full((num_chains, 2), np.iinfo(np.int32).max, np.int32)
        words = seed.generate_state(num_chains * LANES, np.uint64) | np.uint64(1)
        self._random = xp.asarray(words)
        self._temperatures = xp.zeros(num_chains, np.float32)
        self._scratch = xp.empty((num_chains, self._state_bytes), np.uint8)
        self._model, self._model_arrays = _describe_model(model, xp)
        self._chains = _record(
            self.periods,
            self.rooms,
            self._best_periods,
            self._best_rooms,
            self.totals,
            self._best_totals,
            self._random,
            self._temperatures,
            self._scratch,
        )
        self.anneal(0, 1.0, 1)

    def anneal(self, num_moves: int, temperatures: Array | float, violation_weight: int) -> None:
        """Propose `num_moves` moves to each chain.

        Parameters
        ----------
        temperatures
            One for all, or of each chain: a move that costs so much more is accepted with
            probability 1/e.
        violation_weight
            What a broken hard rule costs.
        """
        # The kernel draws logarithms to base 2 in 65536ths.
        self._temperatures[:] = self.xp.asarray(temperatures) * (math.log(2) / 65_536)
        sizes = len(self.periods), self._state_bytes, num_moves, violation_weight
        self._launch(self._model, self._chains, *sizes)

    def best(self) -> Seen:
        """The best timetable that any of the chains has seen."""
        totals = self._best_totals.astype(np.int64)
        chain = int((totals[:, 0] * 2**32 + totals[:, 1]).argmin())
        violations, cost = totals[chain].tolist()
        periods, rooms = (x[chain].tolist() for x in (self._best_periods, self._best_rooms))
        return Seen((violations, cost), np.array(periods, np.int32), np.array(rooms, np.int32))


def start_on_gpu(model: Model, periods: Ints, rooms: Ints, seed: np.random.SeedSequence) -> Chains:
    """Bring chains to the GPU, for which the kernel is compiled (CuPy keeps what it compiled).

    Raises
    ------
    ValueError
        If there is no CuPy or no GPU, or the problem is too large for the kernel's integers.
    """
    xp = load_array_module("cupy")
    return Chains(model, xp, _compile_for_gpu(model, xp), periods, rooms, seed)


def state_bytes(model: Model) -> int:
    """Bytes of a chain's state, as `lay_out` in the kernel lays it out, rounded up to 8."""
    places = model.num_rooms * model.num_periods
    curriculum_periods = model.num_curricula * model.num_periods
    shorts = 2 * model.num_lectures + places + model.num_curricula * model.num_days
    counts = model.num_courses * model.num_periods + places + curriculum_periods
    if model.rules.travel:
        counts += curriculum_periods * model.num_buildings
    size = 7 * 4 + 2 * shorts + _count_type(model)().itemsize * counts
    return -(-size // 8) * 8


def compile_options(model: Model, *, in_shared: bool) -> tuple[str, ...]:
    """What a compiler must be told for a problem, and for where its states live."""
    count = "unsigned char" if _count_type(model) is np.uint8 else "unsigned short"
    return f"-DCOUNT={count}", f"-DSTATE_IN_SHARED={int(in_shared)}"


def _count_type(model: Model) -> type[np.uint8 | np.uint16]:
    """A type for counts: none exceeds the number of courses, each held once a period at most."""
    return np.uint8 if model.num_courses <= np.iinfo(np.uint8).max else np.uint16


def _compile_for_gpu(model: Model, cupy: ModuleType) -> Launch:
    size = state_bytes(model)
    attributes = cupy.cuda.Device().attributes
    in_shared = LEAST_RESIDENT * size <= attributes["MaxSharedMemoryPerMultiprocessor"]
    warps, shared = WARPS_A_BLOCK, 0
    if in_shared:
        warps = min(WARPS_A_BLOCK, attributes["MaxSharedMemoryPerBlockOptin"] // size)
        shared = warps * size
    options = ("-std=c++17", *compile_options(model, in_shared=in_shared))
    # Put in by hand: CuPy's cache of compiled kernels looks at no included file.
    include = f'#include "{INCLUDED.name}"'
    code = SOURCE.read_text().replace(include, INCLUDED.read_text())
    kernel = cupy.RawModule(code=code, options=options).get_function("anneal_chains")
    kernel.max_dynamic_shared_size_bytes = shared

    def launch(model: Record, chains: Record, num_chains: int, *numbers: int) -> None:
        blocks = -(-num_chains // warps)
        arguments = model, chains, *map(np.int32, (num_chains, *numbers))
        kernel((blocks,), (LANES * warps,), arguments, shared_mem=shared)
        cupy.cuda.get_current_stream().synchronize()

    return launch


def _describe_model(model: Model, xp: ModuleType) -> tuple[Record, list[Array]]:
    """``struct Model`` of the kernel, and the arrays it points to, which must live on."""
    is_member = np.zeros((model.num_curricula, model.num_courses), np.uint8)
    for q in range(model.num_curricula):
        is_member[q, model.members[model.members_start[q] : model.members_start[q + 1]]] = 1
    ints = (
        model.lecture_course,
        model.first_lecture,
        model.neighbours_start,
        model.neighbours,
        model.curricula_start,
        model.curricula,
        model.members_start,
        model.members,
        model.open_start,
        model.open_periods,
        model.rooms_start,
        model.rooms,
        model.room_cost,
        model.period_cost,
        model.building,
        *np.ascontiguousarray(
            model.own[:, [MIN_DAYS, DAYS_WEIGHT, STABILITY_WEIGHT, DOUBLE_WEIGHT]].T
        ),
        model.movable,
        model.room_before,
        np.arange(model.num_periods) // model.periods_per_day,
    )
    flags = (
        model.unavailable,
        model.conflict,
        model.room_violation,
        model.hold,
        is_member,
    )
    arrays = [xp.asarray(x, np.int32) for x in ints] + [xp.asarray(x, np.uint8) for x in flags]
    described = _record(
        model.num_lectures,
        model.num_courses,
        model.num_rooms,
        model.num_curricula,
        model.num_days,
        model.periods_per_day,
        model.num_periods,
        model.num_buildings,
        *model.rules,
        model.num_movable,
        model.num_before,
        model.max_changes,
        int(len(model.period_cost) > 0),
        cost_of_nothing(model),
        *arrays,
    )
    return described, arrays


def _record(*fields: Any) -> Record:
    """A C struct of ints, and of pointers for the arrays."""
    types = [np.int32 if isinstance(x, int) else np.uint64 for x in fields]
    values = tuple(x if isinstance(x, int) else _address(x) for x in fields)
    return np.array([values], np.dtype([(str(i), t) for i, t in enumerate(types)], align=True))


def _address(array: Array) -> int:
    on_device = getattr(array, "__cuda_array_interface__", None)
    return int((on_device or array.__array_interface__)["data"][0])


def _check_limits(model: Model) -> None:
    """Raise ValueError where a sum could leave the kernel's integers."""
    rules: Rules = model.rules
    lectures_of = np.diff(model.first_lecture)
    starts = zip(model.members_start, model.members_start[1:], strict=False)
    most = max((int(lectures_of[model.members[a:b]].sum()) for a, b in starts), default=0)
    day_cost = (
        rules.isolated * most
        + rules.windows * model.periods_per_day
        + rules.load * max(most, rules.fewest_lectures)
    )
    # A swap's change of two lectures: what they may clash with, at the price of a violation, which
    # is what a move can save, or a few times that (`solvers.cooling`).
    savings = model.own[:, [COURSE_SAVING, CURRICULA_SAVING]]
    dearest = int(savings.sum(1, dtype=np.int64).max())
    clashes = 2 * (int(np.diff(model.neighbours_start).max()) + 3)
    room_cost = int(model.room_cost.max(1)[model.lecture_course].sum(dtype=np.int64))
    dearest_periods = (
        model.period_cost.max(1) if len(model.period_cost) else np.zeros_like(lectures_of)
    )
    period_cost = int((dearest_periods * lectures_of).sum(dtype=np.int64))
    for what, value, limit in (
        ("lectures", model.num_lectures, 2**15 - 1),
        ("rooms", model.num_rooms, 2**15 - 1),
        ("courses", model.num_courses, 2**16 - 1),
        ("cost of a curriculum's day", day_cost, 2**15 - 1),
        ("cost of rooms", room_cost, 2**30),
        ("cost of periods", period_cost, 2**30),
        ("cost of a swap's clashes", dearest * clashes, 2**28),
        ("cost of changes", rules.changes * model.num_before, 2**30),
    ):
        if value > limit:
            raise ValueError(f"GPU kernel: {what}: expected at most {limit}, got {value}")
