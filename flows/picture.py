"""The cost of a run over time, drawn as an SVG. Pure."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Sequence

from flows.curve import Point
from tracking.words import duration

__all__ = ["as_address", "draw", "worth_drawing"]

WIDTH, HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 704, 20, 204
_LINE_HEIGHT = 14


def worth_drawing(points: Sequence[Point]) -> list[Point]:
    """The points of timetables that break no hard rule; all with a cost, if there are none."""
    priced = [point for point in points if point.cost is not None]
    return [point for point in priced if not point.violations] or priced


def draw(points: Sequence[Point], seconds: float) -> str:
    """Draw what the best timetable cost, and what every timetable costs at least.

    The figures are orders of magnitude apart, so the scale is logarithmic; it is named by the
    first cost, the last and the bound.

    Parameters
    ----------
    points
        At least one, all with a cost.
    seconds
        How long the run took.
    """
    end = max(seconds, points[-1].seconds, 1.0)
    costs = [point.cost or 0 for point in points]
    bound = points[-1].bound
    low, high = min(*costs, bound or 0), max(costs)
    span = math.log1p(high) - math.log1p(low) or 1.0

    def x(at: float) -> float:
        return _LEFT + at / end * (_RIGHT - _LEFT)

    def y(cost: float) -> float:
        return _BOTTOM - (math.log1p(cost) - math.log1p(low)) / span * (_BOTTOM - _TOP)

    # A cost stays until a better one is found: steps, not slopes.
    path = f"M{x(points[0].seconds):.1f} {y(costs[0]):.1f}"
    for point, cost in zip(points[1:], costs[1:], strict=True):
        path += f"H{x(point.seconds):.1f}V{y(cost):.1f}"
    parts = [f'<path d="{path}H{_RIGHT}" fill="none" stroke="#2563eb" stroke-width="2"/>']
    named: list[float] = []
    for value, colour, dash in (
        (costs[-1], "#1e3a8a", ""),
        (bound, "#b45309", ' stroke-dasharray="6 4"'),
        (costs[0], "#64748b", ""),
    ):
        if value is None or any(abs(y(value) - other) < _LINE_HEIGHT for other in named):
            continue
        named.append(y(value))
        parts += [
            f'<path d="M{_LEFT} {y(value):.1f}H{_RIGHT}" stroke="{colour}" opacity="0.5"{dash}/>',
            f'<text x="{_LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value}</text>',
        ]
    parts += [
        f'<text x="{_LEFT}" y="{HEIGHT - 12}">0 s</text>',
        f'<text x="{_RIGHT}" y="{HEIGHT - 12}" text-anchor="end">{duration(end)}</text>',
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="#334155">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#f8fafc"/>{"".join(parts)}</svg>'
    )


def as_address(svg: str) -> str:
    """Put a picture into an address, so that a text can hold it."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
