"""MeasuredValue values from bootstrap replicates, or with the reason why there are none."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.metrics.outcome import NotMeasurable
from harness.metrics.uncertainty.intervals import percentile_interval

LEVEL = 0.95
"""Confidence level of every interval."""


def missing(metric: str, why: str, n: int = 0) -> MeasuredValue:
    """A metric that cannot be measured on this set."""
    return MeasuredValue(metric, None, n=n, why=why)


def at_cosine(metric: str, cosine: float) -> str:
    """The name of a metric at a threshold, in as many digits as tell it from any other."""
    short = f"{cosine:g}"
    return f"{metric}@cos={short if float(short) == cosine else repr(float(cosine))}"


def with_interval(
    metric: str, value: float, replicates: NDArray[np.float64], n: int
) -> MeasuredValue:
    """A value with the percentile interval of its bootstrap replicates (B,).

    There is no interval where :func:`percentile_interval` gives none. An interval is widened to
    hold its value where the bias of the replicates pushed it out. A ``value`` that is not finite
    becomes a missing one.
    """
    if not math.isfinite(value):
        return missing(metric, "the value is not finite", n)
    usable = np.isfinite(replicates)
    found = percentile_interval(np.where(usable, replicates, np.nan), LEVEL)
    if isinstance(found, NotMeasurable):
        return MeasuredValue(metric, value, n=n)
    kept = tuple(float(r) if fine else None for r, fine in zip(replicates, usable, strict=True))
    low, high = min(found.low, value), max(found.high, value)
    return MeasuredValue(metric, value, low, high, n, replicates=kept)
