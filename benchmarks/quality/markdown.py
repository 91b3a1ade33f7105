"""Tables in Markdown that are also readable as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["seconds", "table"]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table; the first column to the left, numbers to the right.

    >>> print(table(["instance", "cost"], [["comp01", "5"]]))
    | instance | cost |
    |----------|-----:|
    | comp01   |    5 |
    """
    body = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * (width + 2) if i == 0 else f"{'-' * (width + 1)}:" for i, width in enumerate(widths)
    ]
    return "\n".join([line(head), f"|{'|'.join(rule)}|", *map(line, body)])


def seconds(value: float | None) -> str:
    """Write a time.

    >>> seconds(0.04), seconds(12.3), seconds(None)
    ('0.0 s', '12 s', '-')
    """
    if value is None:
        return "-"
    return f"{value:.1f} s" if value < 9.95 else f"{value:.0f} s"
