"""How right a job's time left and bar were, told after its end. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["Accuracy", "Look", "accuracy"]

_AFTER_FRACTION = 0.1  # of the run: what is said before is not judged


class Look(NamedTuple):
    """What was shown at one time: seconds since the start, percentage, and seconds left."""

    elapsed: float
    percent: float
    eta_seconds: float | None
    low: float | None = None
    high: float | None = None


class Accuracy(NamedTuple):
    """How far off a job's progress was.

    Parameters
    ----------
    eta_error
        The mean absolute error of the time left, over the mean of the true time left.
    bar_error
        Mean distance of the bar from a straight line in time, in percent points.
    in_range
        Share of the looks, 0 to 1, at which the true time left lay within the range told.
    """

    eta_error: float
    bar_error: float
    in_range: float


def accuracy(looks: Sequence[Look], seconds: float) -> Accuracy | None:
    """Judge what was shown of a job that took `seconds`, after the first tenth of that.

    Where nothing was said of the time left, the error is all of it. Looks count by the time for
    which they stood.

    Returns
    -------
    None if nobody looked.
    """
    judged = [look for look in looks if _AFTER_FRACTION * seconds <= look.elapsed < seconds]
    if not judged:
        return None
    ends = [look.elapsed for look in judged[1:]] + [seconds]
    error = truth = bar = inside = whole = 0.0
    for look, end in zip(judged, ends, strict=True):
        stood = end - look.elapsed
        left = seconds - look.elapsed
        whole += stood
        truth += stood * left
        error += stood * abs((look.eta_seconds or 0.0) - left)
        bar += stood * abs(look.percent - 100 * look.elapsed / seconds)
        if look.low is not None and look.high is not None and look.low <= left <= look.high:
            inside += stood
    return Accuracy(error / truth, bar / whole, inside / whole)
