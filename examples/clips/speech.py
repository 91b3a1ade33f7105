"""A voice for the generated video: text becomes sound, on this machine alone."""

from __future__ import annotations

import ctypes
import functools
import threading
from typing import Any

import espeakng_loader
import numpy as np
from numpy.typing import NDArray

__all__ = ["speak"]

# Of its voices, the one that the recogniser understands best: 50 of 60 words, others 0 to 40.
_VOICE = b"en-us+f2"
_WORDS_PER_MINUTE = 130

# From its header, speak_lib.h.
_OUTPUT_TO_CALLBACK = 2
_PARAMETER_RATE = 1
_POSITION_CHARACTER = 1
_TEXT_IS_UTF8 = 1

_Samples = NDArray[np.int16]
_callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p
)
_lock = threading.Lock()  # the library has one voice for the whole process


def speak(text: str) -> tuple[_Samples, int]:
    """Say a text in English; gives the samples of one channel, and how many make a second.

    Raises
    ------
    RuntimeError
        If the voice does not work here.
    """
    with _lock:
        library, samples_per_second = _library()
        parts: list[_Samples] = []

        def keep(samples: Any, num_samples: int, events: int) -> int:  # noqa: ARG001
            if samples and num_samples:
                parts.append(np.ctypeslib.as_array(samples, (num_samples,)).copy())
            return 0

        told = _callback(keep)  # kept here, or it would be gone before it is called
        library.espeak_SetSynthCallback(told)
        written = text.encode()
        refused = library.espeak_Synth(
            written, len(written) + 1, 0, _POSITION_CHARACTER, 0, _TEXT_IS_UTF8, None, None
        )
        library.espeak_Synchronize()
    if refused or not parts:
        raise RuntimeError(f"the voice did not say {text!r}, error {refused}")
    return np.concatenate(parts), samples_per_second


@functools.cache
def _library() -> tuple[ctypes.CDLL, int]:
    library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
    data = str(espeakng_loader.get_data_path()).encode()
    samples_per_second = library.espeak_Initialize(_OUTPUT_TO_CALLBACK, 0, data, 0)
    if samples_per_second <= 0 or library.espeak_SetVoiceByName(_VOICE):
        raise RuntimeError("the voice does not start: its data cannot be read")
    library.espeak_SetParameter(_PARAMETER_RATE, _WORDS_PER_MINUTE, 0)
    return library, samples_per_second
