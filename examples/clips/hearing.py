"""Speech becomes text, with a model that comes with its package."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from examples.clips.clip import Span, Utterance
from examples.clips.movie import SOUND_SAMPLES_PER_SECOND

__all__ = ["find_speech", "transcribe"]


def find_speech(sound: NDArray[np.int16]) -> list[Span]:
    """Find when somebody speaks; `sound` is one channel of 16,000 samples a second."""
    segmenter = pocketsphinx.Segmenter(sample_rate=SOUND_SAMPLES_PER_SECOND)
    found = segmenter.segment(io.BytesIO(sound.tobytes()))
    return [Span(part.start_time, part.end_time) for part in found]


def transcribe(
    sound: NDArray[np.int16], spans: Sequence[Span], on_utterance: Callable[[int], None]
) -> list[Utterance]:
    """Write down what is said.

    Parameters
    ----------
    sound
        One channel of 16,000 samples a second.
    spans
        When somebody speaks.
    on_utterance
        Is told after each span how many are done.
    """
    # Python's other threads stand still while the decoder is given sound, the one that publishes
    # progress among them: it is given a little at a time.
    block = SOUND_SAMPLES_PER_SECOND // 10
    decoder = pocketsphinx.Decoder(samprate=SOUND_SAMPLES_PER_SECOND, loglevel="FATAL")
    utterances = []
    for done, span in enumerate(spans, start=1):
        first, last = (round(t * SOUND_SAMPLES_PER_SECOND) for t in (span.start, span.end))
        decoder.start_utt()
        for begin in range(first, last, block):
            decoder.process_raw(sound[begin : min(begin + block, last)].tobytes())
        decoder.end_utt()
        heard = decoder.hyp()
        utterances.append(Utterance(span, heard.hypstr if heard else ""))
        on_utterance(done)
    return utterances
