"""Validation rate at a FAR (VAL): the threshold comes from the other folds (facenet, insightface).

Unlike :func:`harness.metrics.tar_at_far`, which reads TAR and FAR off the same pairs, VAL takes the
threshold where the other folds have the target FAR, and gives the rates of the fold itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import UsageError
from harness.metrics._checks import Ints
from harness.metrics.verification import checked_folds

VAL_GRID = np.arange(0, 4, 0.001)


@dataclass(frozen=True, slots=True, eq=False)
class FoldVal:
    """VAL of every fold: arrays over folds (F,) in rising order of fold number.

    ``thresholds`` float64 (a pair is accepted when its distance < threshold); ``true_accepts``,
    ``n_genuine``, ``false_accepts`` and ``n_impostor`` are counts of the fold itself.
    """

    thresholds: NDArray[np.float64]
    true_accepts: Ints
    n_genuine: Ints
    false_accepts: Ints
    n_impostor: Ints

    @property
    def vals(self) -> NDArray[np.float64]:
        """Share of genuine pairs accepted in each fold, float64 (F,)."""
        return self.true_accepts / self.n_genuine

    @property
    def fars(self) -> NDArray[np.float64]:
        """Share of impostor pairs accepted in each fold, float64 (F,)."""
        return self.false_accepts / self.n_impostor


def val_at_far(distances: ArrayLike, genuine: ArrayLike, folds: ArrayLike, far: float) -> FoldVal:
    """VAL of each fold where the other folds have the FAR ``far``.

    ``distances`` float (P,), lower means more similar, ``genuine`` bool (P,), ``folds`` int (P,).
    The FAR of the other folds is a staircase on the thresholds ``arange(0, 4, 0.001)``. The
    threshold is on the straight line from the last point whose FAR is at most the target to the
    next one; it is 0 where the largest FAR is below the target. That is the first-order spline of
    ``calculate_val`` in facenet and insightface, whose points are not distinct: SciPy refuses such
    points since 1.5, so the original ends in an error there.

    Raises DataError as :func:`harness.metrics.kfold_accuracy`, UsageError for ``far`` outside 0..1.
    """
    if not 0 < far < 1:
        raise UsageError(f"VAL needs a FAR between 0 and 1, not {far:g}")
    d, mask, _, codes = checked_folds(distances, genuine, folds)
    n_folds = int(codes.max()) + 1
    impostors = ~mask
    # A pair is accepted below a threshold, not at it: a distance on the grid counts from the next.
    bins = np.searchsorted(VAL_GRID, d[impostors], side="right")
    cell = codes[impostors] * (VAL_GRID.size + 1) + bins
    counts = np.bincount(cell, minlength=n_folds * (VAL_GRID.size + 1))
    accepted = counts.reshape(n_folds, -1)[:, :-1].cumsum(axis=1)
    n_impostor = np.bincount(codes[impostors], minlength=n_folds)
    others = n_impostor.sum() - n_impostor
    rates = (accepted.sum(axis=0) - accepted) / others[:, None]
    thresholds = np.array([_threshold(rate, far) for rate in rates])
    taken = d < thresholds[codes]
    return FoldVal(
        thresholds,
        true_accepts=np.bincount(codes[taken & mask], minlength=n_folds),
        n_genuine=np.bincount(codes[mask], minlength=n_folds),
        false_accepts=np.bincount(codes[taken & impostors], minlength=n_folds),
        n_impostor=n_impostor,
    )


def _threshold(rates: NDArray[np.float64], far: float) -> float:
    """Where the rising ``rates`` on the grid reach ``far``."""
    if rates[-1] < far:
        return 0.0
    last = int(np.searchsorted(rates, far, side="right")) - 1
    if last == rates.size - 1:
        return float(VAL_GRID[last])
    share = (far - rates[last]) / (rates[last + 1] - rates[last])
    return float(VAL_GRID[last] + share * (VAL_GRID[last + 1] - VAL_GRID[last]))
