"""Softmax fusion of the scores between two templates (Masi et al., CVPR 2016, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import DataError
from harness.metrics._checks import feature_matrix, same_length

FUSION_BETAS = tuple(range(21))

_CHUNK = 1 << 20  # cosines held at a time


def softmax_fused_scores(
    features: ArrayLike,
    template_ids: ArrayLike,
    left: ArrayLike,
    right: ArrayLike,
    betas: Sequence[float] = FUSION_BETAS,
) -> NDArray[np.float64]:
    """Fused score of each pair of templates, float64 (P,).

    With the cosines s of all pairs of features of the two templates, the score for one beta is
    sum(s exp(beta s)) / sum(exp(beta s)): the mean for 0, towards the maximum for large beta. The
    result is the mean over ``betas``. ``features`` float32 (M, D) and ``template_ids`` (M,) of
    images, or of media (:func:`media_means`); ``left`` and ``right`` (P,) are template ids.
    Memory is bounded. Raises DataError for an unknown template or a zero feature.
    """
    matrix = feature_matrix("features", features)
    norm = np.sqrt(np.einsum("nd,nd->n", matrix, matrix))
    if not norm.all():
        raise DataError(f"feature row {int(np.argmin(norm))} is zero and has no direction")
    ids = same_length("template ids", template_ids, len(matrix))
    order = np.argsort(ids, kind="stable")
    unit = matrix[order] / norm[order, None]
    names, starts = np.unique(ids[order], return_index=True)
    starts = np.append(starts, len(matrix))
    a = _positions(names, np.asarray(left))
    b = _positions(names, same_length("right templates", right, a.size))
    size = np.diff(starts)[a] * np.diff(starts)[b]
    fused = np.empty(a.size)
    for first, last in _chunks(size):
        offsets = np.concatenate(([0], np.cumsum(size[first:last])))
        cosines = np.empty(int(offsets[-1]), np.float32)
        for k in range(first, last):
            part = cosines[offsets[k - first] : offsets[k - first + 1]]
            one, other = (
                unit[starts[a[k]] : starts[a[k] + 1]],
                unit[starts[b[k]] : starts[b[k] + 1]],
            )
            np.matmul(one, other.T, out=part.reshape(len(one), len(other)))
        fused[first:last] = _fuse(cosines.astype(np.float64), offsets[:-1], betas)
    return fused


def _fuse(
    cosines: NDArray[np.float64], starts: NDArray[np.int64], betas: Sequence[float]
) -> NDArray[np.float64]:
    total = np.zeros(starts.size)
    for beta in betas:
        weight = np.exp(beta * (cosines - 1.0))  # a cosine is at most 1: never overflows
        total += np.add.reduceat(cosines * weight, starts) / np.add.reduceat(weight, starts)
    return total / len(betas)


def _positions(names: NDArray[np.generic], wanted: NDArray[np.generic]) -> NDArray[np.intp]:
    at = np.minimum(np.searchsorted(names, wanted), names.size - 1)
    unknown = names[at] != wanted
    if unknown.any():
        raise DataError(
            f"{int(unknown.sum()):,} of {wanted.size:,} template ids have no feature, "
            f"the first is {wanted[np.argmax(unknown)]}"
        )
    return at


def _chunks(size: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ranges of pairs of about ``_CHUNK`` cosines each, at least one pair."""
    number = np.cumsum(size) // _CHUNK
    edges = np.concatenate(([0], np.flatnonzero(np.diff(number)) + 1, [size.size]))
    return [(int(a), int(b)) for a, b in pairwise(edges) if a < b]
