"""How earlier runs went, and what that says of the next one. Pure."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Self

from tracking.plan import Plan, Stage

__all__ = ["Forecast", "Record", "forecast", "learned"]

_LEAST_SECONDS = 0.05  # what is faster is as good as this: ratios of tiny numbers say nothing
_LEAST_WEIGHT = 0.2  # of a stage in a learned plan, in percent points: people should see it pass
_MOST_LOG = 25.0  # thousands of years
_DOUBT = 0.25  # log-scale deviation that a single earlier run leaves open


@dataclass(frozen=True, slots=True)
class Record:
    """How one run went.

    Parameters
    ----------
    job_id, plan, deployment
        Which run, of what.
    status
        How it ended.
    ended_at
        Unix seconds.
    seconds
        How long each stage took, by id; of stages that were gone through to their end.
    expected
        What the caller had expected of each, as far as it had.
    size
        Of the problem, in whatever unit the caller counts; None if it was not said.
    eta_error
        How far off the time left was: the mean of its absolute error over the mean of the true time
        left, after the first tenth of the run; None for a run that was not completed.
    bar_error
        How far the bar was from a straight line in time: mean distance in percent points.
    """

    job_id: str
    plan: str
    deployment: str
    status: str
    ended_at: int
    seconds: Mapping[str, float]
    expected: Mapping[str, float] = field(default_factory=dict)
    size: float | None = None
    eta_error: float | None = None
    bar_error: float | None = None

    def to_json(self) -> str:
        """Write it in one line."""
        return json.dumps(asdict(self), separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Read what `to_json` wrote."""
        return cls(**json.loads(line))


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long a stage should take, in seconds; the truth lies in the range nine times of ten."""

    seconds: float
    low: float
    high: float


def forecast(
    records: Sequence[Record], *, expected: Mapping[str, float], size: float | None
) -> dict[str, Forecast]:
    """Predict the stages of the next run from earlier ones of the same plan and deployment.

    A stage of which the caller expects a duration takes that, times what such stages took of what
    was expected of them before. Another one follows a power of the problem's size, fitted in
    logarithms, if sizes are known and differ; else the median.

    Parameters
    ----------
    records
        Earlier runs, in any order; those that were not completed are passed over.
    expected
        What the caller expects of the next run, in seconds by stage, as far as it does.
    size
        Of the next run's problem, as in `Record.size`.

    Returns
    -------
    Forecasts by stage, of those stages about which the records say something.
    """
    completed = [record for record in records if record.status == "completed"]
    stages = {stage for record in completed for stage in record.seconds}
    found: dict[str, Forecast] = {}
    for stage in stages:
        runs = [record for record in completed if stage in record.seconds]
        scale = _Scale.of(stage, runs, expected.get(stage), size)
        if scale is not None:
            found[stage] = scale.forecast()
    return found


@dataclass(frozen=True, slots=True)
class _Scale:
    """Logarithms of durations, brought to the scale of the next run."""

    logs: Sequence[float]

    @classmethod
    def of(
        cls, stage: str, runs: Sequence[Record], expected: float | None, size: float | None
    ) -> _Scale | None:
        seconds = [_log(run.seconds[stage]) for run in runs]
        if expected is not None:
            known = [
                (took, run.expected[stage])
                for took, run in zip(seconds, runs, strict=True)
                if stage in run.expected
            ]
            return (
                cls([took + _log(expected) - _log(was) for took, was in known]) if known else None
            )
        sized = [
            (math.log(run.size), took)
            for took, run in zip(seconds, runs, strict=True)
            if run.size and run.size > 0
        ]
        if not size or size <= 0 or not sized:
            return cls(seconds)
        power = _power(sized)
        return cls([took + power * (math.log(size) - was) for was, took in sized])

    def forecast(self) -> Forecast:
        middle = statistics.median(self.logs)
        # A run more than a few makes the range narrower, down to how much runs really differ.
        spread = math.sqrt(
            (_DOUBT**2 + sum((log - middle) ** 2 for log in self.logs)) / len(self.logs)
        )
        return Forecast(*(_exp(middle + way * 1.65 * spread) for way in (0, -1, 1)))


def learned(plan: Plan, seconds: Mapping[str, float]) -> Plan:
    """Weigh the stages of a plan by how long each takes, so that the bar runs evenly in time.

    Parameters
    ----------
    seconds
        By stage. If one is missing, nothing is known of the whole, and the plan stays as it is.
    """
    durations = [seconds.get(stage.id) for stage in plan.stages]
    known = [duration for duration in durations if duration is not None]
    if len(known) < len(durations) or not sum(known):
        return plan
    free = 100 - _LEAST_WEIGHT * len(known)
    ends, reached = [], 0.0
    for duration in known:
        reached += _LEAST_WEIGHT + free * duration / sum(known)
        ends.append(round(reached, 2))
    ends[-1] = 100.0
    stages = tuple(
        Stage(stage.id, stage.label, start, end)
        for stage, start, end in zip(plan.stages, (0.0, *ends), ends, strict=False)
    )
    return Plan(plan.name, stages, learned=plan.learned)


def _log(seconds: float) -> float:
    return math.log(max(seconds, _LEAST_SECONDS))


def _exp(log: float) -> float:
    return math.exp(min(_MOST_LOG, max(-_MOST_LOG, log)))


def _power(points: Sequence[tuple[float, float]]) -> float:
    """Slope of log duration over log size, drawn towards 1 and kept between 0 and 3."""
    mean_x = statistics.fmean(x for x, _ in points)
    mean_y = statistics.fmean(y for _, y in points)
    # As strong as two runs whose sizes differ by a factor of e: few runs should not decide alone.
    above = 0.5 + sum((x - mean_x) * (y - mean_y) for x, y in points)
    below = 0.5 + sum((x - mean_x) ** 2 for x, _ in points)
    return min(3.0, max(0.0, above / below))
