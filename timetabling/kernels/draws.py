"""Random draws within kernels, all from one generator."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from timetabling.kernels.compiling import index, inlined, span, wide
from timetabling.kernels.model import Model
from timetabling.kernels.state import State

__all__ = [
    "Random",
    "draw",
    "draw_fraction",
    "draw_open_period",
    "draw_period_beside_mate",
    "draw_room_worth_trying",
    "new_random",
]

Random = NDArray[np.uint64]


def new_random(seed: np.random.SeedSequence) -> Random:
    """State of the kernels' own random numbers: one word, never 0."""
    return seed.generate_state(1, np.uint64) | np.uint64(1)


@inlined
def draw(random: Random, below: int) -> int:
    """Draw an integer from 0 to below - 1, at most 2^32 of them."""
    scaled = (_next(random) >> np.uint64(32)) * np.uint64(below)
    return wide(scaled >> np.uint64(32))  # type: ignore[arg-type]


@inlined
def draw_fraction(random: Random) -> float:
    """Draw a number above 0 and at most 1."""
    return float((_next(random) >> np.uint64(11)) + np.uint64(1)) * 2.0**-53


@inlined
def draw_open_period(model: Model, random: Random, course: int) -> int:
    """Draw one of the periods that a course is available in."""
    start, end = span(model.open_start, course)
    return index(model.open_periods[start + draw(random, end - start)])


@inlined
def draw_room_worth_trying(model: Model, random: Random, course: int) -> int:
    """Draw one of the rooms that fit the course, or nearly."""
    start, end = span(model.rooms_start, course)
    return index(model.rooms[start + draw(random, end - start)])


@inlined
def draw_period_beside_mate(model: Model, state: State, random: Random, course: int) -> int:
    """Draw a period just before or after another lecture of one of the course's curricula."""
    start, end = span(model.curricula_start, course)
    if end > start:
        q = index(model.curricula[start + draw(random, end - start)])
        start, end = span(model.members_start, q)
        mate = index(model.members[start + draw(random, end - start)])
        start, end = span(model.first_lecture, mate)
        period = state.period[start + draw(random, end - start)]
        if period >= 0:
            slot = period % model.periods_per_day
            is_after = draw(random, 2) == 1
            if is_after and slot < model.periods_per_day - 1:
                return wide(period + 1)
            if not is_after and slot > 0:
                return wide(period - 1)
    return draw(random, model.num_periods)


@inlined
def _next(random: Random) -> np.uint64:
    """The next word of a xorshift generator (Marsaglia 2003)."""
    word: np.uint64 = random[0]
    word ^= word << np.uint64(13)
    word ^= word >> np.uint64(7)
    word ^= word << np.uint64(17)
    random[0] = word
    return word
