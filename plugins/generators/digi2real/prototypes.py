"""One prototype per identity, and embeddings between it and the samples it was made of.

George and Marcel 2024, section 3: x_k are unit embeddings of the source images of an identity and

    mu = (sum_k x_k) / |sum_k x_k|,    angle = arccos(mu . x_k)
    slerp(mu, x_k; t) = sin((1 - t) angle) / sin(angle) mu + sin(t angle) / sin(angle) x_k

with t ~ Beta(a, b); t = 0 gives the prototype and t = 1 the sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from harness.plugin import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LEAST_SUM = 1e-3
"""A shorter sum of unit embeddings points nowhere in particular."""
STRAIGHT = 1e-4
"""Below this angle (radians) the arc is its chord: the error is under 1e-9."""
OPPOSITE = np.pi - 1e-3
"""Above this angle (radians) no great circle is the shortest."""


def unit(vectors: NDArray[Any]) -> NDArray[np.float64]:
    """Rows of length one, float64; raises DataError for a row that is zero or not finite."""
    rows = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        raise DataError("an embedding is zero or not finite")
    return np.asarray(rows / lengths)


def prototype(samples: NDArray[Any]) -> Floats:
    """The unit mean of embeddings (n, d), float32 (d,).

    Raises DataError when there is none: no sample, one that is zero or not finite, or samples that
    cancel (sum shorter than ``LEAST_SUM``).
    """
    if len(samples) == 0:
        raise DataError("the identity has no image")
    total = unit(samples).sum(axis=0)
    length = np.linalg.norm(total)
    if length < LEAST_SUM:
        raise DataError("the embeddings of the identity cancel")
    return np.asarray(total / length, np.float32)


def angle(first: NDArray[Any], second: NDArray[Any]) -> float:
    """The angle between two unit vectors in radians; their product is clamped to [-1, 1]."""
    product = float(np.asarray(first, np.float64) @ np.asarray(second, np.float64))
    return float(np.arccos(np.clip(product, -1.0, 1.0)))


def directions(mean: NDArray[Any], samples: NDArray[Any]) -> list[int]:
    """The samples towards which an arc from ``mean`` is defined: not opposite to it."""
    return [k for k, sample in enumerate(samples) if angle(mean, sample) <= OPPOSITE]


def slerp(mean: NDArray[Any], sample: NDArray[Any], t: float) -> Floats:
    """The point at ``t`` of the arc from ``mean`` to ``sample``, unit float32 (d,).

    Both must be unit vectors. Computed in float64; nearly equal vectors are joined by the chord.
    Raises DataError when they are opposite, because then every direction is as good.
    """
    start, end = np.asarray(mean, np.float64), np.asarray(sample, np.float64)
    omega = angle(start, end)
    if omega > OPPOSITE:
        raise DataError("a sample is opposite to its prototype")
    if omega < STRAIGHT:
        point = (1 - t) * start + t * end
    else:
        point = (np.sin((1 - t) * omega) * start + np.sin(t * omega) * end) / np.sin(omega)
    return np.asarray(point / np.linalg.norm(point), np.float32)


def draw_t(rng: np.random.Generator, a: float, b: float) -> float:
    """A draw t ~ Beta(a, b); a = b = 1 is uniform on [0, 1]."""
    return float(rng.beta(a, b))
