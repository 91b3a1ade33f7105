"""The likely repair of a name that nobody knows: the known one that is spelt nearly so."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from timetabling.formats.text import MAX_SHOWN, quote

__all__ = ["Spelling"]

_LONGEST = 60  # characters: comparing two names takes the product of their lengths
_MOST_KNOWN = 5_000


class Spelling:
    """Known names.

    Examples
    --------
    >>> spelling = Spelling(["Algebra", "Physics"])
    >>> spelling.hint("algebr"), spelling.hint("Music")
    ("; did you mean 'Algebra'?", '')
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._by_folded: dict[str, str] = {}
        for name in known:
            self._by_folded.setdefault(name.casefold(), name)
        self._num_left = MAX_SHOWN  # no more problems than that are shown, and looking takes time

    def nearest(self, name: str) -> str | None:
        """The known name that is most like another one, if any is."""
        if not self._num_left or len(name) > _LONGEST or len(self._by_folded) > _MOST_KNOWN:
            return None
        self._num_left -= 1
        folded = name.casefold()
        if folded in self._by_folded:
            return self._by_folded[folded]
        near = get_close_matches(folded, self._by_folded, n=1, cutoff=0.6)
        return self._by_folded[near[0]] if near else None

    def hint(self, name: str) -> str:
        """What to add to a complaint about an unknown name; nothing if none is near."""
        near = self.nearest(name)
        return "" if near is None else f"; did you mean {quote(near)}?"
