"""What the pipeline finds in a video, and the clips that follow from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Clip", "Span", "Utterance", "plan_clips"]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a video, in seconds from its start."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"span: expected 0 <= start < end, got {self.start}, {self.end}")

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Utterance:
    """What was said without a pause, and when."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A scene of its own: its number from 1, when it is, and what is said in it."""

    number: int
    span: Span
    text: str

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"clip-{self.number:02}.mp4"


def plan_clips(scenes: Sequence[Span], utterances: Sequence[Utterance]) -> list[Clip]:
    """Make a clip of every scene; what is said belongs to the scene that holds its middle.

    Examples
    --------
    >>> plan_clips([Span(0, 2), Span(2, 4)], [Utterance(Span(1.5, 3), "hello")])[1].text
    'hello'
    """
    return [
        Clip(number, scene, " ".join(_said_in(scene, utterances)))
        for number, scene in enumerate(scenes, start=1)
    ]


def _said_in(scene: Span, utterances: Sequence[Utterance]) -> list[str]:
    middles = [((said.span.start + said.span.end) / 2, said.text) for said in utterances]
    return [text for middle, text in middles if text and scene.start <= middle < scene.end]
