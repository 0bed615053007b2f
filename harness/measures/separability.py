"""How well a network tells the identities of a set apart.

EER by the rule of FVC2000 (Maio et al. 2002), FMR100 and FMR1000 (the lowest FNMR at an FMR of at
most 1 % and 0.1 %), area under the ROC curve, d', and the overlap of the two densities.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.embedded import SortedEmbeddings
from harness.measures.pair_counts import BINS, count_pairs, resample
from harness.measures.values import missing, with_interval
from harness.seeds import children

OVERLAP_BINS = 256
"""Bins of the two densities whose overlap is taken, of width 2**-7."""
Floats = NDArray[np.float64]
METRICS: dict[str, Callable[[Floats, Floats], Floats]]


def separability(
    faces: SortedEmbeddings, rng: np.random.Generator, *, cap: int = 50, replicates: int = 200
) -> list[MeasuredValue]:
    """Measure all genuine pairs up to ``cap`` an identity against all impostor pairs.

    Intervals resample identities (in at most 64 groups) two-way. ``n`` counts genuine pairs where a
    metric needs only those, else identities.
    """
    if faces.identities < 2:
        return [missing(name, "one identity has no impostor pairs") for name in METRICS]
    if faces.counts.max() < 2:
        return [missing(name, "no identity has two images") for name in METRICS]
    draws = children(rng)
    counts = count_pairs(faces, draws("pairs"), cap=cap)
    drawn = resample(counts, replicates, draws("resamples"))
    genuine, impostor = (row[None].astype(np.float64) for row in (counts.genuine, counts.impostor))
    found = []
    for name, measure in METRICS.items():
        least = _LEAST.get(name, 1)
        if counts.impostor.sum() < least:
            found.append(missing(name, f"{counts.impostor.sum():,} impostor pairs; "
                                       f"{least:,} are needed", faces.identities))  # fmt: skip
            continue
        least = _LEAST_GENUINE.get(name, 1)
        if counts.genuine.sum() < least:
            found.append(missing(name, f"{counts.genuine.sum():,} genuine pairs; "
                                       f"{least:,} are needed", faces.identities))  # fmt: skip
            continue
        value = float(measure(genuine, impostor)[0])
        with np.errstate(invalid="ignore", divide="ignore"):
            around = measure(drawn.genuine, drawn.impostor)
        found.append(
            MeasuredValue(name, value, n=faces.identities)
            if name in _BIASED and math.isfinite(value)
            else with_interval(name, value, around, faces.identities)
        )
    return found


def _rates(genuine: Floats, impostor: Floats) -> tuple[Floats, Floats]:
    """FMR and FNMR (B, K + 1) at the lower edge of every bin, the last accepting nothing."""
    zero = np.zeros((len(genuine), 1))
    below = np.concatenate([zero, np.cumsum(genuine, axis=1)], axis=1)
    false = np.concatenate([zero, np.cumsum(impostor, axis=1)], axis=1)
    return 1 - false / false[:, -1:], below / below[:, -1:]


def eer(genuine: Floats, impostor: Floats) -> Floats:
    """Half the smaller sum of the two rates at the thresholds between which they cross."""
    fmr, fnmr = _rates(genuine, impostor)
    crossed = np.argmax(fmr <= fnmr, axis=1)
    sums = fmr + fnmr
    rows = np.arange(len(fmr))
    before = np.maximum(crossed - 1, 0)
    return np.asarray(np.minimum(sums[rows, crossed], sums[rows, before]) / 2)


def fnmr_at(rate: float) -> Callable[[Floats, Floats], Floats]:
    """The lowest FNMR at an FMR of at most ``rate``."""

    def measure(genuine: Floats, impostor: Floats) -> Floats:
        fmr, fnmr = _rates(genuine, impostor)
        # Rates are ratios of counts: a quotient that equals the rate may be rounded above it.
        first = np.argmax(fmr <= rate * (1 + 1e-12), axis=1)
        return np.asarray(fnmr[np.arange(len(fmr)), first])

    return measure


def area(genuine: Floats, impostor: Floats) -> Floats:
    """P(genuine > impostor) + P(equal) / 2, cosines of one bin being equal."""
    false = np.cumsum(impostor, axis=1)
    below = false - impostor / 2
    return np.asarray((genuine * below).sum(axis=1) / (genuine.sum(axis=1) * false[:, -1]))


def mean(which: int) -> Callable[[Floats, Floats], Floats]:
    """Mean cosine of genuine (0) or impostor (1) pairs, by the middle of the bins."""

    def measure(*counts: Floats) -> Floats:
        return _moments(counts[which])[0]

    return measure


def deviation(which: int) -> Callable[[Floats, Floats], Floats]:
    """Standard deviation of genuine (0) or impostor (1) cosines."""

    def measure(*counts: Floats) -> Floats:
        return np.sqrt(_moments(counts[which])[1])

    return measure


def _moments(counts: Floats) -> tuple[Floats, Floats]:
    middles = (np.arange(counts.shape[1]) + 0.5) * (2 / counts.shape[1]) - 1
    total = counts.sum(axis=1)
    first = counts @ middles / total
    return first, np.maximum(counts @ middles**2 / total - first**2, 0)


def d_prime(genuine: Floats, impostor: Floats) -> Floats:
    """Genuine less impostor mean over the root of the mean of the two variances.

    It has a sign: a network to which other people are more similar gets a negative value.
    """
    (a, va), (b, vb) = _moments(genuine), _moments(impostor)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (a - b) / np.sqrt((va + vb) / 2)


def overlap(genuine: Floats, impostor: Floats) -> Floats:
    """Integral of the smaller of the two densities over 256 fixed bins; 1 means equal."""
    a, b = (
        counts.reshape(len(counts), OVERLAP_BINS, -1).sum(axis=2) / counts.sum(axis=1)[:, None]
        for counts in (genuine, impostor)
    )
    return np.asarray(np.minimum(a, b).sum(axis=1))


METRICS = {
    "eer": eer,
    "fmr100": fnmr_at(0.01),
    "fmr1000": fnmr_at(0.001),
    "auc": area,
    "d_prime": d_prime,
    "genuine_mean": mean(0),
    "genuine_std": deviation(0),
    "impostor_mean": mean(1),
    "impostor_std": deviation(1),
    "overlap": overlap,
}
_LEAST = {"fmr100": 100, "fmr1000": 1000}
_LEAST_GENUINE = {"overlap": 1000}
"""A histogram of few pairs has empty bins, in which it overlaps nothing: the value is too low."""
_BIASED = frozenset({"overlap"})
"""Resampled values have that bias again, so that their percentiles are no interval."""
assert BINS % OVERLAP_BINS == 0
