"""ROC and DET curves, the area under the curve and the equal error rate."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import Floats, float_vector, same_length
from harness.metrics._vertices import all_vertices
from harness.metrics.scores import SortedScores, count_accepted, whole


@dataclass(frozen=True, slots=True, eq=False)
class RocCurve:
    """Corner vertices of a ROC curve, float64 (V,) each, by rising false match rate.

    ``threshold`` falls from +inf; it is NaN throughout for a curve published as points only.
    """

    fmr: NDArray[np.float64]
    tmr: NDArray[np.float64]
    threshold: NDArray[np.float64]

    @property
    def fnmr(self) -> NDArray[np.float64]:
        """False non-match rate: with ``fmr`` it makes the detection error trade-off curve."""
        return 1.0 - self.tmr

    @property
    def area(self) -> float:
        """Area under the points by the trapezoid rule."""
        return float(np.trapezoid(self.tmr, self.fmr))

    @property
    def best_balanced_accuracy(self) -> float:
        """Largest mean of true match rate and true non-match rate over the points.

        The threshold is selected on the tested data itself, so this is optimistic.
        """
        return float(np.max(1.0 + self.tmr - self.fmr) / 2.0)


@dataclass(frozen=True, slots=True)
class EqualErrorRate:
    """Equal error rate: the mean of ``fmr`` and ``fnmr`` at ``threshold``."""

    value: float
    fmr: float
    fnmr: float
    threshold: float


def roc_curve(scores: SortedScores) -> RocCurve:
    """All corner vertices, equal to scikit-learn's ``roc_curve(drop_intermediate=True)``.

    For a figure of millions of impostors take a few hundred operating points instead
    (:func:`harness.metrics.tar_at_far` with rule ``at-most``).
    """
    vertices = all_vertices(scores)
    return RocCurve(
        fmr=vertices.false_matches / scores.n_impostor,
        tmr=vertices.true_matches / scores.n_genuine,
        threshold=vertices.threshold,
    )


def roc_from_points(fmr: ArrayLike, tmr: ArrayLike) -> RocCurve:
    """Curve published as points, in any order; the ends (0, 0) and (1, 1) are added.

    Raises DataError unless the two rates have equal length and are in [0, 1].
    """
    x = float_vector("false match rates", fmr).astype(np.float64)
    y = float_vector("true match rates", tmr).astype(np.float64)
    same_length("true match rates", y, x.size)
    if not (x.size and ((x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)).all()):
        raise DataError("the points of a ROC curve must be rates between 0 and 1")
    x, y = np.append(x, (0.0, 1.0)), np.append(y, (0.0, 1.0))
    # At equal FMR the lower TMR comes first, so that the curve never falls.
    order = np.lexsort((y, x))
    return RocCurve(fmr=x[order], tmr=y[order], threshold=np.full(x.size, np.nan))


def auc(scores: SortedScores) -> float:
    """Area under the ROC curve: P(genuine > impostor) + P(equal) / 2, exact with ties."""
    whole(scores)
    # Searching the smaller set in the larger keeps the searches few.
    if scores.n_genuine <= scores.n_impostor:
        twice_lost = _twice_below(scores.impostor, scores.genuine)
    else:
        total = 2 * scores.n_genuine * scores.n_impostor
        twice_lost = total - _twice_below(scores.genuine, scores.impostor)
    return twice_lost / (2 * scores.n_genuine * scores.n_impostor)


def _twice_below(ascending: Floats, values: Floats) -> int:
    """Twice the number of (entry, value) pairs with entry < value, plus those that are equal."""
    below = np.searchsorted(ascending, values, side="left").sum(dtype=np.int64)
    not_above = np.searchsorted(ascending, values, side="right").sum(dtype=np.int64)
    return int(below) + int(not_above)


def equal_error_rate(scores: SortedScores) -> EqualErrorRate:
    """Equal error rate by the rule of the FVC2000 report (Maio et al. 2002).

    FMR falls and FNMR rises with the threshold. Of the two neighbouring thresholds between which
    they cross, the one with the smaller sum is taken (the lower one if the sums are equal), and
    the rate is half that sum. Thresholds are the observed scores and +inf.
    """
    whole(scores)
    at_or_after = min(
        _first_crossed(scores, scores.genuine), _first_crossed(scores, scores.impostor)
    )
    fmr, fnmr = _rates(scores, at_or_after)
    if fmr != fnmr:
        lower = [
            values[i - 1]
            for values in (scores.genuine, scores.impostor)
            if (i := int(np.searchsorted(values, values.dtype.type(at_or_after)))) > 0
        ]
        if lower:
            before = float(max(lower))
            rates = _rates(scores, before)
            if sum(rates) <= fmr + fnmr:
                at_or_after, (fmr, fnmr) = before, rates
    return EqualErrorRate((fmr + fnmr) / 2, fmr, fnmr, at_or_after)


def _rates(scores: SortedScores, threshold: float) -> tuple[float, float]:
    fmr = count_accepted(scores.impostor, threshold) / scores.n_impostor
    rejected = scores.n_genuine - count_accepted(scores.genuine, threshold)
    return fmr, rejected / scores.n_genuine


def _first_crossed(scores: SortedScores, thresholds: Floats) -> float:
    """Lowest of the ascending thresholds with FMR <= FNMR, else +inf."""

    def crossed(i: int) -> bool:
        fmr, fnmr = _rates(scores, float(thresholds[i]))
        return fmr <= fnmr

    first = bisect_left(range(thresholds.size), True, key=crossed)
    return float(thresholds[first]) if first < thresholds.size else float("inf")
