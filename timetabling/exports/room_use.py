"""How full each room is in each period of the week, drawn as an SVG."""

from __future__ import annotations

from collections import defaultdict
from html import escape

from timetabling.exports.grids import Week
from timetabling.view import Document

__all__ = ["draw_room_use"]

CELL, LEFT, TOP, MARGIN, LEGEND = 14, 150, 34, 12, 34
MAX_NAME = 20
SHADES = (
    ("up to half of the seats taken", "#bfdbfe"),
    ("more than half", "#60a5fa"),
    ("more than four fifths", "#1d4ed8"),
    ("seats missing, or two at once", "#dc2626"),
)


def draw_room_use(found: Document, week: Week) -> str:
    """Draw a row a room, the largest first, and a column a period of the week."""
    num_days, per_day = len(week.days), len(week.periods)
    rooms = found["rooms"]
    order = sorted(range(len(rooms)), key=lambda r: (-rooms[r]["capacity"], rooms[r]["id"]))
    row_of = {r: row for row, r in enumerate(order)}
    used: defaultdict[tuple[int, int, int], list[int]] = defaultdict(list)
    for lecture in found["lectures"]:
        students = found["courses"][lecture["course"]]["num_students"]
        used[lecture["room"], lecture["day"], lecture["period"]].append(students)

    def x(day: int, period: int) -> int:
        return LEFT + day * (per_day * CELL + 6) + period * CELL

    cells: list[list[str]] = [[] for _ in SHADES]
    for (r, day, period), students_here in used.items():
        shade = _shade(students_here, rooms[r]["capacity"])
        cells[shade].append(f"M{x(day, period)} {TOP + row_of[r] * CELL}h13v13h-13z")
    parts = []
    for day, name in enumerate(week.days):
        parts.append(
            f'<text x="{x(day, 0)}" y="{TOP - 10}">{escape(_cut(name, per_day * 2))}</text>'
        )
        parts += [
            f'<rect x="{x(day, 0)}" y="{TOP + row * CELL}" width="{per_day * CELL - 1}" '
            f'height="13" fill="#e2e8f0"/>'
            for row in range(len(rooms))
        ]
    for row, r in enumerate(order):
        name = f"{_cut(rooms[r]['id'], MAX_NAME)} ({rooms[r]['capacity']})"
        parts.append(
            f'<text x="{LEFT - 8}" y="{TOP + row * CELL + 11}" text-anchor="end">{escape(name)}'
            "</text>"
        )
    parts += [
        f'<path d="{"".join(paths)}" fill="{colour}"/>'
        for paths, (_, colour) in zip(cells, SHADES, strict=True)
        if paths
    ]
    width = max(x(num_days - 1, per_day) + MARGIN, LEFT + 400)
    below = TOP + len(rooms) * CELL
    for place, (text, colour) in enumerate(SHADES):
        left, top = LEFT + place % 2 * 200, below + 14 + place // 2 * 18
        parts.append(
            f'<rect x="{left}" y="{top}" width="13" height="13" fill="{colour}"/>'
            f'<text x="{left + 19}" y="{top + 11}">{text}</text>'
        )
    height = below + LEGEND + MARGIN + 10
    held, places = len(used), len(rooms) * num_days * per_day
    label = f"Rooms are used in {held} of {places} periods"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{label}" '
        f'font-family="sans-serif" font-size="11" fill="#334155">'
        f'<rect width="{width}" height="{height}" rx="6" fill="#f8fafc"/>{"".join(parts)}</svg>'
    )


def _shade(students: list[int], seats: int) -> int:
    if len(students) > 1 or students[0] > seats:
        return 3
    return (students[0] * 2 > seats) + (students[0] * 5 > seats * 4)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: max(1, length - 1)]}…"
