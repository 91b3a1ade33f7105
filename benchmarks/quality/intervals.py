"""Confidence intervals of means of few values."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

__all__ = ["Interval", "confidence_interval"]

# 0.975 quantiles of Student's t, of 1 to 30 degrees of freedom.
_STUDENT = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
    2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip


class Interval(NamedTuple):
    """A mean, and how far to both sides its 95 % confidence interval reaches."""

    mean: float
    margin: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero is outside."""
        return abs(self.mean) > self.margin


def confidence_interval(values: Sequence[float]) -> Interval:
    """Estimate the mean of what some values are drawn from (Student's t, 95 %).

    Of one value the margin is infinite.

    >>> confidence_interval([1.0, 2.0, 3.0])  # doctest: +ELLIPSIS
    Interval(mean=2.0, margin=2.484...)

    Raises
    ------
    ValueError
        If there is no value.
    """
    if not values:
        raise ValueError("confidence interval: expected at least one value, got none")
    if len(values) == 1:
        return Interval(values[0], float("inf"))
    return Interval(fmean(values), _quantile(len(values) - 1) * stdev(values) / sqrt(len(values)))


def _quantile(freedom: int) -> float:
    if freedom <= len(_STUDENT):
        return _STUDENT[freedom - 1]
    # Abramowitz and Stegun, 26.7.5: right to three digits from here on.
    z = NormalDist().inv_cdf(0.975)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
