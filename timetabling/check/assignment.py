"""Whether demands fit into places, and if not, which of them prove it.

By augmenting paths, as in Ahuja, Magnanti and Orlin, "Network Flows" (1993), section 6.5. Where a
search for such a path fails, all that it has reached violates Hall's condition (P. Hall, "On
representatives of subsets", 1935): together these demands need more than all their places hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Assignment"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Demands for places.

    Parameters
    ----------
    needs
        Units that each demand is for.
    places
        For each demand, the places that it may have.
    capacity
        Units that each place holds.
    once
        Whether a demand may have one unit of a place only, as a course has one lecture a period.
    """

    needs: Sequence[int]
    places: Sequence[Sequence[int]]
    capacity: Sequence[int]
    once: bool

    def violator(self) -> tuple[int, ...]:
        """Find demands that cannot all be met, none of them needless for that; or none."""
        if self._is_easy():
            return ()
        left = list(self.capacity)
        held: list[defaultdict[int, int]] = [defaultdict(int) for _ in left]  # by demand
        for demand in sorted(range(len(self.needs)), key=self._choice):
            for _ in range(self.needs[demand]):
                reached = self._place(demand, left, held)
                if reached:
                    return self._shrink(reached)
        return ()

    def supply(self, demands: Iterable[int]) -> int:
        """Units that the places of some demands hold for these, at the most."""
        users: defaultdict[int, int] = defaultdict(int)
        for demand in demands:
            for place in self.places[demand]:
                users[place] += 1
        return sum(self._holds(place, number) for place, number in users.items())

    def _holds(self, place: int, users: int) -> int:
        capacity = self.capacity[place]
        return min(users, capacity) if self.once else capacity * (users > 0)

    def _choice(self, demand: int) -> int:
        return len(self.places[demand])

    def _is_easy(self) -> bool:
        """Whether taking the first place that is free must work: it mostly does.

        Those with little choice first, each meets at most so many full places as those before it
        can have filled.
        """
        least = min(self.capacity, default=0)
        if not self.once or least < 1:
            return False
        before = 0
        for demand in sorted(range(len(self.needs)), key=self._choice):
            if self.needs[demand] > self._choice(demand) - before // least:
                return False
            before += self.needs[demand]
        return True

    def _place(
        self, demand: int, left: list[int], held: list[defaultdict[int, int]]
    ) -> frozenset[int]:
        """Place one unit, moving others where needed; else give the demands that are in the way."""
        came: dict[int, int] = {demand: -1}  # by which place a demand was reached
        seen: dict[int, int] = {}  # by which demand a place was reached
        queue = [demand]
        for mover in queue:
            for place in self.places[mover]:
                if place in seen or (self.once and held[place].get(mover)):
                    continue
                seen[place] = mover
                if left[place]:
                    left[place] -= 1
                    _move(place, seen, came, held)
                    return frozenset()
                for other in held[place]:
                    if other not in came:
                        came[other] = place
                        queue.append(other)
        return frozenset(came)

    def _shrink(self, demands: frozenset[int]) -> tuple[int, ...]:
        """Leave out what can be left out, small needs first: few large ones are easier to see."""
        users: defaultdict[int, int] = defaultdict(int)
        for demand in demands:
            for place in self.places[demand]:
                users[place] += 1
        excess = sum(self.needs[demand] for demand in demands) - self.supply(demands)
        kept = set(demands)
        for demand in sorted(demands, key=lambda each: (self.needs[each], each)):
            freed = sum(
                self._holds(place, users[place]) - self._holds(place, users[place] - 1)
                for place in self.places[demand]
            )
            if excess - self.needs[demand] + freed > 0:
                excess += freed - self.needs[demand]
                kept.remove(demand)
                for place in self.places[demand]:
                    users[place] -= 1
        return tuple(sorted(kept))


def _move(
    place: int, seen: dict[int, int], came: dict[int, int], held: list[defaultdict[int, int]]
) -> None:
    """Give a place to who reached it, what that one held to who reached that, and so on."""
    while place >= 0:
        mover = seen[place]
        held[place][mover] += 1
        place = came[mover]
        if place >= 0:
            held[place][mover] -= 1
            if not held[place][mover]:
                del held[place][mover]
