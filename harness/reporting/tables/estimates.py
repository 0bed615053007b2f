"""One number from several seeds, and the difference of two numbers, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.results.schema import MetricRecord

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value of ``seeds`` runs with its interval; ``low`` and ``high`` may be None.

    ``from_seeds`` is the arm that the seeds alone would have, 0 with one seed.
    """

    value: float
    low: float | None
    high: float | None
    level: float
    seeds: int
    method: str
    from_seeds: float = 0.0

    def with_one_more_seed(self) -> float:
        """Half the width that the interval would have, if seeds vary as they do here."""
        n = self.seeds
        rest = math.sqrt(max((self.half_width or 0.0) ** 2 - self.from_seeds**2, 0.0))
        ratio = student(self.level, n) / student(self.level, n - 1) * math.sqrt(n / (n + 1))
        return math.hypot(rest, ratio * self.from_seeds)

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds with ddof 1; None with one seed."""
        if self.seeds < 2:
            return None
        return self.from_seeds * math.sqrt(self.seeds) / student(self.level, self.seeds - 1)

    @property
    def half_width(self) -> float | None:
        """Half the width of the interval."""
        if self.low is None or self.high is None:
            return None
        return (self.high - self.low) / 2


def pool(metrics: Sequence[MetricRecord]) -> Estimate | None:
    """The mean over repeats with an interval for both test pairs and training seeds.

    All repeats are tested on the same pairs, so the interval over pairs does not shrink with the
    number of repeats: its mean arm lengths are joined in quadrature with Student's t interval over
    the repeats. Unmeasurable repeats are left out; None where nothing was measured.
    """
    known = [metric for metric in metrics if metric.value is not None]
    if not known:
        return None
    values = [float(metric.value) for metric in known if metric.value is not None]
    mean = fmean(values)
    intervals = [metric.ci for metric in known if metric.ci is not None]
    level = intervals[0].level if intervals else LEVEL
    method = intervals[0].method if intervals else ""
    if len(intervals) < len(known):
        below, above = (0.0, 0.0) if len(values) > 1 else (math.nan, math.nan)
        method = ""
    else:
        below = fmean(value - ci.low for value, ci in zip(values, intervals, strict=True))
        above = fmean(ci.high - value for value, ci in zip(values, intervals, strict=True))
    spread = 0.0
    if len(values) > 1:
        spread = student(level, len(values) - 1) * stdev(values) / math.sqrt(len(values))
        below, above = math.hypot(below, spread), math.hypot(above, spread)
        method = " and ".join(filter(None, (method, f"Student's t over {len(values)} seeds")))
    low, high = _bounds(mean, below, above, known[0].unit)
    return Estimate(mean, low, high, level, len(values), method, spread)


def student(level: float, degrees: int) -> float:
    """How many standard errors Student's interval of this level reaches."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


def _bounds(
    mean: float, below: float, above: float, unit: str
) -> tuple[float | None, float | None]:
    if math.isnan(below):
        return None, None
    if unit == "fraction":
        return max(0.0, mean - below), min(1.0, mean + above)
    return mean - below, mean + above


def difference(first: Estimate, second: Estimate) -> Estimate | None:
    """``first - second`` with an interval recovered from theirs (MOVER, Zou and Donner 2008).

    It takes the two as independent. Numbers from the same test pairs usually rise and fall
    together, so the interval is conservative. None where one has no interval.
    """
    if first.low is None or first.high is None or second.low is None or second.high is None:
        return None
    value = first.value - second.value
    low = value - math.hypot(first.value - first.low, second.high - second.value)
    high = value + math.hypot(first.high - first.value, second.value - second.low)
    seeds = min(first.seeds, second.seeds)
    return Estimate(value, low, high, min(first.level, second.level), seeds, "MOVER")
