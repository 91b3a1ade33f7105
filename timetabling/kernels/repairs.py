"""Episodes of repair, compiled: propose repairs of what costs something, choose one, apply it.

A repair is a short list of new places for lectures. Which lectures are looked at is drawn by
their blame, how each could be repaired is sampled; the choice among all of that is the
policy's, which is applied here from its weights.
"""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from timetabling.kernels.compiling import OPTIONS, Kernel, compiled
from timetabling.kernels.delta import State, load_state, move, move_delta
from timetabling.kernels.model import Ints, Model

__all__ = ["FEATURES", "Desk", "Record", "Weights", "new_desk", "new_record", "run_episode"]

Floats = NDArray[np.float32]
Longs = NDArray[np.int64]

CONFLICTS = 3  # lectures looked at for one decision
SAMPLES = 8  # places tried for the best of one kind of repair
MAX_CHANGES = 8  # lectures that one repair may move
BLAME_SLICE = 8  # lectures whose blame is brought up to date each step, in turn
MAX_BLAME = 50  # of soft penalties, so that one lecture is not drawn all the time
NOWHERE = -1
NEVER = -1_000_000  # a step long ago
FADING = 10.0  # steps after which a change is no longer a recent one

REPAIRS = ("stay", "move", "near", "room", "swap", "eject", "chain", "kick")
STAY, MOVE, NEAR, ROOM, SWAP, EJECT, CHAIN, KICK = range(len(REPAIRS))
CONFLICT_KINDS = ("missing", "clashing", "costly", "clean")
MISSING, CLASHING, COSTLY, CLEAN = range(len(CONFLICT_KINDS))
MAX_CANDIDATES = 2 + (len(REPAIRS) - 1) * CONFLICTS  # the last is scratch

FEATURES = (
    "violations",  # change, cut to -3..3
    "cost, fine",  # change, squashed so that single points tell
    "cost, coarse",  # change, squashed so that tens tell
    "better",
    "level",
    "best so far",
    "blame",  # of the lecture, logarithm
    "moved lately",  # 1 when just moved, falls with the steps since
    "going back",  # 1 when the course just left the period it would go to
    "often moved",  # in this episode, logarithm
    "crowded",  # share of the rooms that are taken in the period it would go to
    "changes",  # lectures moved
    "behind",  # how much worse the timetable is than the best of the episode
    "episode",  # share of it that is over
    "budget",  # share of it that is used
    *(f"repair {kind}" for kind in REPAIRS),
    *(f"conflict {kind}" for kind in CONFLICT_KINDS),
)
EPISODE, BUDGET = FEATURES.index("episode"), FEATURES.index("budget")
FIRST_REPAIR = FEATURES.index("repair stay")
FIRST_CONFLICT = FEATURES.index("conflict missing")


def _internal(kernel: Kernel) -> Kernel:
    """Compile for other kernels only: wrappers for Python would double the time it takes."""
    options = OPTIONS | {"cache": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return cast("Kernel", njit(**options)(kernel))


class Weights(NamedTuple):
    """The policy: the score of a candidate is linear·x + out·tanh(hidden·x + bias)."""

    linear: Floats  # (features,)
    hidden: Floats  # (units, features)
    bias: Floats  # (units,)
    out: Floats  # (units,)


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
    random: NDArray[np.uint64]  # (1,): state of the generator, never 0
    work: Longs  # (1,): moves priced


class Record(NamedTuple):
    """What an episode leaves: its decisions, what they brought, the best timetable it saw."""

    features: Floats  # (steps, MAX_CANDIDATES, features)
    num_candidates: Ints  # (steps,)
    chosen: Ints  # (steps,)
    fall: Floats  # (steps,): of the weighted objective
    gain: Floats  # (steps,): of that, below the best of the episode so far
    period: Ints  # (lectures,)
    room: Ints  # (lectures,)


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


def new_record(model: Model, max_steps: int) -> Record:
    """Allocate for an episode of up to `max_steps` decisions."""
    return Record(
        features=np.zeros((max_steps, MAX_CANDIDATES, len(FEATURES)), np.float32),
        num_candidates=np.zeros(max_steps, np.int32),
        chosen=np.zeros(max_steps, np.int32),
        fall=np.zeros(max_steps, np.float32),
        gain=np.zeros(max_steps, np.float32),
        period=np.zeros(model.num_lectures, np.int32),
        room=np.zeros(model.num_lectures, np.int32),
    )


@compiled
def run_episode(
    model: Model,
    state: State,
    desk: Desk,
    record: Record,
    weights: Weights,
    steps: int,
    periods: Ints,
    rooms: Ints,
    violation_weight: int,
    budget: float,
) -> tuple[int, int]:
    """Repair the given assignment for some steps, choosing as the weights say.

    Parameters
    ----------
    model, state
        See `timetabling.kernels.delta`; what the state holds before does not matter.
    desk
        Scratch; ``desk.random`` is the seed and ``desk.work`` counts the moves priced.
    record
        Receives the decisions, and the best timetable seen.
    weights
        The policy; all zero is a choice at random.
    steps
        Decisions to take, at most as many as the record holds.
    periods, rooms
        The assignment to set out from.
    violation_weight
        Points of cost that a violation counts.
    budget
        Share of the whole budget that is used, for the policy to know.

    Returns
    -------
    tuple[int, int]
        Violations and cost of the best timetable seen.
    """
    load_state(model, state, periods, rooms)
    desk.last_moved[:] = NEVER
    desk.left_at[:] = NEVER
    desk.times_moved[:] = 0
    desk.held[:] = 0
    for lecture in range(model.num_lectures):
        _update_blame(model, state, desk, lecture, violation_weight)
        if state.period[lecture] >= 0:
            desk.held[state.period[lecture]] += 1
    _keep(state, record)
    best_violations, best_cost = state.total[0], state.total[1]
    best = best_violations * violation_weight + best_cost
    now = best
    for step in range(steps):
        num_candidates = _propose(model, state, desk, violation_weight)
        features = record.features[step]
        for i in range(num_candidates):
            _describe(model, state, desk, features, i, step, now - best, violation_weight)
            features[i, EPISODE] = step / steps
            features[i, BUDGET] = budget
        chosen = _choose(desk, features, weights, num_candidates)
        _apply(model, state, desk, chosen, step)
        for j in range(desk.num_changes[chosen] + BLAME_SLICE):
            if j < desk.num_changes[chosen]:
                lecture = desk.lecture[chosen, j]
            else:
                lecture = _below(desk, model.num_lectures)
            _update_blame(model, state, desk, lecture, violation_weight)
        before, now = now, state.total[0] * violation_weight + state.total[1]
        record.num_candidates[step] = num_candidates
        record.chosen[step] = chosen
        record.fall[step] = before - now
        record.gain[step] = max(0, best - now)
        if now < best:
            best, best_violations, best_cost = now, state.total[0], state.total[1]
            _keep(state, record)
    return best_violations, best_cost


@_internal
def _keep(state: State, record: Record) -> None:
    for lecture in range(state.period.shape[0]):
        record.period[lecture] = state.period[lecture]
        record.room[lecture] = state.room[lecture]


@_internal
def _below(desk: Desk, bound: int) -> int:
    """Draw 0 to bound - 1, bound at most 2^32: the high word of Vigna's xorshift64* (2016)."""
    x = desk.random[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    desk.random[0] = x
    word = (x * np.uint64(2685821657736338717)) >> np.uint64(32)
    return int(np.int64((word * np.uint64(bound)) >> np.uint64(32)))


# ---- which lecture


@_internal
def _update_blame(
    model: Model, state: State, desk: Desk, lecture: int, violation_weight: int
) -> None:
    """Note what taking a lecture out would save; a missing one weighs a violation."""
    violations, cost = 1, 0
    if state.period[lecture] >= 0:
        violations, cost = move_delta(model, state, lecture, -1, -1)
        violations = 1 - violations
        desk.work[0] += 1
    desk.saved[lecture] = violations
    # Taking a lecture out may cost working days: no blame is below zero.
    desk.blame[lecture] = violations * violation_weight + min(MAX_BLAME, max(0, -cost))


@_internal
def _draw_by_blame(desk: Desk) -> int:
    """Draw a lecture with a chance by its blame, and one time in eight any."""
    total = int(desk.blame.sum())
    if total > 0 and _below(desk, 8) > 0:
        ticket = _below(desk, total)
        for lecture in range(desk.blame.shape[0]):
            ticket -= desk.blame[lecture]
            if ticket < 0:
                return lecture
    return _below(desk, desk.blame.shape[0])


# ---- how to repair it


@_internal
def _propose(model: Model, state: State, desk: Desk, violation_weight: int) -> int:
    """Fill the desk with candidates; the first leaves all as it is. Returns how many."""
    desk.kind[0] = STAY
    desk.num_changes[0] = 0
    desk.violations[0] = 0
    desk.cost[0] = 0
    i = 1
    for _ in range(CONFLICTS):
        lecture = _draw_by_blame(desk)
        _update_blame(model, state, desk, lecture, violation_weight)
        for kind in range(MOVE, KICK + 1):
            desk.kind[i] = kind
            desk.num_changes[i] = 0
            desk.lecture[i, 0] = lecture
            if kind == SWAP:
                best = 0
                for _ in range(SAMPLES // 2):
                    # Drawn on the next candidate's place, copied when it is the best.
                    if not _draw_swap(model, state, desk, i + 1, lecture):
                        continue
                    violations, cost = _price(model, state, desk, i + 1, 2)
                    value = violations * violation_weight + cost
                    if desk.num_changes[i] == 0 or value < best:
                        best = value
                        desk.num_changes[i] = 2
                        desk.violations[i] = violations
                        desk.cost[i] = cost
                        for j in range(2):
                            desk.lecture[i, j] = desk.lecture[i + 1, j]
                            desk.period[i, j] = desk.period[i + 1, j]
                            desk.room[i, j] = desk.room[i + 1, j]
            elif kind in (EJECT, CHAIN):
                count = _draw_ejection(model, state, desk, i, lecture)
                if count > 0:
                    if kind == CHAIN:
                        for j in range(1, count):
                            _find_place(model, state, desk, i, j, violation_weight)
                    desk.violations[i], desk.cost[i] = _price(model, state, desk, i, count)
                    desk.num_changes[i] = count
            elif _find_place(model, state, desk, i, 0, violation_weight):
                desk.num_changes[i] = 1
            if desk.num_changes[i] > 0:
                i += 1
    return i


@_internal
def _find_place(
    model: Model, state: State, desk: Desk, i: int, j: int, violation_weight: int
) -> bool:
    """Give change `j` of a candidate the best of some places; one only for a kick.

    Prices the move alone, in the timetable as it is.
    """
    lecture, kind = desk.lecture[i, j], desk.kind[i]
    if kind == ROOM and state.period[lecture] < 0:
        return False
    best = 0
    found = False
    for _ in range(1 if kind == KICK else SAMPLES):
        if kind == NEAR:
            period = _draw_period_near(model, state, desk, lecture)
        elif kind == ROOM:
            period = int(np.int64(state.period[lecture]))
        else:
            period = _below(desk, model.num_periods)
        if not _can_hold(model, state, lecture, period):
            continue
        if kind == CHAIN and period == desk.period[i, 0]:
            continue
        room = _draw_room(model, state, desk, lecture, period)
        if period == state.period[lecture] and room == state.room[lecture]:
            continue
        violations, cost = move_delta(model, state, lecture, period, room)
        desk.work[0] += 1
        value = violations * violation_weight + cost
        if not found or value < best:
            best = value
            found = True
            desk.period[i, j] = period
            desk.room[i, j] = room
            desk.violations[i] = violations
            desk.cost[i] = cost
    return found


@_internal
def _draw_swap(model: Model, state: State, desk: Desk, i: int, lecture: int) -> bool:
    """Let the lecture change places with another one."""
    period, room = int(np.int64(state.period[lecture])), state.room[lecture]
    other = _below(desk, model.num_lectures)
    there = int(np.int64(state.period[other]))
    if period < 0 or there < 0 or there == period:
        return False
    if not _can_hold(model, state, lecture, there):
        return False
    if not _can_hold(model, state, other, period):
        return False
    desk.lecture[i, 0], desk.period[i, 0], desk.room[i, 0] = lecture, there, state.room[other]
    desk.lecture[i, 1], desk.period[i, 1], desk.room[i, 1] = other, period, room
    return True


@_internal
def _draw_ejection(model: Model, state: State, desk: Desk, i: int, lecture: int) -> int:
    """Give the lecture a period of few obstacles and clear it of them. Returns the changes."""
    course = model.lecture_course[lecture]
    period = NOWHERE
    for _ in range(SAMPLES):
        p = _below(desk, model.num_periods)
        if (
            p != state.period[lecture]
            and not model.unavailable[course, p]
            and _can_hold(model, state, lecture, p)
            and (period < 0 or state.obstacles[course, p] < state.obstacles[course, period])
        ):
            period = p
    if period < 0:
        return 0
    first = model.rooms_start[course]
    room = int(np.int64(model.rooms[first + _below(desk, model.rooms_start[course + 1] - first)]))
    desk.period[i, 0] = period
    desk.room[i, 0] = room
    count = 1
    for n in range(model.neighbours_start[course], model.neighbours_start[course + 1]):
        other = state.lecture_at[model.neighbours[n], period]
        if other >= 0:
            if count == MAX_CHANGES:
                return 0
            desk.lecture[i, count], desk.period[i, count], desk.room[i, count] = other, -1, -1
            count += 1
    if state.room_load[room, period] == 1:
        other = state.room_lectures[room, period]
        if not model.conflict[course, model.lecture_course[other]]:
            if count == MAX_CHANGES:
                return 0
            desk.lecture[i, count], desk.period[i, count], desk.room[i, count] = other, -1, -1
            count += 1
    return count if count > 1 else 0  # where nothing has to give way it is a move


@_internal
def _can_hold(model: Model, state: State, lecture: int, period: int) -> bool:
    """Whether no other lecture of the course is held then."""
    there = state.lecture_at[model.lecture_course[lecture], period]
    return bool(there < 0 or there == lecture)


@_internal
def _draw_period_near(model: Model, state: State, desk: Desk, lecture: int) -> int:
    """A period next to a lecture of one of the course's curricula, or any."""
    course = model.lecture_course[lecture]
    first = model.curricula_start[course]
    num_curricula = model.curricula_start[course + 1] - first
    if num_curricula > 0:
        q = model.curricula[first + _below(desk, num_curricula)]
        first = model.members_start[q]
        mate = model.members[first + _below(desk, model.members_start[q + 1] - first)]
        first = model.first_lecture[mate]
        other = first + _below(desk, model.first_lecture[mate + 1] - first)
        there = int(np.int64(state.period[other]))
        if other != lecture and there >= 0:
            period = there + 2 * _below(desk, 2) - 1
            per_day = model.periods_per_day
            if period >= 0 and period // per_day == there // per_day:
                return period
    return _below(desk, model.num_periods)


@_internal
def _draw_room(model: Model, state: State, desk: Desk, lecture: int, period: int) -> int:
    """A room worth trying, and a free one if there is one."""
    course = model.lecture_course[lecture]
    first = model.rooms_start[course]
    num_rooms = model.rooms_start[course + 1] - first
    start = _below(desk, num_rooms)
    for k in range(num_rooms):
        room = int(np.int64(model.rooms[first + (start + k) % num_rooms]))
        if state.room_load[room, period] == 0:
            return room
    return int(np.int64(model.rooms[first + start]))


@_internal
def _price(model: Model, state: State, desk: Desk, i: int, count: int) -> tuple[int, int]:
    """Change of violations and cost by the changes of a candidate: do them, and undo them."""
    violations, cost = state.total[0], state.total[1]
    for step in range(4 * count):
        j = step % count
        lecture = desk.lecture[i, j]
        # All leave before the first arrives, so that no course meets itself on the way.
        if step < count:
            period, room = NOWHERE, NOWHERE
            desk.before[j, 0], desk.before[j, 1] = state.period[lecture], state.room[lecture]
        elif step < 2 * count:
            period, room = desk.period[i, j], desk.room[i, j]
        elif step < 3 * count:
            if step == 2 * count:
                violations, cost = state.total[0] - violations, state.total[1] - cost
            period, room = NOWHERE, NOWHERE
        else:
            period, room = desk.before[j, 0], desk.before[j, 1]
        if period != state.period[lecture]:
            move(model, state, lecture, period, room)
    desk.work[0] += count
    return violations, cost


@_internal
def _apply(model: Model, state: State, desk: Desk, i: int, step: int) -> None:
    """Carry a candidate out."""
    count = desk.num_changes[i]
    for half in range(2 * count):
        j = half % count
        lecture = desk.lecture[i, j]
        course = model.lecture_course[lecture]
        if half < count:
            old = state.period[lecture]
            if old >= 0:
                move(model, state, lecture, NOWHERE, NOWHERE)
                desk.held[old] -= 1
                desk.left_at[course, old] = step
        elif desk.period[i, j] >= 0:
            move(model, state, lecture, desk.period[i, j], desk.room[i, j])
            desk.held[desk.period[i, j]] += 1
            desk.last_moved[lecture] = step
            desk.times_moved[lecture] += 1


# ---- what the policy sees, and its choice


@_internal
def _describe(
    model: Model,
    state: State,
    desk: Desk,
    features: Floats,
    i: int,
    step: int,
    behind: int,
    violation_weight: int,
) -> None:
    """Write the features of candidate `i`, in the order of `FEATURES`."""
    violations, cost = desk.violations[i], desk.cost[i]
    value = violations * violation_weight + cost
    features[i] = 0.0
    features[i, 0] = min(3, max(-3, violations))
    features[i, 1] = math.tanh(cost / 4.0)
    features[i, 2] = math.tanh(cost / 40.0)
    features[i, 3] = value < 0
    features[i, 4] = value == 0
    features[i, 5] = value < -behind
    features[i, 11] = desk.num_changes[i] / MAX_CHANGES
    features[i, 12] = math.log1p(behind) / 6.0
    features[i, FIRST_REPAIR + desk.kind[i]] = 1.0
    if desk.num_changes[i] > 0:
        lecture, period = desk.lecture[i, 0], desk.period[i, 0]
        course = model.lecture_course[lecture]
        features[i, 6] = math.log1p(desk.blame[lecture]) / 6.0
        features[i, 7] = math.exp((desk.last_moved[lecture] - step) / FADING)
        features[i, 8] = math.exp((desk.left_at[course, period] - step) / FADING)
        features[i, 9] = math.log1p(desk.times_moved[lecture]) / 3.0
        features[i, 10] = desk.held[period] / model.num_rooms
        if state.period[lecture] < 0:
            conflict = MISSING
        elif desk.saved[lecture] > 0:
            conflict = CLASHING
        elif desk.blame[lecture] > 0:
            conflict = COSTLY
        else:
            conflict = CLEAN
        features[i, FIRST_CONFLICT + conflict] = 1.0


@_internal
def _choose(desk: Desk, features: Floats, weights: Weights, num_candidates: int) -> int:
    """Draw a candidate from the softmax of the scores."""
    highest = -np.inf
    for i in range(num_candidates):
        score = 0.0
        for f in range(features.shape[1]):
            score += weights.linear[f] * features[i, f]
        for h in range(weights.out.shape[0]):
            inner = weights.bias[h]
            for f in range(features.shape[1]):
                inner += weights.hidden[h, f] * features[i, f]
            score += weights.out[h] * math.tanh(inner)
        desk.scores[i] = score
        highest = max(highest, score)
    total = 0.0
    for i in range(num_candidates):
        desk.scores[i] = math.exp(desk.scores[i] - highest)
        total += desk.scores[i]
    ticket = _below(desk, 1 << 32) / (1 << 32) * total
    for i in range(num_candidates):
        ticket -= desk.scores[i]
        if ticket < 0.0:
            return i
    return num_candidates - 1
