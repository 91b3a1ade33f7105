"""Names in cells of a table: no spreadsheet shall take one for a formula, and each comes back."""

from __future__ import annotations

import re

__all__ = ["guarded", "unguarded"]

# A spreadsheet computes what begins so: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def guarded(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would compute.

    >>> guarded("=1+1"), guarded("'=1"), guarded("Bach"), guarded("'t Hooft")
    ("'=1+1", "''=1", 'Bach', "'t Hooft")
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Give what was guarded.

    >>> [unguarded(guarded(text)) for text in ("=1+1", "'=1", "Bach", "'t Hooft")]
    ['=1+1', "'=1", 'Bach', "'t Hooft"]
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
