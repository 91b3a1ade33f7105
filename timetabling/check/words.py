"""How things are said: counts, lists of names, periods of a week."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

__all__ = ["count", "names", "pairs_of", "periods_of", "when"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOST_NAMES = 6


def count(number: int, thing: str) -> str:
    """Say how many.

    >>> count(1, "lecture"), count(12, "lecture"), count(2, "curriculum")
    ('1 lecture', '12 lectures', '2 curricula')
    """
    many = "curricula" if thing == "curriculum" else f"{thing}s"
    return f"{number} {thing if number == 1 else many}"


def names(of: Sequence[str]) -> str:
    """List names, the first of many.

    >>> names(["Algebra", "Music"]), names("abcdefgh")
    ('Algebra, Music', 'a, b, c, d, e and 3 more')
    """
    if len(of) <= _MOST_NAMES:
        return ", ".join(of)
    shown = _MOST_NAMES - 1
    return f"{', '.join(of[:shown])} and {len(of) - shown} more"


def periods_of(mask: int) -> list[int]:
    """Periods whose bits are set, in order.

    >>> periods_of(0b1010001)
    [0, 4, 6]
    """
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found


def pairs_of(mask: int, periods_per_day: int) -> tuple[tuple[int, int], ...]:
    """Days and periods of the bits that are set, both counted from 0.

    >>> pairs_of(0b1010001, 4)
    ((0, 0), (1, 0), (1, 2))
    """
    return tuple(divmod(period, periods_per_day) for period in periods_of(mask))


def when(mask: int, periods_per_day: int, *, in_full: bool = False) -> str:
    """Say which periods, counted from 1: days in a row that have the same are told together.

    Of many only the first ones are told, unless `in_full`.

    >>> when(0b0001_0111_0111, 4), when(0b1011, 4), when(1 << 70, 10), when(0, 4)
    ('Mon-Tue 1-3, Wed 1', 'Mon 1-2, 4', 'day 8 1', 'none')
    """
    days = [
        (day, tuple(slot for _, slot in pairs))
        for day, pairs in groupby(pairs_of(mask, periods_per_day), key=lambda pair: pair[0])
    ]
    told: list[tuple[int, int, tuple[int, ...]]] = []  # first day, last day, periods on each
    for day, slots in days:
        if told and told[-1][1:] == (day - 1, slots):
            told[-1] = (told[-1][0], day, slots)
        else:
            told.append((day, day, slots))
    said = [f"{_range(first, last, _day)} {_slots(slots)}" for first, last, slots in told]
    return (", ".join(said) if in_full else names(said)) or "none"


def _day(day: int) -> str:
    return _DAYS[day] if day < len(_DAYS) else f"day {day + 1}"


def _slots(slots: Iterable[int]) -> str:
    runs: list[tuple[int, int]] = []
    for slot in slots:
        if runs and runs[-1][1] == slot - 1:
            runs[-1] = (runs[-1][0], slot)
        else:
            runs.append((slot, slot))
    return ", ".join(_range(first + 1, last + 1, str) for first, last in runs)


def _range(first: int, last: int, name: Callable[[int], str]) -> str:
    return name(first) if first == last else f"{name(first)}-{name(last)}"
