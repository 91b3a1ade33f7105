"""A length of time in people's words."""

from __future__ import annotations

__all__ = ["duration"]


def duration(seconds: float | None) -> str:
    """Write seconds as people do: ``7 s``, ``3 min 05 s``, ``1 h 02 min``; None is not known.

    >>> duration(7), duration(185), duration(3720), duration(None)
    ('7 s', '3 min 05 s', '1 h 02 min', '...')
    """
    if seconds is None:
        return "..."
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
