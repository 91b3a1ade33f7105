"""An observer that remembers, for the tests of the engines."""

from __future__ import annotations

from timetabling.search import SilentObserver

__all__ = ["Diary"]


class Diary(SilentObserver):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.progress: list[tuple[int, int]] = []
        self.messages: list[tuple[str, dict[str, float]]] = []

    def update_stage_progress(self, completed: int, total: int) -> None:
        self.progress.append((completed, total))

    def update(self, message: str, **figures: float) -> None:
        self.messages.append((message, figures))
