"""The difference of a value between two sets, from the values under resampled identities.

Measures draw their resamples from streams that depend on the seed alone, so two sets of the same
identities are resampled together: their replicates pair, and what an identity adds to both cancels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.components import MeasuredValue
from harness.measures.values import LEVEL
from harness.metrics.outcome import NotMeasurable
from harness.metrics.uncertainty.intervals import percentile_interval

PAIRED = "paired by identity"
TWO_SAMPLES = "two samples"


@dataclass(frozen=True)
class ValueDifference:
    """``value`` of the first set minus that of the second, with its 95 % interval.

    ``method`` says how identities were resampled; ``why`` there is no value or interval.
    """

    metric: str
    value: float | None
    low: float | None = None
    high: float | None = None
    method: str = ""
    why: str = ""


def difference(
    first: MeasuredValue, second: MeasuredValue, rng: np.random.Generator, *, paired: bool
) -> ValueDifference:
    """First minus second; ``paired`` where both sets hold the same images of the same identities.

    Of two samples one is put into an order of its own, drawn from ``rng``, because replicates that
    share a stream are not independent.
    """
    for given in (first, second):
        if given.value is None:
            return ValueDifference(first.metric, None, why=given.why or "not measured")
    assert first.value is not None, "asked above"
    assert second.value is not None, "asked above"
    value = first.value - second.value
    one, other = (np.array(v.replicates, np.float64) for v in (first, second))  # None becomes NaN
    if not len(one) or len(one) != len(other):
        return ValueDifference(first.metric, value, why="no interval: identities not resampled")
    if not paired:
        other = other[rng.permutation(len(other))]
    found = percentile_interval(one - other, LEVEL)
    method = PAIRED if paired else TWO_SAMPLES
    if isinstance(found, NotMeasurable):
        return ValueDifference(first.metric, value, method=method, why=found.reason)
    low, high = min(found.low, value), max(found.high, value)
    return ValueDifference(first.metric, value, low, high, method)
