"""How different the images of an identity are, and the identities from each other.

Vendi score: Friedman & Dieng 2023 (TMLR), the exponential of the entropy of the eigenvalues of the
cosine kernel divided by its size.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.embedded import SortedEmbeddings
from harness.measures.resampling import identity_means
from harness.measures.values import missing, with_interval
from harness.metrics.uncertainty.bootstrap import draw_subject_weights
from harness.seeds import children

VENDI_IMAGES = 5
"""Images of an identity that its Vendi score is of, so that identities compare."""
TOP = 0.999
_BLOCK = 2048
_BINS = 1 << 16


def diversity(
    faces: SortedEmbeddings,
    rng: np.random.Generator,
    *,
    vendi_images: int = VENDI_IMAGES,
    replicates: int = 200,
) -> list[MeasuredValue]:
    """Within identities (means over those with enough images) and between their centres."""
    draws = children(rng)
    return [
        *_within(faces, draws, vendi_images, replicates),
        *_between(faces, draws("inter_cos"), replicates),
    ]


def _within(
    faces: SortedEmbeddings,
    draws: Callable[[str], np.random.Generator],
    vendi_images: int,
    replicates: int,
) -> list[MeasuredValue]:
    several = faces.counts > 1
    enough = faces.counts >= vendi_images
    found = []
    if several.any():
        counts = faces.counts[several].astype(np.float64)
        squares = (faces.sums()[several] ** 2).sum(axis=1)
        # |sum of unit vectors|^2 = n + sum over ordered pairs of their cosines
        mean_cosine = (squares - counts) / (counts * (counts - 1))
        variance = (counts - squares / counts) / (counts - 1)
        columns = {"intra_distance": 1 - mean_cosine, "intra_variance": variance}
        found += identity_means(columns, draws("intra_distance"), replicates)
    else:
        why = "no identity has two images"
        found += [missing("intra_distance", why), missing("intra_variance", why)]
    if not enough.any():
        why = f"no identity has {vendi_images} images"
        return [*found, missing("intra_vendi", why)]
    scores, rng = [], draws("images of intra_vendi")
    for identity in np.flatnonzero(enough):
        unit = faces.of(int(identity))
        scores.append(vendi(unit[np.sort(rng.choice(len(unit), vendi_images, replace=False))]))
    vendis = {"intra_vendi": np.array(scores)}
    return [*found, *identity_means(vendis, draws("intra_vendi"), replicates)]


def vendi(unit: NDArray[np.float32]) -> float:
    """Effective number of different vectors among unit rows (n, D): from 1 to n."""
    kernel = unit.astype(np.float64)
    values = np.linalg.eigvalsh(kernel @ kernel.T / len(kernel))
    values = values[values > 1e-12]  # 0 log 0 = 0, and rounding leaves values below zero
    values /= values.sum()
    return float(np.exp(-(values * np.log(values)).sum()))


def _between(
    faces: SortedEmbeddings, rng: np.random.Generator, replicates: int
) -> list[MeasuredValue]:
    names = ("inter_cos", "inter_cos_top", "effective_dim")
    if faces.identities < 3:
        return [missing(name, "fewer than three identities") for name in names]
    centres = faces.centres()
    number = len(centres)
    weights = draw_subject_weights(number, replicates, rng).astype(np.float64)
    resampled = np.array([_spread(centres, weights[:, b])[0] for b in range(replicates)])
    mean, dimension = _spread(centres, np.ones(number))
    return [
        with_interval("inter_cos", mean, resampled, number),
        _top(centres),
        # No interval: a resample holds identities twice, so its rank, and with it this, is lower.
        MeasuredValue("effective_dim", dimension, n=number)
        if np.isfinite(dimension)
        else missing("effective_dim", "all centres are equal", number),
    ]


def _spread(centres: NDArray[np.float32], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Mean cosine of two different centres, and (sum of eigenvalues)^2 / sum of their squares."""
    number = weights.sum()
    weighted = centres * weights[:, None].astype(np.float32)
    mean = weighted.sum(axis=0, dtype=np.float64) / number
    second = weighted.T.astype(np.float64) @ centres / number
    covariance = second - np.outer(mean, mean)
    pairs = number**2 - (weights**2).sum()
    squares = (weights**2 * (centres.astype(np.float64) ** 2).sum(axis=1)).sum()
    # A resample may hold one identity alone, which has no pair.
    cosine = ((mean @ mean) * number**2 - squares) / pairs if pairs > 0 else float("nan")
    trace, energy = np.trace(covariance), (covariance**2).sum()
    return float(cosine), float(trace**2 / energy) if energy > 0 else float("nan")


def _top(centres: NDArray[np.float32]) -> MeasuredValue:
    """The 99.9th percentile of the cosines of all pairs of centres, to half a bin of 3.1e-5."""
    counts = np.zeros(_BINS, np.int64)
    for first in range(0, len(centres), _BLOCK):
        for other in range(first, len(centres), _BLOCK):
            cosines = centres[first : first + _BLOCK] @ centres[other : other + _BLOCK].T
            kept = cosines[np.triu_indices(len(cosines), 1)] if first == other else cosines.ravel()
            bins = np.clip((kept + 1) * (_BINS / 2), 0, _BINS - 1).astype(np.intp)
            counts += np.bincount(bins, minlength=_BINS)
    reached = np.searchsorted(np.cumsum(counts), TOP * counts.sum())
    return MeasuredValue(
        "inter_cos_top", float((reached + 0.5) * 2 / _BINS - 1), n=int(counts.sum())
    )
