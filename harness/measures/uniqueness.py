"""How many identities of a set are different people, and how many a generator could make.

Capacity after Boddeti, Sreekumar & Ross, IJCB 2023: the ratio of two spherical caps, the population
and one identity, each widened by half the angle of the threshold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.embedded import SortedEmbeddings
from harness.measures.values import at_cosine, missing

COSINE = 0.4
"""Threshold by default above which two centres count as one person."""
ORDERS = 5
_BLOCK = 1024
_ROWS = 2048


def greedy(
    centres: NDArray[np.float32], order: NDArray[np.int64], cosine: float
) -> NDArray[np.bool_]:
    """Which centres (K, D) are kept, looking at them in ``order``: bool (K,) in that order.

    One is kept unless its cosine with one kept before is above ``cosine``. The number depends on
    the order, so it is a number of this order and no property of the set.
    """
    kept = np.zeros(len(order), np.bool_)
    held = np.empty((len(order), centres.shape[1]), np.float32)
    size = 0
    for first in range(0, len(order), _BLOCK):
        block = centres[order[first : first + _BLOCK]]
        free = np.ones(len(block), np.bool_)
        for start in range(0, size, _ROWS):
            free &= (block @ held[start : min(start + _ROWS, size)].T).max(axis=1) <= cosine
        among = block @ block.T > cosine
        for row in np.flatnonzero(free):
            if free[row]:
                free[row + 1 :] &= ~among[row, row + 1 :]
        chosen = np.flatnonzero(free)
        held[size : size + len(chosen)] = block[chosen]
        size += len(chosen)
        kept[first + chosen] = True
    return kept


def unique(faces: SortedEmbeddings, *, cosine: float = COSINE) -> MeasuredValue:
    """Identities kept in the order of their labels; ``n`` counts all identities."""
    order = np.arange(faces.identities, dtype=np.int64)
    kept = greedy(faces.centres(), order, cosine)
    return MeasuredValue(at_cosine("unique", cosine), float(kept.sum()), n=faces.identities)


@dataclass(frozen=True)
class UniqueCurve:
    """Mean, lowest and highest number kept after this many ``identities``, over seeded orders."""

    identities: tuple[int, ...]
    mean: tuple[float, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]


def unique_curve(
    faces: SortedEmbeddings,
    rng: np.random.Generator,
    *,
    cosine: float = COSINE,
    orders: int = ORDERS,
    points: int = 20,
) -> UniqueCurve:
    """Uniqueness over set size, in ``orders`` orders by chance: how fast new people run out."""
    centres = faces.centres()
    at = np.unique(np.linspace(1, len(centres), points).astype(np.int64))
    runs = np.array([
        np.cumsum(greedy(centres, rng.permutation(len(centres)), cosine))[at - 1]
        for _ in range(orders)
    ])  # fmt: skip
    return UniqueCurve(
        tuple(at.tolist()),
        tuple(runs.mean(axis=0).tolist()),
        tuple(runs.min(axis=0).tolist()),
        tuple(runs.max(axis=0).tolist()),
    )


def capacity(faces: SortedEmbeddings, thresholds: Sequence[float]) -> list[MeasuredValue]:
    """Upper bound of the number of identities that fit, at cosine thresholds.

    θ_pop = half the arc of the 5 % quantile over images of each image's lowest cosine to any other;
    θ_id = half the median over identities of the arc of the lowest cosine within one;
    δ = half the arc of the threshold. The reference code adds one half to the cap's whole integral
    above a right angle, where the share of the sphere is one minus the smaller cap; this is the
    latter.
    """
    names = [at_cosine("capacity", value) for value in thresholds]
    within = [float((unit @ unit.T).min()) for k in np.flatnonzero(faces.counts > 1)
              if len(unit := faces.of(int(k)))]  # fmt: skip
    if faces.identities < 2 or not within:
        return [missing(name, "identities with two images are needed") for name in names]
    population = _arc(float(np.quantile(lowest_cosines(faces.unit), 0.05))) / 2
    identity = float(np.median([_arc(value) for value in within])) / 2
    dimension = faces.unit.shape[1]
    found = []
    for name, threshold in zip(names, thresholds, strict=True):
        delta = _arc(threshold) / 2
        ratio = cap_share(population + delta, dimension) / cap_share(identity + delta, dimension)
        found.append(MeasuredValue(name, max(1.0, ratio), n=faces.identities))
    return found


def cap_share(angle: float, dimension: int) -> float:
    """Share of the sphere in ``dimension`` dimensions within ``angle`` (radians) of a direction."""
    from scipy.special import betainc

    half = float(betainc((dimension - 1) / 2, 0.5, math.sin(min(angle, math.pi)) ** 2)) / 2
    return half if angle <= math.pi / 2 else 1 - half


def lowest_cosines(unit: NDArray[np.float32]) -> NDArray[np.float32]:
    """The lowest cosine of every row (N, D) to any other row, float32 (N,), block by block."""
    lowest = np.ones(len(unit), np.float32)
    for first in range(0, len(unit), _ROWS):
        for other in range(first, len(unit), _ROWS):
            rows, columns = slice(first, first + _ROWS), slice(other, other + _ROWS)
            cosines = unit[rows] @ unit[columns].T
            np.minimum(lowest[rows], cosines.min(axis=1), out=lowest[rows])
            np.minimum(lowest[columns], cosines.min(axis=0), out=lowest[columns])
    return lowest


def _arc(cosine: float) -> float:
    return math.acos(min(1.0, max(-1.0, cosine)))
