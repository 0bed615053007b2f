"""Error versus discard against a loop over thresholds of quality."""

from __future__ import annotations

import numpy as np
import pytest

from harness.errors import UsageError
from harness.metrics.discard import area_difference, discard_curve, pair_quality


def brute(wrong, quality, share):
    """Discard whole levels of quality, the lowest first, while no more than ``share`` goes."""
    kept = np.ones(len(wrong), bool)
    for level in sorted(set(quality)):
        fewer = kept & (quality > level)
        if not fewer.any() or 1 - fewer.mean() > share + 1e-12:
            break
        kept = fewer
    return wrong[kept].mean()


@pytest.mark.parametrize("levels", [3, 20, 10_000])
def test_a_curve_is_that_of_a_loop(levels):
    rng = np.random.default_rng(levels)
    wrong, quality = rng.random(200) < 0.2, rng.integers(0, levels, 200).astype(float)
    curve = discard_curve(wrong, quality)
    shares = np.linspace(0, 0.97, 50)
    assert curve.at(shares) == pytest.approx([brute(wrong, quality, s) for s in shares])
    assert curve.at(0) == pytest.approx(wrong.mean())
    fine = (np.arange(40_000) + 0.5) / 40_000 * 0.3
    assert curve.partial_area(0.3) == pytest.approx(curve.at(fine).mean(), abs=2e-4)


def test_a_perfect_quality_is_a_ramp_and_a_constant_one_is_flat():
    wrong = np.arange(100) < 10
    perfect = discard_curve(wrong, np.arange(100))
    assert perfect.at([0.05, 0.1]) == pytest.approx([5 / 95, 0])
    flat = discard_curve(wrong, np.zeros(100))
    assert flat.partial_area(0.2) == pytest.approx(0.1)
    assert perfect.partial_area(0.2) < flat.partial_area(0.2)


def test_order_never_counts_and_weights_are_repetitions():
    rng = np.random.default_rng(1)
    wrong, quality = rng.random(60) < 0.3, rng.integers(0, 9, 60)
    weights, order = rng.integers(0, 4, 60), rng.permutation(60)
    curve, shuffled = discard_curve(wrong, quality), discard_curve(wrong[order], quality[order])
    assert shuffled.error.tolist() == curve.error.tolist()
    repeated = discard_curve(np.repeat(wrong, weights), np.repeat(quality, weights))
    weighted = discard_curve(wrong, quality, weights)
    shares = np.linspace(0, 0.95, 20)
    assert weighted.at(shares + 1e-9) == pytest.approx(repeated.at(shares + 1e-9))


def test_an_image_without_quality_goes_first():
    assert pair_quality([1, np.nan, 3], [2, 5, -1]).tolist() == [1, -np.inf, -1]


def test_a_better_quality_has_a_smaller_area_beyond_doubt():
    rng = np.random.default_rng(2)
    wrong, owners = rng.random(400) < 0.2, np.arange(400) // 4
    good, noise = 1.0 - wrong + rng.normal(0, 0.3, 400), rng.normal(size=400)
    value, low, high = area_difference(wrong, good, noise, owners, 0.3, rng, 200)
    assert low <= value <= high < 0
    same = area_difference(wrong, noise, noise, owners, 0.3, rng, 50)
    assert same == (0, 0, 0)


def test_nothing_to_discard_and_shares_beyond_all_are_refused():
    with pytest.raises(UsageError, match="nothing can be discarded"):
        discard_curve([], [])
    for limit in (0, -1, 1.5, np.nan):
        with pytest.raises(UsageError, match="discarded share"):
            discard_curve([True], [1]).partial_area(limit)
