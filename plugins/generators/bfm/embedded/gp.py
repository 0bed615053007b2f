"""Gaussian-process modes on a mirror-symmetric surface, by the Nystroem method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import eigh
from scipy.spatial.distance import cdist

from .fields import Array

_MIRROR = np.array([-1.0, 1.0, 1.0])
_BLOCK = 4096
"""Vertices at a time, so that the kernels stay in the cache."""


def modes(
    points: Array,
    scales: Sequence[tuple[float, float]],
    counts: tuple[int, int],
    rng: np.random.Generator,
    *,
    support: int = 700,
) -> tuple[Array, Array]:
    """Leading modes of a multi-scale Gaussian kernel on ``points`` (N, 3), float64 (count, N).

    ``scales`` lists (length in mm, standard deviation). The first modes are even under the mirror
    x -> -x, the second odd, as many as ``counts`` says; each kind is scaled so that the sum of its
    squares approaches the variance of that part.
    """
    chosen = points[rng.choice(len(points), min(support, len(points)), replace=False)]
    direct, mirrored = _kernels(chosen, chosen, scales)
    bases = [_basis(direct + mirrored, counts[0]), _basis(direct - mirrored, counts[1])]
    found: tuple[list[Array], list[Array]] = ([], [])
    for start in range(0, len(points), _BLOCK):
        direct, mirrored = _kernels(points[start : start + _BLOCK], chosen, scales)
        found[0].append((direct + mirrored) @ bases[0])
        found[1].append((direct - mirrored) @ bases[1])
    even, odd = (np.concatenate(parts).T for parts in found)
    return even, odd


def _basis(kernel: Array, count: int) -> Array:
    """What a row of the kernel is multiplied with to give the modes, (support, count)."""
    size = len(kernel)
    values, vectors = eigh(kernel, subset_by_index=(size - count, size - 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    # The sign of an eigenvector is arbitrary; fixed, so that every linear algebra agrees.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(count)])
    return np.asarray(vectors / np.sqrt(values))


def _kernels(a: Array, b: Array, scales: Sequence[tuple[float, float]]) -> tuple[Array, Array]:
    """Half the kernel between points, and half that with the second points mirrored."""
    found = []
    for other in (b, b * _MIRROR):
        squares = cdist(a, other, "sqeuclidean")
        out = np.zeros_like(squares)
        for length, std in scales:
            out += 0.5 * std**2 * np.exp(squares * (-0.5 / length**2))
        found.append(out)
    return found[0], found[1]
