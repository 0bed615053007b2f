"""Paired tests between two models on the same comparisons, and Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import bool_vector, float_vector, int_vector, same_length
from harness.metrics.outcome import NotMeasurable
from harness.metrics.uncertainty.intervals import ConfidenceInterval, percentile_interval


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Test that two models err equally often; ``difference`` is accuracy of A minus that of B.

    ``only_a`` and ``only_b`` count the pairs that one model alone gets right; ``p_value`` is
    two-sided.
    """

    method: str
    difference: float
    only_a: int
    only_b: int
    p_value: float


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Difference A minus B of a metric from a paired bootstrap; ``p_value`` is two-sided."""

    difference: float
    interval: ConfidenceInterval | NotMeasurable
    p_value: float


def mcnemar(correct_a: ArrayLike, correct_b: ArrayLike) -> PairedTest:
    """Exact McNemar test of accuracy: bool (P,) calls of both models on the same pairs.

    Given that one model alone is right, it is A with probability 1/2 (binomial, two-sided;
    McNemar 1947). Takes pairs as independent. p is 1 when the models never disagree.
    """
    from scipy.special import bdtr

    only_a, only_b, n = _discordant(correct_a, correct_b)
    split = only_a + only_b
    p = min(1.0, 2.0 * float(bdtr(min(only_a, only_b), split, 0.5))) if split else 1.0
    return PairedTest("mcnemar exact", (only_a - only_b) / n, only_a, only_b, p)


def permutation_test(
    correct_a: ArrayLike,
    correct_b: ArrayLike,
    rng: np.random.Generator,
    permutations: int = 10_000,
    blocks: ArrayLike | None = None,
) -> PairedTest:
    """Permutation test of accuracy: swap the two models at random in each block of pairs.

    ``blocks`` int (P,) marks pairs that must be swapped together because they are not independent,
    for example the folds of LFW, which share no person; by default every pair is its own block.
    All sign patterns are enumerated when there are no more than ``permutations`` of them, else
    that many are drawn and p = (1 + as extreme) / (1 + drawn) (Phipson & Smyth 2010).
    """
    only_a, only_b, n = _discordant(correct_a, correct_b)
    sums = _block_differences(correct_a, correct_b, blocks)
    sums = sums[sums != 0]
    observed = abs(only_a - only_b)
    if sums.size < 63 and 2**sums.size <= permutations:
        patterns = np.arange(2**sums.size)[:, None] >> np.arange(sums.size) & 1
        extreme = int(np.count_nonzero(np.abs((2 * patterns - 1) @ sums) >= observed))
        p, method = extreme / 2**sums.size, f"permutation, all {2**sums.size} sign patterns"
    else:
        # Blocks of one size differ only in sign: how many keep theirs is binomial.
        sizes, counts = np.unique(np.abs(sums), return_counts=True)
        swapped = np.zeros(permutations, np.int64)
        for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
            swapped += size * (2 * rng.binomial(count, 0.5, size=permutations) - count)
        extreme = int(np.count_nonzero(np.abs(swapped) >= observed))
        p, method = (1 + extreme) / (1 + permutations), f"permutation, {permutations} drawn"
    return PairedTest(method, (only_a - only_b) / n, only_a, only_b, p)


def paired_difference(
    estimates: tuple[float, float],
    replicates_a: ArrayLike,
    replicates_b: ArrayLike,
    level: float = 0.95,
) -> PairedDifference:
    """Difference of a metric between models A and B from replicates (B,) with the same weights.

    ``estimates`` are the metric of A and of B on the data as they are. p is twice the smaller
    share of replicates on either side of zero, one added to each (Davison & Hinkley 1997, §4.2).
    """
    a = float_vector("replicates of A", replicates_a)
    b = float_vector("replicates of B", same_length("replicates of B", replicates_b, a.size))
    differences = (a - b).astype(np.float64)
    defined = differences[~np.isnan(differences)]
    tail = min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0))
    return PairedDifference(
        difference=estimates[0] - estimates[1],
        interval=percentile_interval(differences, level, "paired subject bootstrap"),
        p_value=min(1.0, 2 * (1 + int(tail)) / (1 + defined.size)),
    )


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values that hold the family-wise error rate (Holm 1979), in the given order."""
    p = float_vector("p-values", p_values)
    if not ((p >= 0) & (p <= 1)).all():  # NaN fails too
        raise DataError("p-values must be in 0..1")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(p.size)
    # A larger p-value never gets a smaller adjusted one, which the bare products could give.
    adjusted[order] = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return tuple(np.minimum(adjusted, 1.0).tolist())


def _discordant(correct_a: ArrayLike, correct_b: ArrayLike) -> tuple[int, int, int]:
    n = np.asarray(correct_a).size
    if not n:
        raise DataError("there are no pairs to compare two models on")
    a, b = bool_vector("correct_a", correct_a, n), bool_vector("correct_b", correct_b, n)
    return int(np.count_nonzero(a & ~b)), int(np.count_nonzero(b & ~a)), n


def _block_differences(
    correct_a: ArrayLike, correct_b: ArrayLike, blocks: ArrayLike | None
) -> NDArray[np.int64]:
    difference = np.asarray(correct_a).astype(np.int64) - np.asarray(correct_b).astype(np.int64)
    if blocks is None:
        return difference
    codes = np.unique(int_vector("blocks", blocks, difference.size), return_inverse=True)[1]
    sums = np.zeros(int(codes.max()) + 1, np.int64)
    np.add.at(sums, codes, difference)
    return sums
