"""How much of a metric's variance comes from the training seed and how much from the pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from harness.errors import DataError


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Components of accuracy in a table of seeds by pairs, crossed random effects.

    Variances of one entry: ``seed`` (a seed better or worse on all pairs), ``pair`` (a pair easier
    or harder for all seeds) and ``residual`` (which pair errs with which seed). Estimates below
    zero are given as they are: they mean "none seen".
    """

    mean: float
    n_seeds: int
    n_pairs: int
    seed: float
    pair: float
    residual: float

    @property
    def standard_error(self) -> float:
        """Standard error of ``mean`` for new seeds and new pairs alike."""
        return float(
            np.sqrt(
                max(self.seed, 0.0) / self.n_seeds
                + max(self.pair, 0.0) / self.n_pairs
                + self.residual / (self.n_seeds * self.n_pairs)
            )
        )


def variance_components(correct: ArrayLike) -> VarianceComponents:
    """Split the variance of ``correct``, bool or float (seeds, pairs), by two-way ANOVA.

    Expected mean squares of crossed random effects without replication (Searle et al. 1992, §4.5).
    Pairs are taken as independent. Raises DataError with fewer than two seeds or pairs, or NaN.
    """
    table = np.asarray(correct)
    if table.ndim != 2 or min(table.shape) < 2:
        raise DataError(f"at least two seeds by two pairs are needed, not shape {table.shape}")
    n_seeds, n_pairs = table.shape
    by_seed = table.mean(axis=1, dtype=np.float64)
    by_pair = table.mean(axis=0, dtype=np.float64)
    mean = float(by_seed.mean())
    if not np.isfinite(mean):
        raise DataError("the table of seeds by pairs holds NaN or infinite entries")
    total = sum(float(np.square(row.astype(np.float64) - mean).sum()) for row in table)
    seed_squares = n_pairs * float(np.square(by_seed - mean).sum())
    pair_squares = n_seeds * float(np.square(by_pair - mean).sum())
    # Rounding can leave a table without interaction a little below zero.
    rest = max(total - seed_squares - pair_squares, 0.0)
    residual = rest / ((n_seeds - 1) * (n_pairs - 1))
    return VarianceComponents(
        mean=mean,
        n_seeds=n_seeds,
        n_pairs=n_pairs,
        seed=(seed_squares / (n_seeds - 1) - residual) / n_pairs,
        pair=(pair_squares / (n_pairs - 1) - residual) / n_seeds,
        residual=residual,
    )
