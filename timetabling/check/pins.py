"""Pins that cannot all be kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from timetabling.check.assignment import Assignment
from timetabling.check.finding import Finding
from timetabling.check.openings import rooms_open_to
from timetabling.check.words import count, names, periods_of, when
from timetabling.penalties import Formulation
from timetabling.problem import Pin, Problem

__all__ = ["check_pins"]


def check_pins(problem: Problem, rules: Formulation) -> tuple[list[Finding], set[Pin]]:
    """Find the pins that contradict something; give the others as well, which all can be kept."""
    checked = _Pins(problem, rules)
    found = [
        *checked.against_rows(),
        *checked.of_clashing_courses(),
        *checked.without_rooms(),
    ]
    return found, checked.kept


class _Pins:
    """Pins, of which those that are found wrong are taken away, so that none is told twice."""

    def __init__(self, problem: Problem, rules: Formulation) -> None:
        self.problem = problem
        self.rooms = rooms_open_to(problem, rules)
        # A pin of a course without lectures holds nothing.
        self.kept = {pin for pin in problem.pins if problem.courses[pin.course].num_lectures}
        self.all = sorted(self.kept, key=_order)

    def against_rows(self) -> Iterator[Finding]:
        """Pins that contradict one row: an unavailability, a room constraint, another pin."""
        problem = self.problem
        whole = {pin.course: pin for pin in self.all if pin.period is None}
        for pin in self.all:
            c, course = pin.course, problem.courses[pin.course].id
            if pin.period is not None and (c, pin.period) in problem.unavailable:
                self.kept.discard(pin)
                yield self._finding(
                    "pin_unavailable", [pin],
                    f"course {course} is pinned to {self._when(pin)}, when it is unavailable",
                    "move the pin, or make the course available then",
                    needed=1, available=0,
                )  # fmt: skip
            if pin.room is None:
                continue
            room = problem.rooms[pin.room].id
            if not self.rooms[c] >> pin.room & 1:
                self.kept.discard(pin)
                yield self._finding(
                    "pin_unsuitable", [pin],
                    f"course {course} is pinned to room {room}, which is not suitable for it",
                    "pin it to another room, or make this one suitable",
                    needed=1, available=0,
                )  # fmt: skip
            if pin.period is not None and c in whole and pin.room != whole[c].room:
                self.kept.discard(pin)
                other = problem.rooms[whole[c].room or 0].id
                yield self._finding(
                    "pin_two_rooms", [pin, whole[c]],
                    f"all lectures of course {course} are pinned to room {other}, "
                    f"but the one at {self._when(pin)} to room {room}",
                    "take one of the two pins away",
                    needed=2, available=1,
                )  # fmt: skip

    def of_clashing_courses(self) -> Iterator[Finding]:
        """Pins of two courses that must never meet, to one period."""
        at: defaultdict[int, list[Pin]] = defaultdict(list)
        for pin in sorted(self.kept, key=_order):
            if pin.period is None:
                continue
            clashing = [
                other
                for other in at[pin.period]
                if other.course in self.problem.conflicts[pin.course]
            ]
            if not clashing:
                at[pin.period].append(pin)
                continue
            self.kept.discard(pin)
            other = clashing[0]
            pair = self.problem.courses[other.course], self.problem.courses[pin.course]
            shared = [
                f"curriculum {q.id}"
                for q in self.problem.curricula
                if other.course in q.courses and pin.course in q.courses
            ]
            if pair[0].teacher == pair[1].teacher:
                shared.insert(0, f"teacher {pair[0].teacher}")
            yield self._finding(
                "pins_at_once", [other, pin],
                f"courses {pair[0].id} and {pair[1].id} are both pinned to {self._when(pin)}, "
                f"but have in common {names(shared)}",
                "move one of the two pins",
                needed=2, available=1,
            )  # fmt: skip

    def without_rooms(self) -> Iterator[Finding]:
        """Lectures pinned to one period that do not fit into the rooms they may be in."""
        rooms = list(self.rooms)
        for pin in self.kept:
            if pin.period is None and pin.room is not None:
                rooms[pin.course] = 1 << pin.room
        at: defaultdict[int, list[Pin]] = defaultdict(list)
        for pin in sorted(self.kept, key=_order):
            if pin.period is not None and rooms[pin.course]:
                at[pin.period].append(pin)
        for pins in at.values():
            while pins:
                open_to = [rooms[pin.course] if pin.room is None else 1 << pin.room for pin in pins]
                demand = Assignment(
                    needs=[1] * len(pins),
                    places=[periods_of(mask) for mask in open_to],
                    capacity=[1] * len(self.problem.rooms),
                    once=True,
                )
                wrong = demand.violator()
                if not wrong:
                    break
                mask = 0
                for i in wrong:
                    mask |= open_to[i]
                inside = [self.problem.rooms[r].id for r in periods_of(mask)]
                together = [pins[i] for i in wrong]
                self.kept.difference_update(together[1:])
                pins[:] = [pin for pin in pins if pin not in together[1:]]
                courses = [self.problem.courses[pin.course].id for pin in together]
                yield self._finding(
                    "pins_without_rooms", together,
                    f"{count(len(together), 'lecture')} ({names(courses)}) are pinned to "
                    f"{self._when(together[0])}, but fit only into {count(len(inside), 'room')} "
                    f"({names(inside)})",
                    "move one of these pins to another period or another room",
                    needed=len(together), available=len(inside), rooms=inside,
                )  # fmt: skip

    def _when(self, pin: Pin) -> str:
        return when(1 << (pin.period or 0), self.problem.periods_per_day)

    def _finding(
        self,
        rule: str,
        pins: list[Pin],
        message: str,
        repair: str,
        *,
        needed: int,
        available: int,
        rooms: list[str] | None = None,
    ) -> Finding:
        problem = self.problem
        named = [problem.rooms[pin.room].id for pin in pins if pin.room is not None]
        periods = sorted({pin.period for pin in pins if pin.period is not None})
        return Finding(
            rule=rule,
            message=message,
            repair=repair,
            needed=needed,
            available=available,
            courses=tuple(dict.fromkeys(problem.courses[pin.course].id for pin in pins)),
            rooms=tuple(dict.fromkeys(rooms or named)),
            periods=tuple(divmod(period, problem.periods_per_day) for period in periods),
        )


def _order(pin: Pin) -> tuple[int, int, int]:
    """By course and period; those of whole courses first."""
    none = -1
    return (
        pin.course,
        none if pin.period is None else pin.period,
        none if pin.room is None else pin.room,
    )
