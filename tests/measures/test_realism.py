"""Against scipy's matrix root, sums over pairs, and distributions whose distances are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm

from harness.measures.realism import (
    frechet,
    frechet_distance,
    gaussian_mmd,
    kernel_distance,
    neighbourhoods,
)

Features = NDArray[np.float32]


def normal(n: int, dim: int, shift: float = 0.0, scale: float = 1.0, seed: int = 0) -> Features:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(n, dim)) * scale + shift).astype(np.float32)


def test_frechet_distance_by_the_root_of_the_product() -> None:
    rng = np.random.default_rng(0)
    a, b = (m @ m.T for m in rng.normal(size=(2, 6, 6)))
    mean_a, mean_b = rng.normal(size=(2, 6))
    expected = ((mean_a - mean_b) ** 2).sum() + np.trace(a + b - 2 * np.real(sqrtm(a @ b)))
    assert frechet_distance((mean_a, a), (mean_b, b)) == pytest.approx(expected, rel=1e-9)


def test_two_normals_with_a_known_distance() -> None:
    # N(0, I) against N(1, 4 I) in 8 dimensions: 8 * 1 + 8 * (2 - 1)^2 = 16
    found = {row.metric: row.value for row in frechet(
        normal(8000, 8), normal(8000, 8, 1.0, 2.0, seed=1), np.random.default_rng(0))}  # fmt: skip
    assert found["fd"] == pytest.approx(16, rel=0.03)
    assert found["fd_inf"] == pytest.approx(16, rel=0.05)


def test_extrapolation_takes_the_bias_of_small_samples_away() -> None:
    found = [
        {row.metric: row.value for row in frechet(
            normal(400, 16, seed=2 * k), normal(400, 16, seed=2 * k + 1), np.random.default_rng(k))}
        for k in range(10)
    ]  # fmt: skip
    plain = np.mean([row["fd"] for row in found])
    assert abs(np.mean([row["fd_inf"] for row in found])) < plain / 2


def test_few_images_need_a_shrinkage() -> None:
    few = normal(20, 16), normal(20, 16, seed=1)
    refused = frechet(*few, np.random.default_rng(0))
    assert all(row.value is None and "shrinkage" in row.why for row in refused)
    assert frechet(*few, np.random.default_rng(0), shrinkage=0.5)[0].value is not None
    round_ = frechet(*few, np.random.default_rng(0), shrinkage=1.0)[0].value
    va, vb = (np.trace(np.cov(f.T)) / 16 for f in few)
    means = ((few[0].mean(0) - few[1].mean(0)) ** 2).sum()
    assert round_ == pytest.approx(means + 16 * (np.sqrt(va) - np.sqrt(vb)) ** 2, rel=1e-4)


def test_kernel_distance_is_the_unbiased_sum() -> None:
    a, b = normal(30, 5), normal(30, 5, 0.5, seed=1)
    k = lambda x, y: (float(np.float64(x) @ np.float64(y)) / 5 + 1) ** 3  # noqa: E731
    expected = sum(
        k(a[i], a[j]) + k(b[i], b[j]) for i in range(30) for j in range(30) if i != j
    ) / (30 * 29)
    expected -= 2 * sum(k(x, y) for x in a for y in b) / 900
    found = kernel_distance(a, b, np.random.default_rng(0))
    assert found.value == pytest.approx(expected, rel=1e-6)
    assert found.low is None


def test_kernel_distance_of_equals_is_about_zero_and_grows() -> None:
    rng = np.random.default_rng(0)
    same = kernel_distance(normal(900, 6), normal(900, 6, seed=1), rng, size=200, subsets=50)
    far = kernel_distance(normal(900, 6), normal(900, 6, 0.7, seed=1), rng, size=200, subsets=50)
    assert same.value is not None
    assert far.value is not None
    assert far.low is not None
    assert abs(same.value) < 0.05 < far.low


def test_gaussian_mmd_is_the_unbiased_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.measures.realism._ROWS", 16)
    a, b = normal(40, 4), normal(25, 4, 0.4, seed=1)
    k = lambda x, y: np.exp(-((x - y) ** 2).sum() / (2 * 1.5**2))  # noqa: E731
    within = sum(k(a[i], a[j]) for i in range(40) for j in range(40) if i != j) / (40 * 39)
    within += sum(k(b[i], b[j]) for i in range(25) for j in range(25) if i != j) / (25 * 24)
    expected = within - 2 * np.mean([[k(x, y) for y in b] for x in a])
    assert gaussian_mmd(a, b, sigma=1.5).value == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0])
def test_neighbourhoods_one_by_one(shift: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.measures.realism._ROWS", 16)
    fake, real = normal(45, 3, shift), normal(60, 3, seed=1)

    def radius(points: Features, i: int, k: int) -> float:
        return float(np.sort(np.linalg.norm(points - points[i], axis=1))[k])

    apart = np.linalg.norm(real[:, None] - fake[None], axis=2)
    real3, real5 = ([radius(real, i, k) for i in range(60)] for k in (3, 5))
    fake3 = [radius(fake, j, 3) for j in range(45)]
    found = {row.metric: row.value for row in neighbourhoods(fake, real)}
    assert found["precision"] == np.mean([(apart[:, j] <= real3).any() for j in range(45)])
    assert found["recall"] == np.mean([(apart[i] <= fake3).any() for i in range(60)])
    assert found["density"] == pytest.approx((apart <= np.array(real5)[:, None]).sum() / (5 * 45))
    assert found["coverage"] == np.mean([(apart[i] <= real5[i]).any() for i in range(60)])


def test_a_set_against_itself_is_covered() -> None:
    same = normal(50, 4)
    found = {row.metric: row.value for row in neighbourhoods(same, same.copy())}
    assert found["precision"] == found["recall"] == found["coverage"] == 1.0


def test_too_few_images_say_so() -> None:
    assert all(row.value is None for row in neighbourhoods(normal(5, 3), normal(50, 3)))
    assert kernel_distance(normal(1, 3), normal(5, 3), np.random.default_rng(0)).value is None
    assert gaussian_mmd(normal(1, 3), normal(5, 3)).value is None
