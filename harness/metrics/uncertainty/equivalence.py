"""Equivalence of two models: two one-sided tests (TOST; Schuirmann 1987)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import DataError
from harness.metrics._checks import bool_vector, float_vector


@dataclass(frozen=True, slots=True)
class Equivalence:
    """Whether A minus B is within -margin..+margin.

    ``p_not_worse`` tests A <= B - margin ("no negative effect" when small), ``p_not_better`` tests
    A >= B + margin; ``p_value`` is the larger, the test of equivalence.
    """

    difference: float
    margin: float
    p_not_worse: float
    p_not_better: float
    method: str

    @property
    def p_value(self) -> float:
        """P-value of equivalence within the margin."""
        return max(self.p_not_worse, self.p_not_better)


def tost(
    difference: float, standard_error: float, margin: float, freedom: float | None = None
) -> Equivalence:
    """TOST from a difference and its standard error: normal, or Student's t with ``freedom``.

    Use it over seeds, for example, with the standard error of the mean difference and seeds - 1
    degrees of freedom. Raises ValueError unless margin and standard error are positive.
    """
    from scipy.special import ndtr, stdtr

    _check_margin(margin)
    if not standard_error > 0:
        raise ValueError(f"the standard error must be positive, not {standard_error}")

    def upper_tail(statistic: float) -> float:
        return float(ndtr(-statistic) if freedom is None else stdtr(freedom, -statistic))

    return Equivalence(
        difference=difference,
        margin=margin,
        p_not_worse=upper_tail((difference + margin) / standard_error),
        p_not_better=upper_tail((margin - difference) / standard_error),
        method="tost, normal" if freedom is None else f"tost, t with {freedom:g} degrees",
    )


def tost_accuracy(correct_a: ArrayLike, correct_b: ArrayLike, margin: float) -> Equivalence:
    """TOST of the accuracies of two models on the same pairs, bool (P,) calls of each.

    Score test of a difference of paired proportions: the variance is that under the tested
    difference -margin or +margin (Nam 1997), so it holds when the models never disagree, too.
    """
    if not 0 < margin < 1:
        raise ValueError(f"a margin of accuracy must be between 0 and 1, not {margin}")
    n = np.asarray(correct_a).size
    if not n:
        raise DataError("there are no pairs to compare two models on")
    a, b = bool_vector("correct_a", correct_a, n), bool_vector("correct_b", correct_b, n)
    only_a, only_b = int(np.count_nonzero(a & ~b)), int(np.count_nonzero(b & ~a))
    return Equivalence(
        difference=(only_a - only_b) / n,
        margin=margin,
        p_not_worse=_score_tail(only_a, only_b, n, margin),
        p_not_better=_score_tail(only_b, only_a, n, margin),
        method="tost, paired score test",
    )


def _score_tail(plus: int, minus: int, n: int, margin: float) -> float:
    """P-value of (plus - minus) / n <= -margin, tested at the border -margin."""
    from scipy.special import ndtr

    # Maximum likelihood share of "minus" under the border: root of 2n q^2 + linear q + constant.
    linear = -plus - minus - (2 * n - plus + minus) * margin
    constant = minus * margin * (margin + 1)
    share = (np.sqrt(linear**2 - 8 * n * constant) - linear) / (4 * n)
    variance = n * (2 * share - margin * (margin + 1))
    return float(ndtr(-(plus - minus + n * margin) / np.sqrt(variance)))


def tost_bootstrap(
    estimates: tuple[float, float], replicates_a: ArrayLike, replicates_b: ArrayLike, margin: float
) -> Equivalence:
    """TOST from paired bootstrap replicates (B,) of a metric of models A and B.

    Each p-value is the share of replicated differences beyond that end of the margin, one added.
    """
    _check_margin(margin)
    a = float_vector("replicates of A", replicates_a).astype(np.float64)
    b = float_vector("replicates of B", replicates_b).astype(np.float64)
    if a.size != b.size:
        raise DataError(f"{a.size:,} replicates of A do not pair with {b.size:,} of B")
    differences = (a - b)[~np.isnan(a - b)]
    beyond = (
        np.count_nonzero(differences <= -margin),
        np.count_nonzero(differences >= margin),
    )
    worse, better = ((1 + int(count)) / (1 + differences.size) for count in beyond)
    return Equivalence(
        difference=estimates[0] - estimates[1],
        margin=margin,
        p_not_worse=worse,
        p_not_better=better,
        method="tost, paired bootstrap",
    )


def _check_margin(margin: float) -> None:
    if not margin > 0:
        raise ValueError(f"the margin of equivalence must be positive, not {margin}")
