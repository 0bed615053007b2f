"""Intervals of means over images or identities, with identities resampled."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.embedded import Labels
from harness.measures.values import with_interval
from harness.metrics.uncertainty.bootstrap import draw_subject_weights

Floats = NDArray[np.float64]


def shares(
    values: Mapping[str, Floats], owners: Labels, rng: np.random.Generator, replicates: int
) -> list[MeasuredValue]:
    """Mean over images of each of ``values`` (N,), whose identities ``owners`` (N,) are resampled.

    All metrics see the same resamples. ``n`` counts images.
    """
    codes = np.unique(owners, return_inverse=True)[1]
    counts = np.bincount(codes).astype(np.float64)
    weights = draw_subject_weights(len(counts), replicates, rng)
    total = counts @ weights
    found = []
    for metric, column in values.items():
        sums = np.bincount(codes, column)
        found.append(
            with_interval(metric, float(column.mean()), (sums @ weights) / total, len(column))
        )
    return found


def identity_means(
    values: Mapping[str, Floats], rng: np.random.Generator, replicates: int
) -> list[MeasuredValue]:
    """Mean over identities of each of ``values`` (K,); ``n`` counts identities."""
    length = len(next(iter(values.values())))
    return shares(values, np.arange(length, dtype=np.int64), rng, replicates)
