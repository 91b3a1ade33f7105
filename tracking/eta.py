"""How long a job still takes. Pure: every time is an argument, in seconds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from tracking.history import Forecast
from tracking.work import JobWork

__all__ = ["Estimate", "Left", "TimeLeft"]

_NOMINAL_STEP_SECONDS = 0.5  # the time between two snapshots, for which alpha is meant
_DOUBT_OF_RATES = 0.6  # log-scale half range of an estimate from rates alone, before any work


class Estimate(NamedTuple):
    """Seconds left, and how far the logarithm of that may be off, nine times of ten."""

    seconds: float
    doubt: float


class Left(NamedTuple):
    """Time left as people read it, in whole seconds."""

    seconds: int
    low: int
    high: int


class TimeLeft:
    """Estimate the time left from the work done and from forecasts; smooth it for people.

    It counts down with the clock, never leaps upward, grows while work stalls, and is at least one
    second while the job runs.

    Parameters
    ----------
    alpha
        Weight of a new estimate half a second after the one before.
    """

    def __init__(self, alpha: float = 0.2) -> None:
        self._alpha = alpha
        self._seconds: float | None = None

    def update(
        self,
        work: JobWork,
        forecasts: Mapping[str, Forecast],
        *,
        elapsed: float,
        passed: float,
    ) -> Left | None:
        """Look at the job again.

        Parameters
        ----------
        forecasts
            How long stages should take, by id, as far as is known.
        elapsed
            Seconds on the job's clock.
        passed
            Seconds since the last look.

        Returns
        -------
        None while nothing is known.
        """
        new = self._estimate(work, forecasts, elapsed)
        if new is None and self._seconds is None:
            return None
        doubt = _DOUBT_OF_RATES if new is None else new.doubt
        if self._seconds is None or new is None:
            self._seconds = new.seconds if self._seconds is None and new else self._seconds
        else:
            before = self._seconds
            weight = 1 - (1 - self._alpha) ** (passed / _NOMINAL_STEP_SECONDS)
            counted = before - passed
            after = counted + weight * (new.seconds - counted)
            # A tenth of it, and a second, each second: a new stage may prove slower than was
            # thought, and people should see that as a drift and not as a leap.
            self._seconds = max(0.0, min(after, before + passed * (1 + 0.1 * before)))
        seconds = self._seconds or 0.0
        low, high = seconds * math.exp(-doubt), seconds * math.exp(doubt)
        # The drift above may keep it from what is thought by now: the range says so.
        if new is not None:
            high = max(high, new.seconds)
            low = min(low, new.seconds)
        return Left(max(1, round(seconds)), math.floor(low), math.ceil(high) + 1)

    def _estimate(
        self, work: JobWork, forecasts: Mapping[str, Forecast], elapsed: float
    ) -> Estimate | None:
        """What is thought now, before smoothing."""
        stage, current = work.stage, work.current
        if current.finished:
            return Estimate(0.0, 0.0)
        forecast = forecasts.get(stage.id)
        if forecast is None:
            forecast = _by_weight(stage.weight, _seconds_a_point(work, forecasts, None, elapsed))
        expected = None if forecast is None else forecast.seconds
        fraction = 1.0
        if current.fraction < 1:
            part = current.part_done(elapsed, expected)
            fraction = current.fraction + part / max(1, current.total)
        rest = _rest_of_stage(work, forecast, fraction, elapsed)
        if rest is None:
            return None  # no unit of it is finished, and no other stage says how long it may take
        parts = [rest]
        a_point = _seconds_a_point(work, forecasts, rest.seconds, elapsed)
        for after in work.plan.stages[work.index + 1 :]:
            later = forecasts.get(after.id) or _by_weight(after.weight, a_point)
            parts += [] if later is None else [_as_estimate(later)]
        seconds = sum(part.seconds for part in parts)
        # Half as if all were off the same way, half as if each went its own.
        together = sum(part.seconds * part.doubt for part in parts)
        apart = math.sqrt(sum((part.seconds * part.doubt) ** 2 for part in parts))
        return Estimate(seconds, (together + apart) / 2 / max(seconds, 0.1))


def _seconds_a_point(
    work: JobWork, forecasts: Mapping[str, Forecast], rest: float | None, elapsed: float
) -> float | None:
    """How long a percent point takes, by the stages that are done or forecast.

    Parameters
    ----------
    rest
        Of the stage in work, which then counts as well.
    """
    seconds = points = 0.0
    for index, (stage, done) in enumerate(zip(work.plan.stages, work.stages, strict=True)):
        took: float | None = None
        if index == work.index and rest is not None and done.began is not None:
            took = elapsed - done.began + rest
        elif index < work.index:
            took = done.seconds
        elif stage.id in forecasts:
            took = forecasts[stage.id].seconds
        if took is not None:
            seconds, points = seconds + took, points + stage.weight
    return seconds / points if points else None


def _by_weight(weight: float, seconds_a_point: float | None) -> Forecast | None:
    """What a stage of which nothing is known should take, by its share of the bar."""
    if not seconds_a_point:
        return None
    seconds = weight * seconds_a_point
    return Forecast(
        seconds, seconds * math.exp(-_DOUBT_OF_RATES), seconds * math.exp(_DOUBT_OF_RATES)
    )


def _as_estimate(forecast: Forecast) -> Estimate:
    return Estimate(forecast.seconds, math.log(forecast.high / forecast.low) / 2)


def _rest_of_stage(
    work: JobWork, forecast: Forecast | None, fraction: float, elapsed: float
) -> Estimate | None:
    """What the stage in work still takes, or None while nothing is known."""
    current = work.current
    expected = None if forecast is None else forecast.seconds
    if current.began is None:
        return None if forecast is None else _as_estimate(forecast)
    elapsed_here = elapsed - current.began
    # How long the unit in work has taken beyond what is usual adds to the time left: work that
    # stalls should not leave it as it was.
    overdue = current.overdue(elapsed, expected)
    by_rate = current.rest_by_pace(elapsed, fraction)
    if forecast is None or expected is None:
        if by_rate is None:
            return None
        return Estimate(by_rate + overdue, _DOUBT_OF_RATES * (1 - fraction) + 0.1)
    almost = 0.95 * expected
    rest = expected - elapsed_here
    if elapsed_here >= almost:
        # Past its time a stage is not about to end: what was still to come grows instead.
        rest = 0.05 * expected + (elapsed_here - almost) / 2
    doubt = _as_estimate(forecast).doubt
    if by_rate is None:
        return Estimate(rest + overdue, doubt)
    # Each counts by how far off it may be; few units say little of the rate.
    doubt_of_rate = _DOUBT_OF_RATES * (1 - fraction) + 0.1
    trust = current.completed / (current.completed + 2) / doubt_of_rate**2
    share = trust / (trust + 1 / max(doubt, 0.02) ** 2)
    return Estimate(
        (1 - share) * rest + share * by_rate + overdue, min(doubt, math.sqrt(1 / (trust + 1e-9)))
    )
