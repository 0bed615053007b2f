"""Confidence intervals of one rate: from counts alone, or from bootstrap replicates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.metrics._checks import check_level, float_vector
from harness.metrics.outcome import NotMeasurable

_MOST_UNDEFINED = 0.01  # share of replicates that may be undefined before an interval is refused


@dataclass(frozen=True, slots=True)
class ConfidenceInterval:
    """A confidence interval ``low``..``high`` at ``level`` and how it was made."""

    low: float
    high: float
    level: float
    method: str


def clopper_pearson(right: int, total: int, level: float = 0.95) -> ConfidenceInterval:
    """Exact binomial interval (Clopper & Pearson 1934): covers at least ``level``.

    For pairs whose identities are unknown; it takes them as independent. Raises ValueError unless
    0 <= right <= total and total > 0.
    """
    from scipy.special import betaincinv

    _check_counts(right, total)
    check_level(level)
    tail = (1.0 - level) / 2.0
    low = float(betaincinv(right, total - right + 1, tail)) if right > 0 else 0.0
    high = float(betaincinv(right + 1, total - right, 1.0 - tail)) if right < total else 1.0
    return ConfidenceInterval(low, high, level, "clopper-pearson")


def wilson(right: int, total: int, level: float = 0.95) -> ConfidenceInterval:
    """Score interval (Wilson 1927): covers about ``level``, shorter than the exact one.

    Raises ValueError unless 0 <= right <= total and total > 0.
    """
    _check_counts(right, total)
    check_level(level)
    z2 = _normal_quantile(1.0 - (1.0 - level) / 2.0) ** 2
    rate = right / total
    centre = (rate + z2 / (2 * total)) / (1 + z2 / total)
    half = np.sqrt(z2 * (rate * (1 - rate) + z2 / (4 * total)) / total) / (1 + z2 / total)
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if right == 0 else float(centre - half)
    high = 1.0 if right == total else float(centre + half)
    return ConfidenceInterval(low, high, level, "wilson")


def percentile_interval(
    replicates: ArrayLike, level: float = 0.95, method: str = "subject bootstrap"
) -> ConfidenceInterval | NotMeasurable:
    """Percentile interval (Efron 1979) of bootstrap replicates (B,).

    NaN marks a replicate in which the statistic is undefined. NotMeasurable when more than 1 % of
    them are, when too few remain to resolve the tails, or when all are equal (no errors in the
    data, say): a width of zero would claim certainty, so take :func:`clopper_pearson` there.
    """
    check_level(level)
    values = float_vector("bootstrap replicates", replicates)
    defined = values[~np.isnan(values)]
    if values.size - defined.size > _MOST_UNDEFINED * values.size:
        return NotMeasurable(
            f"the statistic is undefined in {values.size - defined.size:,} of {values.size:,} "
            "bootstrap replicates: too few subjects carry it"
        )
    tail = (1.0 - level) / 2.0
    if defined.size * tail < 1.0:
        return NotMeasurable(
            f"{defined.size:,} bootstrap replicates cannot show a {level:.0%} interval"
        )
    if defined.min() == defined.max():
        return NotMeasurable("every bootstrap replicate is equal: too few errors to resample")
    low, high = np.quantile(defined, (tail, 1.0 - tail))
    return ConfidenceInterval(
        float(low), float(high), level, f"{method}, {defined.size} replicates"
    )


def _check_counts(right: int, total: int) -> None:
    if not 0 <= right <= total or total <= 0:
        raise ValueError(f"{right} of {total} is not a count of a positive total")


def _normal_quantile(probability: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(probability)
