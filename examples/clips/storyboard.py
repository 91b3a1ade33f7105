"""A video of our own making: scenes with hard cuts, something that moves, and a sentence each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from examples.clips.movie import Writer
from examples.clips.speech import speak

__all__ = ["STORY", "Scene", "generate"]

_FRAMES_PER_SECOND = 25
_WIDTH, _HEIGHT = 320, 180
_PAUSE_SECONDS = 0.4  # before and after each sentence

_Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Scene:
    """What is said, before which background, and the colour of what moves; red, green, blue."""

    sentence: str
    background: _Colour
    ball: _Colour


STORY = (
    Scene("the library is open every day", (20, 40, 110), (250, 220, 90)),
    Scene("every teacher has a different problem", (240, 235, 210), (170, 40, 40)),
    Scene("where is the computer room", (10, 90, 50), (240, 240, 240)),
    Scene("nobody is working on sunday", (250, 170, 60), (40, 40, 60)),
    Scene("the problem is different every time", (70, 20, 80), (120, 220, 230)),
)
"""Neighbours differ in light and hue, so that a cut is seen as one and the movement is not."""


def generate(path: Path, story: Sequence[Scene] = STORY) -> float:
    """Make a video with sound, an MP4 file of 320 by 180; returns its length in seconds.

    Raises
    ------
    ValueError
        If the story has no scene.
    """
    if not story:
        raise ValueError("story: expected at least one scene, got none")
    spoken = [speak(scene.sentence) for scene in story]
    samples_per_second = spoken[0][1]
    num_frames = 0
    with Writer(
        path,
        width=_WIDTH,
        height=_HEIGHT,
        frames_per_second=_FRAMES_PER_SECOND,
        samples_per_second=samples_per_second,
    ) as video:
        for scene, (samples, _) in zip(story, spoken, strict=True):
            said_seconds = len(samples) / samples_per_second
            length = math.ceil((said_seconds + 2 * _PAUSE_SECONDS) * _FRAMES_PER_SECOND)
            for picture in _pictures(scene, length):
                video.show(picture)
            sound = np.zeros(length * samples_per_second // _FRAMES_PER_SECOND, np.int16)
            begin = int(_PAUSE_SECONDS * samples_per_second)
            sound[begin : begin + len(samples)] = samples
            video.play(sound)
            num_frames += length
    return num_frames / _FRAMES_PER_SECOND


def _pictures(scene: Scene, length: int) -> Iterator[NDArray[np.uint8]]:
    """A ball that swings to and fro before a plain background."""
    rows, columns = np.mgrid[:_HEIGHT, :_WIDTH]
    for number in range(length):
        swing = math.sin(2 * math.pi * number / (2 * _FRAMES_PER_SECOND))
        column, row = _WIDTH / 2 + 0.35 * _WIDTH * swing, _HEIGHT * (0.7 - 0.3 * abs(swing))
        picture = np.empty((_HEIGHT, _WIDTH, 3), np.uint8)
        picture[:] = scene.background
        picture[(rows - row) ** 2 + (columns - column) ** 2 < 18**2] = scene.ball
        yield picture
