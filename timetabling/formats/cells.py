"""Names in cells of a table: no spreadsheet shall take one for a formula, and each comes back."""

from __future__ import annotations

import re

__all__ = ["guarded", "unguarded"]

# A spreadsheet computes what begins so: https://owasp.org/www-community/attacks/CSV_Injection
# A cell also begins after a semicolon or a tab, where Excel splits there; quotes around the text do
# not keep it from that, unless they are the first of the line.
_BEGIN, _FORMULA = r"((?:^|[;\t])[ \"]*)", r"(?='*[=+\-@\t\r])"
_TO_GUARD, _GUARDED = re.compile(_BEGIN + _FORMULA), re.compile(f"{_BEGIN}'{_FORMULA}")


def guarded(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would compute.

    >>> guarded("=1+1"), guarded("'=1"), guarded("Bach"), guarded("'t Hooft"), guarded("a;=1")
    ("'=1+1", "''=1", 'Bach', "'t Hooft", "a;'=1")
    """
    return _TO_GUARD.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """Give what was guarded.

    >>> [unguarded(guarded(text)) for text in ("=1+1", "'=1", "Bach", "'t Hooft")]
    ['=1+1', "'=1", 'Bach', "'t Hooft"]
    """
    return _GUARDED.sub(r"\1", text)
