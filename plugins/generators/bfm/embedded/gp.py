"""Gaussian-process modes on a mirror-symmetric surface, by the Nystroem method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

from .fields import Array

_MIRROR = np.array([-1.0, 1.0, 1.0])


def modes(
    points: Array,
    scales: Sequence[tuple[float, float]],
    count: int,
    rng: np.random.Generator,
    *,
    odd: bool = False,
    support: int = 700,
) -> Array:
    """Leading modes of a multi-scale Gaussian kernel on ``points`` (N, 3), float64 (count, N).

    ``scales`` lists (length in mm, standard deviation). Modes are even under the mirror x -> -x,
    or odd, and scaled so that the sum of their squares approaches the variance.
    """
    chosen = points[rng.choice(len(points), min(support, len(points)), replace=False)]
    values, vectors = eigh(
        _kernel(chosen, chosen, scales, odd=odd),
        subset_by_index=(len(chosen) - count, len(chosen) - 1),
    )
    values, vectors = values[::-1], vectors[:, ::-1]
    # The sign of an eigenvector is arbitrary; fixed, so that every linear algebra agrees.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(count)])
    out: Array = (_kernel(points, chosen, scales, odd=odd) @ (vectors / np.sqrt(values))).T
    return out


def _kernel(a: Array, b: Array, scales: Sequence[tuple[float, float]], *, odd: bool) -> Array:
    direct, mirrored = cdist(a, b, "sqeuclidean"), cdist(a, b * _MIRROR, "sqeuclidean")
    sign = -1.0 if odd else 1.0
    out = np.zeros_like(direct)
    for length, std in scales:
        factor = -0.5 / length**2
        out += 0.5 * std**2 * (np.exp(factor * direct) + sign * np.exp(factor * mirrored))
    return out
