"""The snapshot that Redis holds, drawn in a terminal; in a pipe, a line when something changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from tracking.plan import Plan
from tracking.words import duration

__all__ = ["Display", "gap"]

WIDTH = 100  # columns at most: longer bars say no more

Snapshot = Mapping[str, Any]


def gap(cost: int, bound: int) -> str:
    """Say how much better than a feasible timetable another one might be.

    >>> gap(61, 53), gap(61, 61), gap(0, 0)
    ('at least 53 (gap 13 %)', 'proven optimal', 'proven optimal')
    """
    if cost == bound:
        return "proven optimal"
    return f"at least {bound} (gap {100 * (cost - bound) / cost:.0f} %)"


def draw(snapshot: Snapshot, plan: Plan | None) -> RenderableType:
    """Draw one snapshot: a line a stage, or the stage in work where the plan is not known here;
    then the whole."""
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    table.add_column(no_wrap=True, justify="right", width=len("100.00 %"))
    table.add_column(no_wrap=True, width=len("59 min 59 s left"))
    labels = {snapshot["stage"]: snapshot["stage_label"]}
    if plan is not None:
        labels = {stage.id: stage.label for stage in plan.stages}
    at = list(labels).index(snapshot["stage"])
    over = snapshot["status"] == "completed"
    for i, label in enumerate(labels.values()):
        percent = 100.0 if i < at or over else snapshot["stage_progress"] if i == at else 0.0
        figures = snapshot["metadata"] if i == at else {}
        items = ""
        if figures.get("total_items"):
            items = f"{figures['completed_items']} of {figures['total_items']}"
        style = "bold" if i == at and not over else "" if i < at or over else "dim"
        table.add_row(
            Text(label, style),
            ProgressBar(100, percent, complete_style="cyan"),
            Text(f"{percent:.2f} %", style),
            items,
        )
    overall = snapshot["overall_progress"]
    ended = snapshot["eta_seconds"] == 0
    left = (
        "" if over else snapshot["status"] if ended else f"{duration(snapshot['eta_seconds'])} left"
    )
    table.add_row(
        Text("Overall", "bold"),
        ProgressBar(100, overall, complete_style="cyan"),
        Text(f"{overall:.2f} %", "bold"),
        Text(left, "bold"),
    )
    below = Table.grid(padding=(0, 2), expand=True)
    below.add_row(Text(_found(snapshot), "cyan"), Text(_doubt(snapshot), "dim", justify="right"))
    return Group(Constrain(table, WIDTH), Constrain(below, WIDTH))


def _doubt(snapshot: Snapshot) -> str:
    """How sure the time left is, and whether anything happens at all."""
    if snapshot.get("stalled"):
        return "nothing was finished for a long time"
    low, high = snapshot.get("eta_low_seconds"), snapshot.get("eta_high_seconds")
    return f"{duration(low)} to {duration(high)} left" if low and high else ""


def _found(snapshot: Snapshot) -> str:
    """What was found so far, in words."""
    figures = snapshot["metadata"]
    if figures.get("cost") is None or figures.get("violations") is None:
        return str(snapshot.get("message") or "")  # of any other flow
    cost, violations = int(figures["cost"]), int(figures["violations"])
    more = ""
    if violations:
        more = f", {violations} hard rules broken"
    elif figures.get("bound") is not None:
        more = f", {gap(cost, int(figures['bound']))}"
    return f"best so far: cost {cost}{more}"


class Display:
    """Draws a job's snapshots, ten times a second, for as long as its block lasts.

    Parameters
    ----------
    console
        Where to draw. If it is no terminal, a line is printed at each stage and each 10 %.
    plan
        The job's plan, if it is known here.
    latest
        Returns the newest snapshot, or None while there is none.
    """

    def __init__(
        self, console: Console, plan: Plan | None, latest: Callable[[], Snapshot | None]
    ) -> None:
        self._console, self._plan, self._latest = console, plan, latest
        self._over = threading.Event()
        self._said: tuple[str, int] | None = None
        self._live = Live(
            console=console, get_renderable=self._render, refresh_per_second=10, transient=False
        )
        self._thread = threading.Thread(target=self._print_changes, daemon=True)

    def __enter__(self) -> Self:
        """Begin to draw."""
        if self._console.is_terminal:
            self._live.start()
        else:
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Draw the last snapshot and end."""
        self._over.set()
        if self._live.is_started:
            self._live.stop()
        elif self._thread.is_alive():
            self._thread.join()

    def _render(self) -> RenderableType:
        snapshot = self._latest()
        return "" if snapshot is None else draw(snapshot, self._plan)

    def _print_changes(self) -> None:
        while not self._over.wait(0.1):
            self._print_change()
        self._print_change()

    def _print_change(self) -> None:
        snapshot = self._latest()
        if snapshot is None:
            return
        now = snapshot["stage"], int(snapshot["overall_progress"]) // 10
        if now != self._said:
            self._said = now
            self._console.print(
                f"{snapshot['overall_progress']:6.2f} %  {snapshot['stage_label']}"
                f"  {duration(snapshot['eta_seconds'])} left  {_found(snapshot)}",
                highlight=False,
                soft_wrap=True,
            )
