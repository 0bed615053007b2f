"""Sums of bootstrap weights over sorted pairs, for all replicates at once, in flat memory.

Weights are whole numbers, uint16 (S, B): one contiguous row of B replicates a subject, so that a
pair costs one or two row reads. Every sum here is exact.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.metrics._checks import Index

_BLOCK = 256  # pairs between two stored running sums
_STEP = 64  # pairs summed at a time: their rows fit in the cache
_ROWS = 1024  # rows of a product at a time
_COUNTED = 1 << 18  # pairs counted at a time
_DENSE_SUBJECTS = 8192  # an int32 matrix of subject pairs up to 256 MiB
_GEMM_GAIN = 60  # a matrix product does about this many terms in the time of one row term

Weights = NDArray[np.uint16]
Sums = NDArray[np.float64]


class RunningWeights:
    """Cumulative weight along sorted pairs (K,), in B replicates.

    A pair weighs ``weights[left]``, or ``weights[left] * weights[right]``. ``total`` is
    float64 (B,).
    """

    def __init__(self, weights: Weights, left: Index, right: Index | None = None) -> None:
        self._weights, self._left, self._right = weights, left, right
        summed = _summable(weights)
        blocks = range(0, left.size, _BLOCK)
        self._sums = np.zeros((len(blocks) + 1, weights.shape[1]))
        for number, start in enumerate(blocks, start=1):
            _add_weights(summed, left, right, start, start + _BLOCK, self._sums[number])
        np.cumsum(self._sums, axis=0, out=self._sums)
        self.total = self._sums[-1]

    def _inside(self, block: NDArray[np.intp]) -> Sums:
        """Running sums within one block a replicate, (_BLOCK, B); past the end without meaning."""
        index = np.minimum(block * _BLOCK + np.arange(_BLOCK)[:, None], self._left.size - 1)
        replicate = np.arange(self._weights.shape[1])
        terms = self._weights[self._left[index], replicate].astype(np.uint32)
        if self._right is not None:
            terms *= self._weights[self._right[index], replicate]
        return np.cumsum(terms, axis=0, dtype=np.float64)

    def first_above(self, limits: Sums) -> NDArray[np.intp]:
        """First pair at which the running weight exceeds ``limits`` (F, B); K where none does."""
        return np.stack([self._first_above(limit) for limit in limits])

    def _first_above(self, limit: Sums) -> NDArray[np.intp]:
        # Running weights never fall, so the number of sums within the limit is a position.
        block = np.count_nonzero(self._sums[1:] <= limit, axis=0)
        before = np.take_along_axis(self._sums, block[None], axis=0)[0]
        within = np.count_nonzero(before + self._inside(block) <= limit, axis=0)
        return np.asarray(np.minimum(block * _BLOCK + within, self._left.size))

    def before(self, counts: NDArray[np.intp]) -> Sums:
        """Weight of the first ``counts`` (F, B) pairs."""
        return np.stack([self._before(count) for count in counts])

    def _before(self, count: NDArray[np.intp]) -> Sums:
        block, rest = np.divmod(count, _BLOCK)
        whole = np.take_along_axis(self._sums, block[None], axis=0)[0]
        inside = self._inside(block)
        part = np.take_along_axis(inside, np.maximum(rest - 1, 0)[None], axis=0)[0]
        return np.asarray(whole + np.where(rest > 0, part, 0.0))


def _summable(weights: Weights) -> Weights | Sums:
    """The weights as they are if no step's sum overflows uint16, else widened."""
    largest = int(weights.max(initial=0))
    return weights if _STEP * largest**2 < 2**16 else weights.astype(np.float64)


def _add_weights(
    weights: Weights | Sums, left: Index, right: Index | None, start: int, stop: int, out: Sums
) -> None:
    """Add the weight of the pairs ``start`` to ``stop`` to ``out`` (B,)."""
    for first in range(start, min(stop, left.size), _STEP):
        part = slice(first, min(first + _STEP, stop))
        rows = weights[left[part]]
        if right is not None:
            rows *= weights[right[part]]
        out += np.add.reduce(rows, axis=0, dtype=rows.dtype)


def impostor_weight(left: Index, right: Index, weights: Weights) -> Sums:
    """Sum of ``weights[left] * weights[right]`` over the pairs (K,) of two subjects, float64 (B,).

    Many pairs of few subjects are first counted by subject pair, which turns the sum into matrix
    products; few pairs of many subjects are summed one by one.
    """
    n_subjects = weights.shape[0]
    total = np.zeros(weights.shape[1])
    if n_subjects > _DENSE_SUBJECTS or n_subjects**2 > _GEMM_GAIN * left.size:
        apart = left != right
        _add_weights(_summable(weights), left[apart], right[apart], 0, left.size, total)
        return total
    counts = _subject_counts(left, right, n_subjects)
    # Exact in float32 while a product's sum stays below 2**24.
    largest = float(counts.sum(axis=1).max()) * float(weights.max())
    dtype = np.float32 if largest < 2**24 else np.float64
    factor = weights.astype(dtype)
    for first in range(0, n_subjects, _ROWS):
        rows = slice(first, first + _ROWS)
        product = np.matmul(counts[rows].astype(dtype), factor).astype(np.float64)
        total += np.einsum("sb,sb->b", product, weights[rows].astype(np.float64))
    return total


def _subject_counts(left: Index, right: Index, n_subjects: int) -> NDArray[np.int32]:
    """Number of listed pairs of every two subjects, (S, S); 0 for a subject with itself."""
    counts = np.zeros(n_subjects**2, np.int32)
    one = np.int32(1)  # of the counts' own type: any other is added fifteen times slower
    for first in range(0, left.size, _COUNTED):
        part = slice(first, first + _COUNTED)
        np.add.at(counts, left[part].astype(np.int64) * n_subjects + right[part], one)
    counts[:: n_subjects + 1] = 0
    return counts.reshape(n_subjects, n_subjects)
