"""How like the faces of a reference set those of another are, in a space of features.

Fréchet distance: Heusel et al. 2017. Kernel distance: Bińkowski et al. 2018. Gaussian-kernel MMD:
Jayasumana et al. 2024. Precision and recall: Kynkäänniemi et al. 2019. Density and coverage: Naeem
et al. 2020. Features are float (N, D), one row per image, not normalised unless the caller did it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from harness.components import MeasuredValue
from harness.measures.values import missing

Features = NDArray[np.float32]
Kernel = Callable[[Features, Features], NDArray[np.float64]]
SIZES = 5
"""Sample sizes over which the Fréchet distance is extrapolated."""
_ROWS = 2048


# -- Fréchet distance --------------------------------------------------------------------------


def frechet(
    fake: Features, real: Features, rng: np.random.Generator, *, shrinkage: float | None = None
) -> list[MeasuredValue]:
    """``fd`` at the sizes given and ``fd_inf``, extrapolated to endless samples.

    ``fd_inf`` is the intercept of a line in 1/n through five seeded sub-samples of both sets (Chong
    & Forsyth 2020). ``shrinkage`` in [0, 1] moves each covariance to its mean variance times the
    identity; without it, sets smaller than 2 D are refused, whose covariance is not of full rank.
    """
    smallest, dimension = min(len(fake), len(real)), fake.shape[1]
    if shrinkage is None and smallest < 2 * dimension:
        why = (f"{smallest:,} images cannot show a covariance in {dimension:,} dimensions (twice "
               "as many are needed); state a shrinkage")  # fmt: skip
        return [missing("fd", why, smallest), missing("fd_inf", why, smallest)]
    value = frechet_distance(_moments(fake, shrinkage), _moments(real, shrinkage))
    least = smallest / 2 if shrinkage is not None else max(smallest / 2, 2 * dimension)
    sizes = np.linspace(max(2, least), smallest, SIZES).astype(np.int64)
    if len(np.unique(sizes)) < SIZES:
        why = f"{smallest:,} images leave no smaller sample to extrapolate from"
        return [MeasuredValue("fd", value, n=smallest), missing("fd_inf", why, smallest)]
    order = rng.permutation(len(fake)), rng.permutation(len(real))
    points = [
        frechet_distance(
            _moments(fake[order[0][:size]], shrinkage), _moments(real[order[1][:size]], shrinkage)
        )
        for size in sizes
    ]
    intercept = float(np.polyfit(1 / sizes, points, 1)[1])
    return [MeasuredValue("fd", value, n=smallest), MeasuredValue("fd_inf", intercept, n=smallest)]


Moments = tuple[NDArray[np.float64], NDArray[np.float64]]


def _moments(features: Features, shrinkage: float | None) -> Moments:
    mean = features.mean(axis=0, dtype=np.float64)
    centred = features - mean
    covariance = centred.T @ centred / (len(features) - 1)
    if shrinkage:
        dimension = len(mean)
        target = np.trace(covariance) / dimension * np.eye(dimension)
        covariance = (1 - shrinkage) * covariance + shrinkage * target
    return mean, covariance


def frechet_distance(first: Moments, second: Moments) -> float:
    """Squared Fréchet distance of two normal distributions with (mean, covariance) each.

    The trace of the root of a product of covariances is the sum of the roots of the eigenvalues of
    the symmetric A^(1/2) B A^(1/2), so no root of a matrix that is not symmetric is taken.
    """
    (mean_a, a), (mean_b, b) = first, second
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ b @ root)
    cross = np.sqrt(np.maximum(product, 0)).sum()
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * cross)


# -- kernel distances --------------------------------------------------------------------------


def kernel_distance(
    fake: Features,
    real: Features,
    rng: np.random.Generator,
    *,
    subsets: int = 100,
    size: int = 1000,
) -> MeasuredValue:
    """``kd``: unbiased MMD² with (xᵀy / D + 1)³, the mean over seeded subsets; it may be negative.

    Where a set has no more than ``size`` images all of them are one subset, without an interval.
    The interval is the 2.5 % and 97.5 % quantile of the mean under resampling of subsets.
    """
    size = min(size, len(fake), len(real))
    if size < 2:
        return missing("kd", "two images of each set are needed")
    if size == len(fake) == len(real):
        subsets = 1
    dimension = fake.shape[1]

    def kernel(a: Features, b: Features) -> NDArray[np.float64]:
        products = np.asarray(a, np.float64) @ np.asarray(b, np.float64).T
        return np.asarray((products / dimension + 1) ** 3)

    values = np.array([
        _mmd(kernel, fake[np.sort(rng.choice(len(fake), size, replace=False))],
             real[np.sort(rng.choice(len(real), size, replace=False))])
        for _ in range(subsets)
    ])  # fmt: skip
    value, n = float(values.mean()), min(len(fake), len(real))
    if subsets < 2:
        return MeasuredValue("kd", value, n=n)
    means = rng.choice(values, (1000, subsets)).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return MeasuredValue("kd", value, min(float(low), value), max(float(high), value), n)


def _mmd(kernel: Kernel, a: Features, b: Features) -> float:
    first, second, cross = kernel(a, a), kernel(b, b), kernel(a, b)
    m, n = len(a), len(b)
    within = (first.sum() - np.trace(first)) / (m * (m - 1))
    other = (second.sum() - np.trace(second)) / (n * (n - 1))
    return float(within + other - 2 * cross.mean())


def gaussian_mmd(fake: Features, real: Features, *, sigma: float = 10.0) -> MeasuredValue:
    """``cmmd``: unbiased MMD² with exp(-|x - y|² / (2 sigma²)) over all pairs, in blocks."""
    m, n = len(fake), len(real)
    if min(m, n) < 2:
        return missing("cmmd", "two images of each set are needed")

    def total(a: Features, b: Features) -> float:
        return sum(
            float(np.exp(-squares / (2 * sigma**2)).sum(dtype=np.float64))
            for _, squares in _squares(a, b)
        )

    # The diagonal of a set with itself is one by definition, not by a rounded distance.
    within = (total(fake, fake) - m) / (m * (m - 1)) + (total(real, real) - n) / (n * (n - 1))
    across = total(fake, real) / (m * n)
    if not 2e-3 < within < 2 - 2e-3:
        side = "smaller" if within < 1 else "larger"
        return missing("cmmd", f"sigma {sigma:g} is far {side} than all distances", min(m, n))
    return MeasuredValue("cmmd", within - 2 * across, n=min(m, n))


# -- neighbourhoods ----------------------------------------------------------------------------


def neighbourhoods(
    fake: Features, real: Features, *, k: int = 3, k_density: int = 5
) -> list[MeasuredValue]:
    """Precision and recall with ``k`` neighbours, density and coverage with ``k_density``.

    The radius of an image is the distance to its k-th nearest other image of its own set; on the
    edge counts as inside.
    """
    names = ("precision", "recall", "density", "coverage")
    if min(len(fake), len(real)) <= max(k, k_density):
        return [missing(name, f"more than {max(k, k_density)} images of each set are needed")
                for name in names]  # fmt: skip
    radii_real = _radii(real, (k, k_density))
    radius_fake = _radii(fake, (k,))[0]
    in_real = np.zeros(len(fake), np.bool_)
    density = np.zeros(len(fake), np.int64)
    in_fake = np.zeros(len(real), np.bool_)
    covered = np.zeros(len(real), np.bool_)
    for rows, squares in _squares(real, fake):
        in_real |= (squares <= radii_real[0][rows, None]).any(axis=0)
        inside = squares <= radii_real[1][rows, None]
        density += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        in_fake[rows] = (squares <= radius_fake[None, :]).any(axis=1)
    return [
        MeasuredValue("precision", float(in_real.mean()), n=len(fake)),
        MeasuredValue("recall", float(in_fake.mean()), n=len(real)),
        MeasuredValue("density", float(density.mean() / k_density), n=len(fake)),
        MeasuredValue("coverage", float(covered.mean()), n=len(real)),
    ]


def _squares(a: Features, b: Features) -> Iterator[tuple[slice, NDArray[np.float32]]]:
    """Squared distances of blocks of rows of ``a`` to all of ``b``; never below zero."""
    rows = max(16, min(_ROWS, (1 << 24) // max(1, len(b))))
    lengths = (b.astype(np.float64) ** 2).sum(axis=1)
    for first in range(0, len(a), rows):
        part = slice(first, min(first + rows, len(a)))
        own = (a[part].astype(np.float64) ** 2).sum(axis=1)
        squares = own[:, None] + lengths[None, :] - 2.0 * (a[part] @ b.T)
        yield part, np.maximum(squares, 0).astype(np.float32)


def _radii(features: Features, ks: tuple[int, ...]) -> list[NDArray[np.float32]]:
    """Squared distance of every row to its k-th nearest other row, for each k."""
    found = [np.empty(len(features), np.float32) for _ in ks]
    for part, squares in _squares(features, features):
        rows = np.arange(part.start, part.stop)
        squares[rows - part.start, rows] = -1  # itself comes first, whatever rounding says
        squares.partition(max(ks), axis=1)
        nearest = np.sort(squares[:, : max(ks) + 1], axis=1)
        for k, radius in zip(ks, found, strict=True):
            radius[part] = nearest[:, k]
    return found
