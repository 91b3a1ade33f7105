"""Where an episode of repair does its sums: candidates, blame, history."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from timetabling.kernels.draws import Random
from timetabling.kernels.model import Model

__all__ = [
    "CONFLICTS",
    "MAX_CANDIDATES",
    "MAX_CHANGES",
    "REPAIRS",
    "Desk",
    "Floats",
    "new_desk",
]

Floats = NDArray[np.float32]
Longs = NDArray[np.int64]

REPAIRS = ("stay", "move", "near", "room", "swap", "eject", "chain", "kick")
CONFLICTS = 3  # lectures looked at for one decision
MAX_CANDIDATES = 2 + (len(REPAIRS) - 1) * CONFLICTS  # the last is scratch
MAX_CHANGES = 8  # lectures that one repair may move


class Desk(NamedTuple):
    """Where an episode does its sums; allocated once, used by one episode at a time."""

    blame: Longs  # (lectures,): what taking the lecture out would save, weighted
    saved: Longs  # (lectures,): of that, violations
    last_moved: Longs  # (lectures,): step
    times_moved: Longs  # (lectures,)
    left_at: Longs  # (courses, periods): step at which the course left the period
    held: Longs  # (periods,): lectures then
    before: Longs  # (MAX_CHANGES, 2): places of lectures before a change
    lecture: Longs  # (MAX_CANDIDATES, MAX_CHANGES): the candidates' changes
    period: Longs
    room: Longs
    num_changes: Longs  # (MAX_CANDIDATES,)
    violations: Longs  # (MAX_CANDIDATES,): change
    cost: Longs  # (MAX_CANDIDATES,): change
    kind: Longs  # (MAX_CANDIDATES,)
    scores: Floats  # (MAX_CANDIDATES,)
    random: Random
    work: Longs  # (1,): moves priced


def new_desk(model: Model) -> Desk:
    """Allocate for any number of episodes."""
    of_lecture = np.zeros((4, model.num_lectures), np.int64)
    changes = np.zeros((3, MAX_CANDIDATES, MAX_CHANGES), np.int64)
    of_candidate = np.zeros((4, MAX_CANDIDATES), np.int64)
    return Desk(
        blame=of_lecture[0],
        saved=of_lecture[1],
        last_moved=of_lecture[2],
        times_moved=of_lecture[3],
        left_at=np.zeros((model.num_courses, model.num_periods), np.int64),
        held=np.zeros(model.num_periods, np.int64),
        before=np.zeros((MAX_CHANGES, 2), np.int64),
        lecture=changes[0],
        period=changes[1],
        room=changes[2],
        num_changes=of_candidate[0],
        violations=of_candidate[1],
        cost=of_candidate[2],
        kind=of_candidate[3],
        scores=np.zeros(MAX_CANDIDATES, np.float32),
        random=np.ones(1, np.uint64),
        work=np.zeros(1, np.int64),
    )
