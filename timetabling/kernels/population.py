"""A whole population of timetables at once: their scores, and what becomes of two parents.

Written for an array module `xp` that is NumPy or CuPy. A population is two arrays of shape
(timetables, lectures): periods and rooms, as `to_arrays` makes them.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from timetabling.kernels.model import DAYS_WEIGHT, DOUBLE_WEIGHT, MIN_DAYS, STABILITY_WEIGHT, Model

__all__ = ["Tables", "cross", "evaluate_population", "load_array_module", "upload"]

# An array of the module in use; CuPy has no types to name.
Array = Any


class Tables(NamedTuple):
    """A model's arrays where `xp` computes, and its relations as matrices."""

    model: Model
    conflict: Array  # float32 (course, course)
    membership: Array  # float32 (curriculum, course)


def load_array_module(name: str) -> ModuleType:
    """Import NumPy or CuPy.

    Raises
    ------
    ValueError
        If CuPy is asked for where it is not installed or finds no GPU.
    """
    if name == "numpy":
        return np
    if name != "cupy":
        raise ValueError(f"array module: expected 'numpy' or 'cupy', got {name!r}")
    try:
        import cupy  # type: ignore[import-not-found, unused-ignore]

        cupy.cuda.Device(0).compute_capability  # noqa: B018 - asks the driver
    except Exception as error:
        raise ValueError(f"array module 'cupy': expected CuPy and a GPU, got: {error}") from error
    module: ModuleType = cupy
    return module


def upload(model: Model, xp: ModuleType) -> Tables:
    """Bring a model to where `xp` computes."""
    membership = np.zeros((model.num_curricula, model.num_courses), np.float32)
    for q in range(model.num_curricula):
        membership[q, model.members[model.members_start[q] : model.members_start[q + 1]]] = 1
    return Tables(
        model=Model._make(xp.asarray(x) if isinstance(x, np.ndarray) else x for x in model),
        conflict=xp.asarray(model.conflict.astype(np.float32)),
        membership=xp.asarray(membership),
    )


def evaluate_population(
    xp: ModuleType, tables: Tables, periods: Array, rooms: Array
) -> tuple[Array, Array]:
    """Violations and cost of each timetable, as by `timetabling.penalties`.

    No course may be held twice in one period.
    """
    model, rules = tables.model, tables.model.rules
    size, per_day = len(periods), model.periods_per_day
    placed = periods >= 0
    who, lecture = xp.nonzero(placed)
    course, period, room = model.lecture_course[lecture], periods[placed], rooms[placed]

    room_at = xp.full((size, model.num_courses, model.num_periods), -1, np.int32)
    room_at[who, course, period] = room
    held = room_at >= 0
    weight_at = held.astype(np.float32)
    taken = xp.bincount(
        (who * model.num_rooms + room) * model.num_periods + period,
        minlength=size * model.num_rooms * model.num_periods,
    ).reshape(size, -1)
    violations = (
        (~placed).sum(1)
        + (held & (model.unavailable > 0)).sum((1, 2))
        + xp.where(placed, model.room_violation[model.lecture_course, rooms], 0).sum(1)
        + xp.maximum(0, taken - 1).sum(1)
        + (xp.matmul(tables.conflict, weight_at) * weight_at).sum((1, 2)).astype(np.int64) // 2
    )
    changes = ((model.room_before >= 0) & (model.room_before != room_at)).sum((1, 2))
    violations = violations + xp.maximum(0, changes - model.max_changes)

    cost = xp.where(placed, model.room_cost[model.lecture_course, rooms], 0).sum(1)
    cost = cost + rules.changes * changes
    in_days = held.reshape(size, model.num_courses, model.num_days, per_day)
    missing = model.own[:, MIN_DAYS] - in_days.any(3).sum(2)
    cost = cost + (model.own[:, DAYS_WEIGHT] * xp.maximum(0, missing)).sum(1)
    if len(model.period_cost):
        cost = cost + xp.where(held, model.period_cost, 0).sum((1, 2))
    if model.own[:, STABILITY_WEIGHT].any():
        uses = xp.zeros((size, model.num_courses, model.num_rooms), bool)
        uses[who, course, room] = True
        cost = cost + (model.own[:, STABILITY_WEIGHT] * xp.maximum(0, uses.sum(2) - 1)).sum(1)
    if model.own[:, DOUBLE_WEIGHT].any():
        rooms_in_days = room_at.reshape(in_days.shape)
        same = in_days[..., 1:] & (rooms_in_days[..., 1:] == rooms_in_days[..., :-1])
        beside = xp.zeros(in_days.shape, bool)
        beside[..., 1:] |= same
        beside[..., :-1] |= same
        several = in_days.sum(3) > 1
        alone = (in_days & ~beside & several[..., None]).sum((2, 3))
        cost = cost + (model.own[:, DOUBLE_WEIGHT] * alone).sum(1)
    return violations, cost + _curricula_cost(xp, tables, room_at, weight_at)


def _curricula_cost(xp: ModuleType, tables: Tables, room_at: Array, weight_at: Array) -> Array:
    model, rules = tables.model, tables.model.rules
    shape = (len(room_at), model.num_curricula, model.num_days, model.periods_per_day)

    def load_of(weights: Array) -> Array:
        return xp.matmul(tables.membership, weights).astype(np.int64).reshape(shape)

    load = load_of(weight_at)
    busy = load > 0
    cost = xp.zeros(len(room_at), np.int64)
    if rules.isolated:
        beside = xp.zeros(shape, bool)
        beside[..., 1:] |= busy[..., :-1]
        beside[..., :-1] |= busy[..., 1:]
        cost += rules.isolated * xp.where(beside, 0, load).sum((1, 2, 3))
    if rules.windows:
        begun = xp.cumsum(busy, 3) > 0
        goes_on = xp.cumsum(busy[..., ::-1], 3)[..., ::-1] > 0
        cost += rules.windows * (begun & goes_on & ~busy).sum((1, 2, 3))
    if rules.load:
        daily = load.sum(3)
        off = xp.maximum(rules.fewest_lectures - daily, daily - rules.most_lectures)
        cost += rules.load * xp.where(daily > 0, xp.maximum(0, off), 0).sum((1, 2))
    if rules.travel:
        pairs = (load[..., 1:] * load[..., :-1]).sum((1, 2, 3))
        building_at = xp.where(room_at >= 0, model.building[room_at], -1)
        for building in range(model.num_buildings):
            there = load_of((building_at == building).astype(np.float32))
            pairs -= (there[..., 1:] * there[..., :-1]).sum((1, 2, 3))
        cost += rules.travel * pairs
    return cost


def cross(
    xp: ModuleType,
    tables: Tables,
    rng: np.random.Generator,
    periods: Array,
    rooms: Array,
    parents: Array,
) -> tuple[Array, Array]:
    """One child of each pair of parents: shape (children, 2) in, a population out.

    A course's lectures all come from one parent. Which one is noise smoothed over courses in
    conflict, cut at a random share, so that courses that belong together come together.
    """
    model = tables.model
    noise = xp.asarray(rng.random((len(parents), model.num_courses), np.float32))
    share = xp.asarray(rng.uniform(0.1, 0.5, (len(parents), 1)))
    smooth = noise + xp.matmul(noise, tables.conflict)
    smooth /= 1 + tables.conflict.sum(0)
    rank = smooth.argsort(1).argsort(1)
    from_second = (rank < share * model.num_courses)[:, model.lecture_course]
    first, second = parents[:, 0], parents[:, 1]
    return (
        xp.where(from_second, periods[second], periods[first]),
        xp.where(from_second, rooms[second], rooms[first]),
    )
