"""Video files: what is in them, and making them, cutting them and taking the sound out."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from examples.clips.clip import Span

__all__ = ["Movie", "Writer", "cut", "extract_sound", "probe", "read_sound"]

SOUND_SAMPLES_PER_SECOND = 16_000
"""What `extract_sound` writes: one channel, 16 bits, as recognisers of speech expect it."""


@dataclass(frozen=True, slots=True)
class Movie:
    """What a file says of itself: length in seconds, size in pixels, and whether it has sound."""

    seconds: float
    width: int
    height: int
    has_sound: bool


def probe(where: str | Path) -> Movie:
    """Read a video's header, of a file or behind an http address.

    Raises
    ------
    ValueError
        If it is no video, or does not say how long it is.
    OSError
        If it cannot be read.
    """
    try:
        with av.open(str(where)) as container:
            if not container.streams.video or not container.duration:
                raise ValueError(f"{where}: expected a video with a known length")
            picture = container.streams.video[0]
            return Movie(
                container.duration / av.time_base,
                picture.width,
                picture.height,
                has_sound=bool(container.streams.audio),
            )
    except av.error.InvalidDataError as error:
        raise ValueError(f"{where}: expected a video, got something else") from error


class Writer:
    """Writes an MP4 file that plays while it is being fetched.

    Parameters
    ----------
    path
        Where to; what is there is replaced.
    width, height
        In pixels, both even.
    frames_per_second, samples_per_second
        Of the pictures, and of the one channel of sound.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        frames_per_second: int | Fraction,
        samples_per_second: int,
    ) -> None:
        self._container = av.open(str(path), "w", options={"movflags": "faststart"})
        self._picture = self._container.add_stream(
            "libx264", rate=frames_per_second, options={"preset": "veryfast", "crf": "26"}
        )
        self._picture.width, self._picture.height = width, height
        self._picture.pix_fmt = "yuv420p"
        # One thread: clips are cut side by side, and the machine has other work.
        self._picture.codec_context.thread_count = 1
        self._sound = self._container.add_stream("aac", rate=samples_per_second, layout="mono")
        self._frame_seconds = 1 / Fraction(frames_per_second)
        self._sample_seconds = Fraction(1, samples_per_second)
        self._num_frames = self._num_samples = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        if not any(exception):
            self._container.mux(self._picture.encode(None))
            self._container.mux(self._sound.encode(None))
        self._container.close()

    def show(self, picture: NDArray[np.uint8] | av.VideoFrame) -> None:
        """Add a picture, an array of (height, width, 3) or a frame of another video."""
        if not isinstance(picture, av.VideoFrame):
            picture = av.VideoFrame.from_ndarray(picture, format="rgb24")
        picture.pts, picture.time_base = self._num_frames, self._frame_seconds
        picture.pict_type = PictureType.NONE  # the encoder decides afresh
        self._num_frames += 1
        self._container.mux(self._picture.encode(picture))

    def play(self, sound: NDArray[np.int16]) -> None:
        """Add sound, samples of one channel."""
        frame = av.AudioFrame.from_ndarray(sound.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._sample_seconds.denominator
        frame.pts, frame.time_base = self._num_samples, self._sample_seconds
        self._num_samples += len(sound)
        self._container.mux(self._sound.encode(frame))


def cut(source: Path, target: Path, span: Span) -> None:
    """Write a part of a video to a file of its own, to the frame."""
    with av.open(str(source)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        rate = picture.average_rate
        frames_per_second = Fraction(rate.numerator, rate.denominator) if rate else Fraction(25)
        # Half a frame before: times are rounded, and a frame at the start belongs to the part.
        start, end = (float(t - 0.5 / frames_per_second) for t in (span.start, span.end))
        to_mono = av.AudioResampler(format="s16", layout="mono", rate=sound.rate)
        container.seek(max(0, int(start * av.time_base)))
        with Writer(
            target,
            width=picture.width,
            height=picture.height,
            frames_per_second=frames_per_second,
            samples_per_second=sound.rate,
        ) as clip:
            for frame in container.decode(picture, sound):
                if not isinstance(frame, av.VideoFrame | av.AudioFrame) or frame.time is None:
                    continue
                if frame.time > end + 1:  # picture and sound lie less than a second apart
                    break
                if not start <= frame.time < end:
                    continue
                if isinstance(frame, av.VideoFrame):
                    clip.show(frame)
                    continue
                for part in to_mono.resample(frame):
                    clip.play(part.to_ndarray()[0])


def extract_sound(source: Path, target: Path) -> None:
    """Write a video's sound to a WAV file."""
    with wave.open(str(target), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_SAMPLES_PER_SECOND)
        for part in _sound_of(source):
            file.writeframes(part.tobytes())


def read_sound(path: Path) -> NDArray[np.int16]:
    """Read what `extract_sound` wrote."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def _sound_of(source: Path) -> Iterator[NDArray[np.int16]]:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=SOUND_SAMPLES_PER_SECOND)
    with av.open(str(source)) as container:
        for frame in [*container.decode(audio=0), None]:
            for part in resampler.resample(frame):
                yield part.to_ndarray()[0]
