"""What could be repaired, and how: lectures drawn by their blame, and places sampled for them."""

from __future__ import annotations

import numpy as np

from timetabling.kernels.compiling import internal
from timetabling.kernels.delta import move, move_delta
from timetabling.kernels.desk import CONFLICTS, MAX_CHANGES, REPAIRS, Desk
from timetabling.kernels.draws import draw, draw_period_beside_mate, draw_room_worth_trying
from timetabling.kernels.model import PLACE_HELD, Model
from timetabling.kernels.state import State

__all__ = ["NOWHERE", "propose", "update_blame"]

SAMPLES = 8  # places tried for the best of one kind of repair
MAX_BLAME = 50  # of soft penalties, so that one lecture is not drawn all the time
NOWHERE = -1

STAY, MOVE, NEAR, ROOM, SWAP, EJECT, CHAIN, KICK = range(len(REPAIRS))


# ---- which lecture


@internal
def update_blame(
    model: Model, state: State, desk: Desk, lecture: int, violation_weight: int
) -> None:
    """Note what taking a lecture out would save; a missing one weighs a violation."""
    violations, cost = 1, 0
    if state.period[lecture] >= 0:
        violations, cost = move_delta(model, state, lecture, -1, -1)
        # At the cap of changes, to take a kept lecture out costs two: it saves none.
        violations = max(0, 1 - violations)
        desk.work[0] += 1
    desk.saved[lecture] = violations
    # Taking a lecture out may cost working days: no blame is below zero.
    desk.blame[lecture] = violations * violation_weight + min(MAX_BLAME, max(0, -cost))
    if model.hold[lecture] == PLACE_HELD:
        desk.blame[lecture] = 0


@internal
def _draw_by_blame(desk: Desk) -> int:
    """Draw a lecture with a chance by its blame, and one time in eight any."""
    total = int(desk.blame.sum())
    if total > 0 and draw(desk.random, 8) > 0:
        ticket = draw(desk.random, total)
        for lecture in range(desk.blame.shape[0]):
            ticket -= desk.blame[lecture]
            if ticket < 0:
                return lecture
    return draw(desk.random, desk.blame.shape[0])


# ---- how to repair it


@internal
def propose(model: Model, state: State, desk: Desk, violation_weight: int) -> int:
    """Fill the desk with candidates; the first leaves all as it is. Returns how many."""
    desk.kind[0] = STAY
    desk.num_changes[0] = 0
    desk.violations[0] = 0
    desk.cost[0] = 0
    i = 1
    for _ in range(CONFLICTS):
        lecture = _draw_by_blame(desk)
        if model.hold[lecture] == PLACE_HELD:
            continue
        update_blame(model, state, desk, lecture, violation_weight)
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


@internal
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
            period = draw_period_beside_mate(
                model, state, desk.random, model.lecture_course[lecture]
            )
        elif kind == ROOM:
            period = int(np.int64(state.period[lecture]))
        else:
            period = draw(desk.random, model.num_periods)
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


@internal
def _draw_swap(model: Model, state: State, desk: Desk, i: int, lecture: int) -> bool:
    """Let the lecture change places with another one."""
    period, room = int(np.int64(state.period[lecture])), state.room[lecture]
    other = draw(desk.random, model.num_lectures)
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


@internal
def _draw_ejection(model: Model, state: State, desk: Desk, i: int, lecture: int) -> int:
    """Give the lecture a period of few obstacles and clear it of them. Returns the changes."""
    course = model.lecture_course[lecture]
    period = NOWHERE
    for _ in range(SAMPLES):
        p = draw(desk.random, model.num_periods)
        if (
            p != state.period[lecture]
            and not model.unavailable[course, p]
            and _can_hold(model, state, lecture, p)
            and (period < 0 or state.obstacles[p, course] < state.obstacles[period, course])
        ):
            period = p
    if period < 0:
        return 0
    room = draw_room_worth_trying(model, desk.random, course)
    desk.period[i, 0] = period
    desk.room[i, 0] = room
    count = 1
    for n in range(model.neighbours_start[course], model.neighbours_start[course + 1]):
        other = state.lecture_at[period, model.neighbours[n]]
        if other >= 0:
            if count == MAX_CHANGES or model.hold[other] > 0:
                return 0
            desk.lecture[i, count], desk.period[i, count], desk.room[i, count] = other, -1, -1
            count += 1
    if state.room_load[period, room] == 1:
        other = state.room_lectures[period, room]
        if not model.conflict[course, model.lecture_course[other]]:
            if count == MAX_CHANGES or model.hold[other] > 0:
                return 0
            desk.lecture[i, count], desk.period[i, count], desk.room[i, count] = other, -1, -1
            count += 1
    return count if count > 1 else 0  # where nothing has to give way it is a move


@internal
def _can_hold(model: Model, state: State, lecture: int, period: int) -> bool:
    """Whether no pin forbids it, and no other lecture of the course is held then."""
    if model.hold[lecture] > 0 and period != state.period[lecture]:
        return False
    there = state.lecture_at[period, model.lecture_course[lecture]]
    return bool(there < 0 or there == lecture)


@internal
def _draw_room(model: Model, state: State, desk: Desk, lecture: int, period: int) -> int:
    """A room worth trying, and a free one if there is one."""
    course = model.lecture_course[lecture]
    first = model.rooms_start[course]
    num_rooms = model.rooms_start[course + 1] - first
    start = draw(desk.random, num_rooms)
    for k in range(num_rooms):
        room = int(np.int64(model.rooms[first + (start + k) % num_rooms]))
        if state.room_load[period, room] == 0:
            return room
    return int(np.int64(model.rooms[first + start]))


@internal
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
