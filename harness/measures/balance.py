"""How attributes of images are spread over a set, and how even they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.components import AttributeInfo, MeasuredValue
from harness.measures.resampling import identity_means
from harness.measures.values import missing, with_interval

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def bins(values: Floats, info: AttributeInfo) -> Labels:
    """The bin of each value (N,), from 0: its category, or its place between ``info.edges``.

    Values outside belong to the first or the last bin.
    """
    if info.kind == "category":
        return values.astype(np.int64)
    inner = np.asarray(info.edges, np.float64)[1:-1]
    return np.searchsorted(inner, values, side="right").astype(np.int64)


def bin_count(info: AttributeInfo) -> int:
    """Number of bins; 0 for an attribute that states none."""
    return len(info.categories) if info.kind == "category" else max(len(info.edges) - 1, 0)


def entropy(counts: Floats) -> Floats:
    """Shannon entropy in bits of counts (K, ...) over their first axis; NaN where all are 0."""
    shares = _shares(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares > 0, shares * np.log2(shares), np.where(shares == 0, 0.0, shares))
    return np.asarray(-terms.sum(0))


def divergence(counts: Floats, target: Floats) -> Floats:
    """Kullback-Leibler divergence in bits of counts (K, ...) from shares (K,) of a target.

    Infinite where something is counted that the target does not have.
    """
    shares = _shares(counts)
    wanted = np.asarray(target, np.float64) / np.sum(target)
    wanted = wanted.reshape(-1, *(1,) * (shares.ndim - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(shares == 0, 0.0, shares * np.log2(shares / wanted))
    return np.asarray(terms.sum(0))


def circular_std(cosines: Floats, sines: Floats) -> Floats:
    """Circular standard deviation in degrees from mean cosines and sines (Mardia 1972)."""
    length = np.clip(np.hypot(cosines, sines), 1e-300, 1.0)
    return np.asarray(np.rad2deg(np.sqrt(-2 * np.log(length))))


def spread(
    name: str, values: Floats, owners: Labels, weights: NDArray[np.uint16], *, angle: bool
) -> MeasuredValue:
    """Standard deviation over images (N,), circular for angles in degrees.

    ``owners`` (N,) are identities 0..K-1, and ``weights`` (K, B) how often each is drawn.
    """
    count = np.bincount(owners, minlength=len(weights)).astype(np.float64)

    def moments(column: Floats) -> tuple[float, Floats]:
        drawn = np.bincount(owners, column, minlength=len(weights)) @ weights
        return float(column.mean()), drawn / (count @ weights)

    if angle:
        turn = np.deg2rad(values)
        (cosine, cosines), (sine, sines) = moments(np.cos(turn)), moments(np.sin(turn))
        whole = float(circular_std(np.array(cosine), np.array(sine)))
        return with_interval(name, whole, circular_std(cosines, sines), len(values))
    shifted = values - values.mean()  # squares of small numbers lose nothing
    (mean, means), (square, squares) = moments(shifted), moments(shifted**2)
    found = np.sqrt(np.maximum(squares - means**2, 0))
    return with_interval(name, float(np.sqrt(max(square - mean**2, 0))), found, len(values))


def spread_within(
    name: str, values: Floats, owners: Labels, rng: np.random.Generator, replicates: int, *,
    angle: bool,
) -> MeasuredValue:  # fmt: skip
    """Mean over identities of the standard deviation within one; those of one image are left out.

    Circular for angles; otherwise with the number of images less one.
    """
    counts = np.bincount(owners)
    several = counts > 1
    if not several.any():
        return missing(name, "no identity has two images")
    if angle:
        turn = np.deg2rad(values)
        parts = [np.bincount(owners, f(turn))[several] / counts[several] for f in (np.cos, np.sin)]
        deviations = circular_std(*parts)
    else:
        means = np.bincount(owners, values) / np.maximum(counts, 1)
        squares = np.bincount(owners, (values - means[owners]) ** 2)
        deviations = np.sqrt(squares[several] / (counts[several] - 1))
    return identity_means({name: deviations}, rng, replicates)[0]


def balance(
    name: str, codes: Labels, size: int, owners: Labels, weights: NDArray[np.uint16],
    target: Sequence[float] | None,
) -> list[MeasuredValue]:  # fmt: skip
    """Entropy of the bins ``codes`` (N,) of 0..size-1, and divergence from ``target`` (size,)."""
    table = np.zeros((len(weights), size))
    np.add.at(table, (owners, codes), 1.0)
    whole, drawn = table.sum(0), table.T @ weights
    found = [with_interval(f"entropy@{name}", float(entropy(whole)), entropy(drawn), len(codes))]
    if target is None:
        return found
    wanted = np.asarray(target, np.float64)
    if (whole[wanted == 0] > 0).any():
        why = "the set has values that the target does not have"
        return [*found, missing(f"kl@{name}", why, len(codes))]
    value = float(divergence(whole, wanted))
    return [*found, with_interval(f"kl@{name}", value, divergence(drawn, wanted), len(codes))]


def _shares(counts: Floats) -> Floats:
    counts = np.asarray(counts, np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(counts / counts.sum(0))
