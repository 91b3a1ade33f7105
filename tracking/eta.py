"""How long a job still takes. Pure: every time is an argument, in seconds."""

from __future__ import annotations

from collections import deque

__all__ = ["Pace", "TimeLeft", "rest_of_stage"]

_WINDOW_SECONDS = 60.0
_NOMINAL_STEP_SECONDS = 0.5  # the time between two snapshots, for which alpha is meant


def rest_of_stage(
    *, elapsed: float, expected: float | None, fraction: float, measured: bool, overdue: float
) -> float | None:
    """Seconds that the stage in work still takes, or None while nothing is known.

    Parameters
    ----------
    elapsed
        Since the stage began.
    expected
        How long it was said to take in all, if it was.
    fraction
        Of its work, 0 to 1, with the unit in work counted in part.
    measured
        Whether a unit is finished, so that `fraction` has a rate to offer.
    overdue
        How long the unit in work has taken beyond what is usual: work that stalls adds to
        the time left instead of leaving it as it was.
    """
    rates: float | None = None
    if measured and fraction > 0:
        rates = elapsed * (1 - fraction) / fraction
    if expected is None:
        return None if rates is None else rates + overdue
    almost = 0.95 * expected
    # Past its time a stage is not about to end: what was still to come grows instead.
    rest = expected - elapsed if elapsed < almost else 0.05 * expected + (elapsed - almost) / 2
    if rates is not None:
        rest = (1 - fraction) * rest + fraction * rates
    return rest + overdue


class Pace:
    """How fast the bar has moved lately: the fallback when no stage's duration is known."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque()

    def rest(self, elapsed: float, percent: float) -> float | None:
        """Seconds until 100 at the rate of the last minute; None before anything has moved."""
        points = self._points
        if not points or elapsed - points[-1][0] >= _NOMINAL_STEP_SECONDS / 2:
            points.append((elapsed, percent))
        while points and elapsed - points[0][0] > _WINDOW_SECONDS:
            points.popleft()
        if percent <= 0 or elapsed < 1:
            return None
        # A tenth of the rate since the start bounds the answer when the window saw no movement.
        rate = 0.1 * percent / elapsed
        if points and elapsed > points[0][0]:
            rate = max(rate, (percent - points[0][1]) / (elapsed - points[0][0]))
        return (100 - percent) / rate


class TimeLeft:
    """Smooth a raw estimate: it counts down with the clock and never leaps upward.

    Parameters
    ----------
    alpha
        Weight of a new estimate half a second after the one before.
    """

    def __init__(self, alpha: float = 0.2) -> None:
        self._alpha = alpha
        self._seconds: float | None = None

    def update(self, raw: float | None, passed: float) -> int | None:
        """Take a new estimate, `passed` seconds after the last one.

        Returns
        -------
        Whole seconds, at least 1: a job that still runs is never said to have ended.
        """
        if raw is None and self._seconds is None:
            return None
        if self._seconds is None or raw is None:
            self._seconds = raw if self._seconds is None else self._seconds
        else:
            before = self._seconds
            weight = 1 - (1 - self._alpha) ** (passed / _NOMINAL_STEP_SECONDS)
            counted = before - passed
            after = counted + weight * (raw - counted)
            # A tenth of it, and a second, each second: a new stage may prove slower than was
            # thought, and people should see that as a drift and not as a leap.
            self._seconds = max(0.0, min(after, before + passed * (1 + 0.1 * before)))
        return max(1, round(self._seconds or 0.0))
