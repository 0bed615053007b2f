"""Error versus discard: what recognition gains where images of low quality are left out.

ISO/IEC 29794-1:2024, and Schlett et al., Considerations on the Evaluation of Biometric Quality
Assessment Algorithms, IEEE T-BIOM 2024 (arXiv 2303.13294): a comparison has the lower quality of
its two images, the threshold is fixed on all comparisons, and shares are of comparisons.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DiscardCurve:
    """A step function: ``error`` (K,) holds from ``discarded`` (K,) on, which begins at 0."""

    discarded: Floats
    error: Floats

    def at(self, share: ArrayLike) -> Floats:
        """The error after discarding at most these shares of the comparisons."""
        row = np.searchsorted(self.discarded, np.asarray(share), side="right") - 1
        return np.asarray(self.error[row])

    def partial_area(self, limit: float) -> float:
        """Area under the curve from 0 to ``limit``, over ``limit``: a mean error.

        Raises UsageError for a limit outside 0 to 1.
        """
        if not 0 < limit <= 1:
            raise UsageError(f"the discarded share must be above 0 and at most 1, not {limit:g}")
        ends = np.minimum(np.append(self.discarded[1:], 1.0), limit)
        widths = np.maximum(ends - np.minimum(self.discarded, limit), 0)
        return float(widths @ self.error / limit)


def pair_quality(first: ArrayLike, second: ArrayLike) -> Floats:
    """The lower quality of two images, float64 (P,); the lowest of all where one has none."""
    pair = np.minimum(np.asarray(first, np.float64), np.asarray(second, np.float64))
    return np.where(np.isnan(pair), -np.inf, pair)


def discard_curve(
    wrong: ArrayLike, quality: ArrayLike, weights: ArrayLike | None = None
) -> DiscardCurve:
    """Share of wrong comparisons among those left, as the worst are discarded.

    ``wrong`` bool (P,) says which comparisons are errors at the threshold: for FNMR genuine ones
    below it, for FMR impostors from it on. ``quality`` (P,) is that of :func:`pair_quality`, and
    comparisons of equal quality go together, so order never counts. ``weights`` (P,) count each
    comparison as often as a bootstrap drew it. Raises UsageError for no comparisons.
    """
    errors = np.asarray(wrong, np.float64)
    counted = np.ones(len(errors)) if weights is None else np.asarray(weights, np.float64)
    total = float(counted.sum())
    if total <= 0:
        raise UsageError("no comparison has a quality and an outcome, so nothing can be discarded")
    levels, group = np.unique(np.asarray(quality, np.float64), return_inverse=True)
    there = np.bincount(group, counted, minlength=len(levels))
    failed = np.bincount(group, counted * errors, minlength=len(levels))
    left = total - np.concatenate([[0.0], np.cumsum(there)[:-1]])
    lost = failed.sum() - np.concatenate([[0.0], np.cumsum(failed)[:-1]])
    some = left > 0
    return DiscardCurve((total - left[some]) / total, lost[some] / left[some])


def area_difference(
    wrong: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    owners: NDArray[np.int64],
    limit: float,
    rng: np.random.Generator,
    replicates: int = 1000,
) -> tuple[float, float, float]:
    """Partial area under ``first`` less that under ``second``, with a paired 95 % interval.

    Both are qualities (P,) of the same comparisons; ``owners`` (P,) are the identities, 0..K-1, of
    genuine comparisons, which are drawn as wholes. Negative where the first quality is better.
    """
    qualities = np.asarray(first, np.float64), np.asarray(second, np.float64)

    def difference(weights: ArrayLike | None) -> float:
        one, two = (discard_curve(wrong, q, weights).partial_area(limit) for q in qualities)
        return one - two

    people = int(owners.max()) + 1 if len(owners) else 0
    value = difference(None)
    drawn = [
        difference(np.bincount(rng.integers(people, size=people), minlength=people)[owners])
        for _ in range(replicates)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return value, min(float(low), value), max(float(high), value)
